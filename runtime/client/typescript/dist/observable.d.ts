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
export declare class State<T> implements Observable<T> {
    #private;
    constructor(value: T);
    get value(): T;
    set value(value: T);
    readonly subscribe: (listener: (value: T) => void) => (() => void);
}
/**
 * Runs a function of the application. What it throws is told as an unhandled rejection:
 * it must not keep events from others, nor from the streams' positions.
 */
export declare function guarded(run: () => void): void;
