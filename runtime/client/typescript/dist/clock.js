const timers = globalThis;
/** Runs something later; the function that is returned takes that back. */
export function after(ms, run) {
    const timer = timers.setTimeout(run, ms);
    return () => timers.clearTimeout(timer);
}
export function sleep(ms) {
    return new Promise((resolve) => after(ms, resolve));
}
/** How long to wait before try n (1, 2, …): growing to 5 s, and never the same for all. */
export function backoff(n) {
    return Math.min(5_000, 100 * 2 ** n) * (0.5 + Math.random() / 2);
}
