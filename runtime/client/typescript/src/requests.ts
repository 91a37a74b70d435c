import { after, backoff } from "./clock.js";
import { AnteroomError } from "./errors.js";
import { newKey } from "./key.js";
import { laneOf } from "./lanes.js";
import { MAX_QUEUED, Queues } from "./queue.js";
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
  /** Milliseconds until the request has failed, with all its tries and waits; the client's timeoutMs when left out. */
  timeoutMs?: number;
  /** How often it is sent at most, without the waits that the server asks for; the client's attempts when left out. */
  attempts?: number;
  /** Called before each try, with its number from 1. */
  onAttempt?: (attempt: number) => void;
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
/** How many requests wait at a time, over all queues. */
const MAX_WAITING = 2_048;

type Answered = Extract<Ack<unknown>, { ok: true }>;

/** A request on its way, over all of its tries. */
interface Job {
  readonly event: string;
  readonly body: object;
  /** In milliseconds since the epoch. */
  readonly deadline: number;
  readonly attempts: number;
  readonly onAttempt: (attempt: number) => void;
  tries: number;
  /** The first answer that was no refusal, to whichever try it belongs. */
  answer?: Answered;
}

/**
 * Sends requests until they are answered, within bounds. Mutations get an idempotency
 * key, so that sending them again is safe; all others change nothing that matters twice.
 * Mutations of one target go one after the other, in the order of the calls.
 */
export class Requests {
  readonly #wire: Wire;
  readonly #defaults: Required<Pick<RequestOptions, "timeoutMs" | "attempts">>;
  readonly #queues = new Queues();
  readonly #tries = new Set<(error: unknown) => void>();
  readonly #pauses = new Set<() => void>();
  #waiting = 0;

  constructor(wire: Wire, defaults: Required<Pick<RequestOptions, "timeoutMs" | "attempts">>) {
    this.#wire = wire;
    this.#defaults = defaults;
  }

  /** Sends a request. Its place in its queue is that of the call. */
  async request(event: string, request: object, options: RequestOptions = {}): Promise<unknown> {
    const { timeoutMs = this.#defaults.timeoutMs, attempts = this.#defaults.attempts, onAttempt = () => {} } = options;
    const body = KEYED.has(event) ? { key: newKey(), ...request } : request;
    const lane = laneOf(event, body);
    if (this.#waiting >= MAX_WAITING || (lane !== undefined && this.#queues.full(lane))) throw queueFull(event);
    const job: Job = { event, body, deadline: Date.now() + timeoutMs, attempts, onAttempt, tries: 0 };
    this.#waiting++;
    try {
      return await this.#inTurn(lane, job);
    } finally {
      this.#waiting--;
    }
  }

  /** Ends the tries that wait for an answer of a connection that is over. Each is sent again, unless the error is final. */
  cut(error: AnteroomError, final = false): void {
    const tries = [...this.#tries];
    this.#tries.clear();
    for (const fail of tries) fail(final ? error : new Cut());
    if (!final) return;
    const pauses = [...this.#pauses];
    this.#pauses.clear();
    for (const wake of pauses) wake();
  }

  async #inTurn(lane: string | undefined, job: Job): Promise<unknown> {
    if (lane === undefined) return this.#send(job);
    const leave = await this.#queues.enter(lane, job.deadline, () => neverSent(job.event));
    try {
      return await this.#send(job);
    } finally {
      leave();
    }
  }

  /** Tries until there is an answer, a final refusal, or no time. */
  async #send(job: Job): Promise<unknown> {
    for (let failures = 0; ; ) {
      const answer = job.answer ?? (await this.#attempt(job).catch(failed));
      if (job.answer) return job.answer.data; // perhaps to an earlier try
      if (answer.ok) return answer.data;
      const error = answer.error instanceof AnteroomError ? answer.error : new AnteroomError(answer.error);
      const wait = error.retryAfterMs;
      if (wait === undefined) failures++;
      const left = job.deadline - Date.now();
      if (!error.retryable || failures >= job.attempts || left <= 0 || (wait ?? 0) >= left) throw error;
      await this.#pause(Math.min(left, wait ?? backoff(error instanceof Cut ? 1 : failures)));
    }
  }

  /** Waits, at most until the client is closed. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        cancel();
        this.#pauses.delete(wake);
        resolve();
      };
      const cancel = after(ms, wake);
      this.#pauses.add(wake);
    });
  }

  async #attempt(job: Job): Promise<Ack<unknown>> {
    const { event, deadline } = job;
    await this.#session(event, deadline);
    const turn = this.#wire.turn();
    if (turn > 0) {
      await bounded(event, deadline - Date.now(), (done) => void after(turn, () => done(undefined)));
      await this.#session(event, deadline); // it may have ended meanwhile
    }
    return bounded<Ack<unknown>>(event, Math.min(PATIENCE_MS, deadline - Date.now()), (done, fail) => {
      this.#tries.add(fail);
      job.onAttempt(++job.tries);
      this.#wire.emit(event, job.body, (answer) => {
        this.#tries.delete(fail);
        if (answer.ok) this.#answered(job, answer);
        done(answer);
      });
      return () => this.#tries.delete(fail);
    });
  }

  /** Passes the first answer on; a repeated one says the same. */
  #answered(job: Job, answer: Answered): void {
    if (job.answer) return;
    job.answer = answer;
    this.#wire.answered(job.event, job.body, answer);
  }

  #session(event: string, deadline: number): Promise<unknown> {
    return bounded(event, deadline - Date.now(), (done, fail) => void this.#wire.session().then(done, fail));
  }
}

/** The end of a try whose connection was lost: the next session sends it again. */
class Cut extends AnteroomError {
  constructor() {
    super({ code: "timeout", message: "the connection was lost before the answer", retryable: true });
  }
}

const noAnswer = (event: string) =>
  new AnteroomError({ code: "timeout", message: `${event} was not answered in time`, retryable: true });

const neverSent = (event: string) =>
  new AnteroomError({
    code: "timeout",
    message: `${event} was not sent: the requests before it in its queue took all of its time`,
    retryable: true,
  });

const queueFull = (event: string) =>
  new AnteroomError({
    code: "queue_full",
    message: `${event} was not sent: too many requests wait (${MAX_QUEUED} in one queue, ${MAX_WAITING} in all)`,
    retryable: true,
  });

/** Fails with "timeout" when it is not done in time. What begin returns is called at the end, however it comes. */
function bounded<T>(
  event: string,
  ms: number,
  begin: (done: (value: T) => void, fail: (error: unknown) => void) => (() => unknown) | void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let end: (() => unknown) | void;
    const cancel = after(Math.max(0, ms), () => {
      end?.();
      reject(noAnswer(event));
    });
    const done = (value: T) => {
      cancel();
      resolve(value);
    };
    end = begin(done, (error) => {
      cancel();
      reject(error);
    });
  });
}

function failed(error: unknown): { ok: false; error: AnteroomError; data?: never } {
  if (error instanceof AnteroomError) return { ok: false, error };
  throw error;
}
