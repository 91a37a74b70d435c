// The timers that browsers, Node and React Native have in common. They are declared here
// because the package is compiled with the types of the language alone, so that it cannot
// use another global.
interface Timers {
  setTimeout(run: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
}

const timers = globalThis as unknown as Timers;

/** Calls run after a delay; the returned function cancels it. */
export function after(ms: number, run: () => void): () => void {
  const timer = timers.setTimeout(run, ms);
  return () => timers.clearTimeout(timer);
}

/** The pause before try n (1, 2, …) in milliseconds: it doubles up to 5 s, with jitter. */
export function backoff(n: number): number {
  return Math.min(5_000, 100 * 2 ** n) * (0.5 + Math.random() / 2);
}
