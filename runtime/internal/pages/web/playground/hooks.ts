import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import type { Player } from "./player";

// useValue is the value of an observable, whenever it changes.
export function useValue<T>(of: { readonly value: T; subscribe(listener: (value: T) => void): () => unknown }): T {
  const [value, set] = useState(() => of.value);
  useEffect(() => {
    const end = of.subscribe((next) => set(() => next));
    return () => void end();
  }, [of]);
  return value;
}

// Act runs what a user asked for, and shows in words what came of it.
export type Act = (work: () => Promise<unknown>, done?: string) => Promise<void>;

export interface Seat {
  player: Player;
  act: Act;
  // others are the users to propose where one is to be named.
  others: string[];
  // lobbyTypes are those that have a policy.
  lobbyTypes: string[];
}

export const SeatContext = createContext<Seat | undefined>(undefined);

export function useSeat(): Seat {
  const seat = useContext(SeatContext);
  if (!seat) throw new Error("there is no seat here");
  return seat;
}
