/** An Observable with the right to change it. */
export class State {
    #value;
    #listeners = new Set();
    constructor(value) {
        this.#value = value;
    }
    get value() {
        return this.#value;
    }
    set value(value) {
        if (Object.is(value, this.#value))
            return;
        this.#value = value;
        for (const listener of [...this.#listeners])
            guarded(() => listener(value));
    }
    subscribe = (listener) => {
        const own = (value) => listener(value); // so that one listener may subscribe twice
        this.#listeners.add(own);
        guarded(() => own(this.#value));
        return () => this.#listeners.delete(own);
    };
}
/**
 * Runs a function of the application. What it throws is told as an unhandled rejection:
 * it must not keep events from others, nor from the streams' positions.
 */
export function guarded(run) {
    try {
        run();
    }
    catch (error) {
        void Promise.reject(error);
    }
}
