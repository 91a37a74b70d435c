// The timers that browsers, Node and React Native have in common. They are named here
// so that nothing else of any of these slips in: the package is compiled with the types
// of the language alone.
interface Timers {
  setTimeout(run: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
}

const timers = globalThis as unknown as Timers;

/** Runs something later; the function that is returned takes that back. */
export function after(ms: number, run: () => void): () => void {
  const timer = timers.setTimeout(run, ms);
  return () => timers.clearTimeout(timer);
}

/** How long to wait before try n (1, 2, …): growing to 5 s, and never the same for all. */
export function backoff(n: number): number {
  return Math.min(5_000, 100 * 2 ** n) * (0.5 + Math.random() / 2);
}
