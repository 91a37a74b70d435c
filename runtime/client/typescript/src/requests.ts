import { after, backoff } from "./clock.js";
import { AnteroomError } from "./errors.js";
import { newKey } from "./key.js";
import { laneOf } from "./lanes.js";
import { MAX_QUEUED, Queues } from "./queue.js";
import { KEYED, type Ack, type ClientToServerEvents } from "./wire.js";

/** The events with an acknowledgement. */
export type RequestEvent = {
  [E in keyof ClientToServerEvents]: Parameters<ClientToServerEvents[E]> extends [unknown, unknown] ? E : never;
}[keyof ClientToServerEvents];

/** The events without an acknowledgement. */
export type SilentEvent = Exclude<keyof ClientToServerEvents, RequestEvent>;

/** The payload of a request. */
export type Request<E extends keyof ClientToServerEvents> = Parameters<ClientToServerEvents[E]>[0];

/** The data of an acknowledgement. */
export type Answer<E extends RequestEvent> =
  Parameters<ClientToServerEvents[E]> extends [unknown, (answer: Ack<infer Data>) => void] ? Data : never;

export interface RequestOptions {
  /**
   * Milliseconds until the request fails, with all its tries and waits; the client's
   * timeoutMs by default.
   */
  timeoutMs?: number;
  /**
   * The number of tries, without waits that the server requests; the client's attempts by
   * default.
   */
  attempts?: number;
  /** Called before each try, with its number from 1. */
  onAttempt?: (attempt: number) => void;
}

/** The connection's interface for requests. */
export interface Wire {
  /** Resolves when a session is ready; rejects when the client is closed. */
  session(): Promise<unknown>;
  /** The milliseconds until the next request may be sent. */
  turn(): number;
  emit(event: string, request: unknown, ack: (answer: Ack<unknown>) => void): void;
  /** Processes an answer in its order among the pushes. */
  answered(event: string, request: unknown, answer: Extract<Ack<unknown>, { ok: true }>): void;
}

/** The timeout of one try, in milliseconds. */
const PATIENCE_MS = 10_000;
/** The number of waiting requests over all queues. */
const MAX_WAITING = 2_048;

type Answered = Extract<Ack<unknown>, { ok: true }>;

/** A request with all of its tries. */
interface Job {
  readonly event: string;
  readonly body: object;
  /** In milliseconds since the epoch. */
  readonly deadline: number;
  readonly attempts: number;
  readonly onAttempt: (attempt: number) => void;
  tries: number;
  /** The first successful answer, of any try. */
  answer?: Answered;
}

/**
 * Sends requests until they are answered, within bounds. Mutations get an idempotency key,
 * so that they can be sent again; repeating other requests is harmless. Mutations of one
 * target are sent sequentially, in the order of the calls.
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

  /** Sends a request. The order of the calls is the order in the queue. */
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

  /**
   * Ends the tries that wait for an answer of a lost connection. They are repeated, unless
   * the error is final.
   */
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

  /** Repeats the request until an answer, a final refusal or the deadline. */
  async #send(job: Job): Promise<unknown> {
    for (let failures = 0; ; ) {
      const answer = job.answer ?? (await this.#attempt(job).catch(failed));
      if (job.answer) return job.answer.data; // possibly to an earlier try
      if (answer.ok) return answer.data;
      const error = answer.error instanceof AnteroomError ? answer.error : new AnteroomError(answer.error);
      const wait = error.retryAfterMs;
      if (wait === undefined) failures++;
      const left = job.deadline - Date.now();
      if (!error.retryable || failures >= job.attempts || left <= 0 || (wait ?? 0) >= left) throw error;
      await this.#pause(Math.min(left, wait ?? backoff(error instanceof Cut ? 1 : failures)));
    }
  }

  /** Waits; a close of the client ends the wait. */
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
      await this.#session(event, deadline); // the session may have ended during the wait
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

  /** Passes on the first answer; a repeated answer is equal. */
  #answered(job: Job, answer: Answered): void {
    if (job.answer) return;
    job.answer = answer;
    this.#wire.answered(job.event, job.body, answer);
  }

  #session(event: string, deadline: number): Promise<unknown> {
    return bounded(event, deadline - Date.now(), (done, fail) => void this.#wire.session().then(done, fail));
  }
}

/** The error of a try whose connection was lost: the request is sent again in the next session. */
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

/**
 * Rejects with "timeout" when the work is not done in time. The function that begin returns
 * is called then.
 */
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
