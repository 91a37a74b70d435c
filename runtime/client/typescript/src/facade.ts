import type { Answer, Request, RequestEvent, RequestOptions, SilentEvent } from "./requests.js";
import type { Meta, ServerToClientEvents, SessionReady } from "./wire.js";

/** What the server sends with a push. */
export type Push<E extends keyof ServerToClientEvents> = Parameters<ServerToClientEvents[E]>[0];

/** What the facades are built on. */
export interface Core {
  /** The user, once a session is there. */
  readonly userId: string | undefined;
  request<E extends RequestEvent>(event: E, request: Request<E>, options?: RequestOptions): Promise<Answer<E>>;
  tell<E extends SilentEvent>(event: E, request: Request<E>): void;
  /** Hears pushes in the order of their streams, before the application does. */
  hear<E extends keyof ServerToClientEvents>(event: E, listener: (push: Push<E>) => void): void;
  /** Hears answers at their place among the pushes, whoever asked. */
  answered<E extends RequestEvent>(event: E, listener: (data: Answer<E>, request: Request<E>, meta?: Meta) => void): void;
  /** Hears that a session began; fresh says that nothing of the user is known yet. */
  ready(listener: (session: SessionReady, fresh: boolean) => void): void;
  /** Hears that the past of a stream is gone, or with refused that it is not for this user any more. */
  lost(listener: (stream: string, refused: boolean) => void): void;
  /**
   * Begins a stream at an answer. It is false when the stream is known and already beyond
   * that, as after an answer that was repeated: then the state in it is an old one.
   */
  follow(meta: Meta | undefined): boolean;
  forget(stream: string): void;
}

/** Runs a request that nobody waits for; the next session does it again when it fails. */
export function background(work: Promise<unknown>): void {
  work.catch(() => {});
}
