import { State } from "./observable.js";
import type { PatchOp } from "./wire.js";
/** A document with a version, the seq of its stream. */
export interface Versioned {
    id: string;
    version: number;
    epoch: string;
}
/** The documents that a user is in, in the order in which it came in. */
export declare class Documents<D extends Versioned> {
    #private;
    readonly all: State<readonly D[]>;
    get(id: string): D | undefined;
    /** Takes a whole state, unless a newer one of the same epoch is known. */
    take(document: D): void;
    /**
     * Applies a patch, unless the state that is known has it already. The stream is
     * without gaps; a version that no patch has was taken by an event of a back end.
     */
    patch(id: string, to: number, epoch: string | undefined, ops: readonly PatchOp[]): void;
    drop(id: string): void;
}
