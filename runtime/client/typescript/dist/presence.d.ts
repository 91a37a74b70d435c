import { type Core } from "./facade.js";
import { type Observable } from "./observable.js";
import type { Presence, PresenceSet } from "./wire.js";
/** What the user is doing, and those whom it follows. */
export declare class PresenceFacade {
    #private;
    constructor(core: Core);
    /** What the user itself sees of itself, once it was set or read. */
    get own(): Observable<Presence | undefined>;
    /** Those whom subscribe() follows, by user id. */
    get users(): Observable<ReadonlyMap<string, Presence>>;
    set(request: PresenceSet): Promise<Presence>;
    /** Reads presences; without ids, the user's own. */
    get(userIds?: string[]): Promise<Presence[]>;
    /** Follows users, or the members of a list, also over new connections. The returned function ends it. */
    subscribe(whom: {
        userIds: string[];
    } | {
        list: string;
    }): Promise<() => Promise<void>>;
    /** The user did something on this device. It needs no answer and may be called often: one in 10 seconds is sent. */
    activity(): void;
}
