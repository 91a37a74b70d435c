import type { Answer, Request, RequestEvent, RequestOptions, SilentEvent } from "./requests.js";
import type { Meta, ServerToClientEvents, SessionReady } from "./wire.js";

/** The payload of a push. */
export type Push<E extends keyof ServerToClientEvents> = Parameters<ServerToClientEvents[E]>[0];

/** The client's interface for the facades. */
export interface Core {
  /** The user's id; undefined before the first session. */
  readonly userId: string | undefined;
  request<E extends RequestEvent>(event: E, request: Request<E>, options?: RequestOptions): Promise<Answer<E>>;
  emitSilent<E extends SilentEvent>(event: E, request: Request<E>): void;
  /**
   * Calls the listener for each push in the order of its stream, before the application's
   * listeners.
   */
  onPush<E extends keyof ServerToClientEvents>(event: E, listener: (push: Push<E>) => void): void;
  /**
   * Calls the listener for each answer in its order among the pushes, whichever code sent
   * the request.
   */
  answered<E extends RequestEvent>(event: E, listener: (data: Answer<E>, request: Request<E>, meta?: Meta) => void): void;
  /** Calls the listener when a session begins; fresh says that nothing of the user is known yet. */
  ready(listener: (session: SessionReady, fresh: boolean) => void): void;
  /**
   * Calls the listener when a stream's past is lost or, with refused, when the user lost
   * access to the stream.
   */
  lost(listener: (stream: string, refused: boolean) => void): void;
  /**
   * Begins to follow a stream at the position of an answer. It returns false when the
   * stream is already followed beyond that position, as after a repeated answer: the
   * answer's state is outdated then.
   */
  follow(meta: Meta | undefined): boolean;
  forget(stream: string): void;
}

/** Runs a request whose result is not awaited; the next session repeats it when it fails. */
export function background(work: Promise<unknown>): void {
  work.catch(() => {});
}
