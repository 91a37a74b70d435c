// Random refusals, lost connections and slow answers, on a fake clock. Each queue keeps its
// order, each request has its effect once, and no request fails that could succeed in time.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { AnteroomError } from "../src/index.js";
import { Requests, type Wire } from "../src/requests.js";
import type { Ack } from "../src/wire.js";

const ROUNDS = 100;
const QUEUES = 3;
const EACH = 8;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Numbers in [0, 1) that depend only on the seed (mulberry32). */
function randomFrom(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Sent {
  key: string;
  channel: string;
  text: string;
}

/** A server that commits each key once, and a network that loses, delays and disconnects. */
class World implements Wire {
  readonly committed: Sent[] = [];
  readonly taken: string[] = [];
  readonly requests = new Requests(this, { timeoutMs: 600_000, attempts: Infinity });
  readonly #random: () => number;
  readonly #answers = new Map<string, number>();
  #connection = 1;
  #open = Promise.resolve();
  #back = () => {};

  constructor(random: () => number) {
    this.#random = random;
  }

  session(): Promise<unknown> {
    return this.#open;
  }

  turn(): number {
    return this.#random() < 0.1 ? this.#random() * 200 : 0;
  }

  /** A packet reaches the server after a delay; the packets of one connection keep their order. */
  emit(_event: string, request: unknown, ack: (answer: Ack<unknown>) => void): void {
    const on = this.#connection;
    setTimeout(() => {
      if (on !== this.#connection && this.#random() < 0.5) return; // lost with its connection
      const answer = this.#serve(request as Sent);
      if (this.#random() < 0.05) return this.cut(); // the answer is lost
      if (this.#random() < 0.05) return; // lost without a disconnect
      setTimeout(() => on === this.#connection && ack(answer), this.#random() * (this.#random() < 0.1 ? 15_000 : 100));
    }, 20);
  }

  answered(_event: string, request: unknown): void {
    this.taken.push((request as Sent).key);
  }

  cut(): void {
    this.#connection++;
    this.#back();
    this.#open = new Promise((resolve) => (this.#back = resolve));
    const back = this.#back;
    setTimeout(back, this.#random() * 5_000);
    this.requests.cut(new AnteroomError({ code: "unavailable", message: "cut", retryable: true }));
  }

  #serve(sent: Sent): Ack<unknown> {
    const known = this.#answers.get(sent.key);
    if (known !== undefined) return { ok: true, data: known };
    const fate = this.#random();
    if (fate < 0.25) return refused("rate_limited", Math.ceil(this.#random() * 3_000));
    if (fate < 0.35) return refused("unavailable");
    if (fate < 0.4) return refused("draining");
    this.committed.push(sent);
    this.#answers.set(sent.key, this.committed.length);
    return { ok: true, data: this.committed.length };
  }
}

function refused(code: "rate_limited" | "unavailable" | "draining", retryAfterMs?: number): Ack<unknown> {
  return { ok: false, error: { code, message: "later", retryable: true, ...(retryAfterMs !== undefined && { retryAfterMs }) } };
}

test.each(Array.from({ length: ROUNDS }, (_, seed) => seed))("seed %i", async (seed) => {
  const random = randomFrom(seed);
  const world = new World(random);
  const sends: Promise<unknown>[] = [];
  for (let i = 0; i < EACH; i++) {
    for (let queue = 0; queue < QUEUES; queue++) {
      sends.push(world.requests.request("chat:send", { channel: `c${queue}`, text: `m${i}` }));
    }
    if (random() < 0.2) await vi.advanceTimersByTimeAsync(random() * 2_000);
    if (random() < 0.2) world.cut();
  }
  const outcome = Promise.allSettled(sends);
  await vi.runAllTimersAsync();
  expect((await outcome).filter(({ status }) => status === "rejected")).toEqual([]);
  for (let queue = 0; queue < QUEUES; queue++) {
    const texts = world.committed.filter(({ channel }) => channel === `c${queue}`).map(({ text }) => text);
    expect(texts).toEqual(Array.from({ length: EACH }, (_, i) => `m${i}`));
  }
  expect(new Set(world.taken).size).toBe(QUEUES * EACH);
  expect(world.taken).toHaveLength(QUEUES * EACH);
});
