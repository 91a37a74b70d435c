import { after, backoff, sleep } from "./clock.js";
import { AnteroomError } from "./errors.js";
import { newKey } from "./key.js";
import { KEYED, type Ack, type ClientToServerEvents } from "./wire.js";

/** The events that are acknowledged. */
export type RequestEvent = {
  [E in keyof ClientToServerEvents]: Parameters<ClientToServerEvents[E]> extends [unknown, unknown] ? E : never;
}[keyof ClientToServerEvents];

/** The events that are sent without an answer. */
export type SilentEvent = Exclude<keyof ClientToServerEvents, RequestEvent>;

/** What is sent with an event. */
export type Request<E extends keyof ClientToServerEvents> = Parameters<ClientToServerEvents[E]>[0];

/** What acknowledges an event. */
export type Answer<E extends RequestEvent> =
  Parameters<ClientToServerEvents[E]> extends [unknown, (answer: Ack<infer Data>) => void] ? Data : never;

export interface RequestOptions {
  /** Milliseconds until the request has failed, with all its tries; the client's timeoutMs when left out. */
  timeoutMs?: number;
  /** How often it is sent at most; the client's attempts when left out. */
  attempts?: number;
}

/** The connection, as requests see it. */
export interface Wire {
  /** Resolves once a session is there; rejects when there will be none. */
  session(): Promise<unknown>;
  /** How many milliseconds the next request has to wait for its turn. */
  turn(): number;
  emit(event: string, request: unknown, ack: (answer: Ack<unknown>) => void): void;
  /** Takes an answer, at its place among the pushes. */
  answered(event: string, request: unknown, answer: Extract<Ack<unknown>, { ok: true }>): void;
}

/** How long one try waits for its answer, in milliseconds. */
const PATIENCE_MS = 10_000;

const noAnswer = (event: string) =>
  new AnteroomError({ code: "timeout", message: `${event} was not answered in time`, retryable: true });

/**
 * Sends requests until they are answered, within bounds. Mutations get an idempotency
 * key, so that sending them again is safe; all others change nothing that matters twice.
 */
export class Requests {
  readonly #wire: Wire;
  readonly #defaults: Required<RequestOptions>;
  readonly #pending = new Set<(error: AnteroomError) => void>();

  constructor(wire: Wire, defaults: Required<RequestOptions>) {
    this.#wire = wire;
    this.#defaults = defaults;
  }

  async request(event: string, request: object, options: RequestOptions = {}): Promise<unknown> {
    const { timeoutMs, attempts } = { ...this.#defaults, ...options };
    const body = KEYED.has(event) ? { key: newKey(), ...request } : request;
    const deadline = Date.now() + timeoutMs;
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#attempt(event, body, deadline).catch(refusal);
      if (answer.ok) return answer.data;
      const error = answer.error instanceof AnteroomError ? answer.error : new AnteroomError(answer.error);
      const pause = error.retryAfterMs ?? backoff(attempt);
      if (!error.retryable || attempt >= attempts || Date.now() + pause >= deadline) throw error;
      await sleep(pause);
    }
  }

  /** Ends the tries that wait for an answer of a connection that is over. */
  cut(error: AnteroomError): void {
    const pending = [...this.#pending];
    this.#pending.clear();
    for (const fail of pending) fail(error);
  }

  async #attempt(event: string, request: object, deadline: number): Promise<Ack<unknown>> {
    await this.#session(event, deadline);
    const turn = this.#wire.turn();
    if (turn > 0) {
      await bounded(event, deadline - Date.now(), (done) => void after(turn, () => done(undefined)));
      await this.#session(event, deadline); // it may have ended meanwhile
    }
    return bounded<Ack<unknown>>(event, Math.min(PATIENCE_MS, deadline - Date.now()), (done, fail) => {
      this.#pending.add(fail);
      this.#wire.emit(event, request, (answer) => {
        this.#pending.delete(fail);
        if (answer.ok) this.#wire.answered(event, request, answer);
        done(answer);
      });
    });
  }

  #session(event: string, deadline: number): Promise<unknown> {
    return bounded(event, deadline - Date.now(), (done, fail) => void this.#wire.session().then(done, fail));
  }
}

/** Fails with "timeout" when it is not done in time. */
function bounded<T>(
  event: string,
  ms: number,
  begin: (done: (value: T) => void, fail: (error: unknown) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = after(Math.max(0, ms), () => reject(noAnswer(event)));
    const done = (value: T) => {
      cancel();
      resolve(value);
    };
    begin(done, (error) => {
      cancel();
      reject(error);
    });
  });
}

function refusal(error: unknown): { ok: false; error: AnteroomError; data?: never } {
  if (error instanceof AnteroomError) return { ok: false, error };
  throw error;
}
