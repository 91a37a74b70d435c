import type { SessionLimits } from "./wire.js";

/** The part of a session's rate that the client uses. */
const SHARE = 0.9;

/** Keeps a client below its session's rate, so that the server refuses no request for it. */
export class Pace {
  #perMs = Infinity;
  #burst = Infinity;
  #tokens = Infinity;
  #at = 0;

  /** Resets the bucket, as the server does for each session. */
  begin({ eventsPerSecond, burst }: Pick<SessionLimits, "eventsPerSecond" | "burst">): void {
    this.#perMs = (eventsPerSecond * SHARE) / 1000;
    this.#burst = this.#tokens = Math.max(1, burst * SHARE);
    this.#at = Date.now();
  }

  /** Takes the next turn and returns the milliseconds until it. */
  turn(): number {
    this.#refill();
    this.#tokens--;
    return this.#tokens >= 0 ? 0 : Math.ceil(-this.#tokens / this.#perMs);
  }

  /** Takes a turn only if it is available now. */
  now(): boolean {
    this.#refill();
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  #refill(): void {
    if (this.#perMs === Infinity) return;
    const now = Date.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) * this.#perMs);
    this.#at = now;
  }
}
