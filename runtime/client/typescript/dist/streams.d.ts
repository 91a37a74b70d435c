import type { Meta, StreamPosition, StreamResumed } from "./wire.js";
/** How many streams one resume may ask for. */
export declare const MAX_RESUMED = 64;
/** What Streams calls. */
export interface StreamsOwner {
    /** An event whose turn it is. */
    deliver(event: string, data: unknown): void;
    /** Has to ask for streams: sync:resume with positions(), then resumed(). */
    ask(streams: string[]): void;
    /** The past of a stream cannot be had, and there is no snapshot: what is known of it has to be read anew. */
    lost(stream: string, refused: boolean): void;
}
/**
 * Keeps the events of each stream in order: each once, without a gap, over connections,
 * servers and epochs. It knows no socket.
 */
export declare class Streams {
    #private;
    constructor(owner: StreamsOwner);
    /**
     * Begins a stream where an answer says that the client is; one that is followed
     * already stays where it is. It is false when that is beyond the answer.
     */
    follow(meta: Pick<Meta, "stream" | "epoch" | "seq">): boolean;
    forget(stream: string): void;
    knows(stream: string): boolean;
    /** Where the client is, in the given streams. They are asked for from now on, until resumed(). */
    asking(streams: Iterable<string>): StreamPosition[];
    names(): string[];
    /** Takes a push as it came. */
    push(event: string, data: unknown): void;
    /** Takes the answer to a resume. */
    resumed(results: readonly StreamResumed[]): void;
}
