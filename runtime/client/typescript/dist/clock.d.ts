/** Runs something later; the function that is returned takes that back. */
export declare function after(ms: number, run: () => void): () => void;
export declare function sleep(ms: number): Promise<void>;
/** How long to wait before try n (1, 2, …): growing to 5 s, and never the same for all. */
export declare function backoff(n: number): number;
