/** A new idempotency key. */
export declare function newKey(): string;
