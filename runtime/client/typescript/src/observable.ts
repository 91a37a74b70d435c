/**
 * A value that changes. It is never modified in place: another value is another object, so
 * that frameworks can compare. It is a store in the sense of Svelte, and fits React's
 * useSyncExternalStore(o.subscribe, () => o.value).
 */
export interface Observable<T> {
  readonly value: T;
  /** Calls the listener now and after each change, until the returned function is called. */
  readonly subscribe: (listener: (value: T) => void) => () => void;
}

/** An Observable whose value can be set. */
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
    const own = (value: T) => listener(value); // a listener may subscribe twice
    this.#listeners.add(own);
    guarded(() => own(this.#value));
    return () => this.#listeners.delete(own);
  };
}

/**
 * Runs a function of the application. An exception becomes an unhandled rejection: it must
 * not stop other listeners, nor the positions of streams.
 */
export function guarded(run: () => void): void {
  try {
    run();
  } catch (error) {
    void Promise.reject(error);
  }
}
