import type { PatchOp } from "./wire.js";
/** Applies operations of JSON Patch (add, replace, remove) and gives a new document; the old one stays as it is. */
export declare function applyPatch<T>(document: T, ops: readonly PatchOp[]): T;
