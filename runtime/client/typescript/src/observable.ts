/**
 * A value that changes. The value is never changed in place: another value is another
 * object, so that frameworks can compare. It is a store in the sense of Svelte, and fits
 * React's useSyncExternalStore(o.subscribe, () => o.value).
 */
export interface Observable<T> {
  readonly value: T;
  /** Calls the listener with the value, now and after each change, until the returned function is called. */
  readonly subscribe: (listener: (value: T) => void) => () => void;
}

/** An Observable with the right to change it. */
export class State<T> implements Observable<T> {
  #value: T;
  readonly #listeners = new Set<(value: T) => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  set value(value: T) {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const listener of [...this.#listeners]) guarded(() => listener(value));
  }

  readonly subscribe = (listener: (value: T) => void): (() => void) => {
    const own = (value: T) => listener(value); // so that one listener may subscribe twice
    this.#listeners.add(own);
    guarded(() => own(this.#value));
    return () => this.#listeners.delete(own);
  };
}

/**
 * Runs a function of the application. What it throws is told as an unhandled rejection:
 * it must not keep events from others, nor from the streams' positions.
 */
export function guarded(run: () => void): void {
  try {
    run();
  } catch (error) {
    void Promise.reject(error);
  }
}
