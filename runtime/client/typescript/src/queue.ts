import { after } from "./clock.js";

/** The number of requests in a queue. */
export const MAX_QUEUED = 256;

interface Waiter {
  start: () => void;
}

/**
 * Queues by name: one entry of a queue runs at a time, in the order of enter(). Different
 * queues run in parallel; an empty queue takes no memory.
 */
export class Queues {
  /** The entries of each queue; the first entry runs. */
  readonly #lanes = new Map<string, Waiter[]>();

  full(lane: string): boolean {
    return (this.#lanes.get(lane)?.length ?? 0) >= MAX_QUEUED;
  }

  /**
   * Waits for the entry's turn, at most until the deadline (milliseconds since the epoch),
   * and then rejects with expired(). The resolved function ends the turn.
   */
  enter(lane: string, deadline: number, expired: () => Error): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const entries = this.#lanes.get(lane) ?? [];
      this.#lanes.set(lane, entries);
      const cancel = after(Math.max(0, deadline - Date.now()), () => {
        this.#remove(lane, entry);
        reject(expired());
      });
      const entry: Waiter = {
        start: () => {
          cancel();
          resolve(() => this.#remove(lane, entry));
        },
      };
      entries.push(entry);
      if (entries.length === 1) entry.start();
    });
  }

  #remove(lane: string, entry: Waiter): void {
    const entries = this.#lanes.get(lane);
    const at = entries?.indexOf(entry) ?? -1;
    if (!entries || at < 0) return;
    entries.splice(at, 1);
    if (entries.length === 0) this.#lanes.delete(lane);
    else if (at === 0) entries[0]!.start();
  }
}
