import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import type { Player } from "./player";

// useValue returns the current value of an observable.
export function useValue<T>(of: { readonly value: T; subscribe(listener: (value: T) => void): () => unknown }): T {
  const [value, set] = useState(() => of.value);
  useEffect(() => {
    const end = of.subscribe((next) => set(() => next));
    return () => void end();
  }, [of]);
  return value;
}

// Act runs an action of the user and shows its result in words.
export type Act = (work: () => Promise<unknown>, done?: string) => Promise<void>;

export interface Seat {
  player: Player;
  act: Act;
  // others are the users that fields for a user propose.
  others: string[];
  // lobbyTypes are the lobby types that have a policy.
  lobbyTypes: string[];
}

export const SeatContext = createContext<Seat | undefined>(undefined);

export function useSeat(): Seat {
  const seat = useContext(SeatContext);
  if (!seat) throw new Error("no seat in the context");
  return seat;
}
