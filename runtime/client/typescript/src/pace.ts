import type { SessionLimits } from "./wire.js";

/** How much of what a session may send the client uses. */
const SHARE = 0.9;

/** Keeps a client below its session's limits, so that the server has nothing to refuse. */
export class Pace {
  #perMs = Infinity;
  #burst = Infinity;
  #tokens = Infinity;
  #at = 0;

  /** Begins anew, as the server does with each session. */
  begin({ eventsPerSecond, burst }: Pick<SessionLimits, "eventsPerSecond" | "burst">): void {
    this.#perMs = (eventsPerSecond * SHARE) / 1000;
    this.#burst = this.#tokens = Math.max(1, burst * SHARE);
    this.#at = Date.now();
  }

  /** Takes the next turn and tells in how many milliseconds it comes. */
  turn(): number {
    this.#refill();
    this.#tokens--;
    return this.#tokens >= 0 ? 0 : Math.ceil(-this.#tokens / this.#perMs);
  }

  /** Takes a turn only if it is now. */
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
