import { background } from "./facade.js";
import { State } from "./observable.js";
/** What the user is doing, and those whom it follows. */
export class PresenceFacade {
    #core;
    #own = new State(undefined);
    #users = new State(new Map());
    #followed = new Set();
    constructor(core) {
        this.#core = core;
        core.answered("presence:set", ({ presence }) => (this.#own.value = presence));
        core.answered("presence:get", ({ presences }, request) => {
            if (!request.userIds)
                this.#own.value = presences[0];
        });
        core.answered("presence:subscribe", ({ presences }) => this.#take(presences));
        core.hear("presence:update", ({ changes }) => this.#take(changes));
        // A connection that is new follows nobody.
        core.ready(() => {
            for (const whom of this.#followed)
                background(core.request("presence:subscribe", whom));
        });
    }
    /** What the user itself sees of itself, once it was set or read. */
    get own() {
        return this.#own;
    }
    /** Those whom subscribe() follows, by user id. */
    get users() {
        return this.#users;
    }
    async set(request) {
        return (await this.#core.request("presence:set", request)).presence;
    }
    /** Reads presences; without ids, the user's own. */
    async get(userIds) {
        return (await this.#core.request("presence:get", userIds ? { userIds } : {})).presences;
    }
    /** Follows users, or the members of a list, also over new connections. The returned function ends it. */
    async subscribe(whom) {
        const followed = { ...whom };
        await this.#core.request("presence:subscribe", followed);
        this.#followed.add(followed);
        return async () => {
            if (!this.#followed.delete(followed))
                return;
            await this.#core.request("presence:unsubscribe", followed);
            this.#forget(followed);
        };
    }
    /** The user did something on this device. It needs no answer and may be called often: one in 10 seconds is sent. */
    activity() {
        const now = Date.now();
        if (now - this.#lastActivity < 10_000)
            return;
        this.#lastActivity = now;
        this.#core.tell("presence:activity", {});
    }
    #lastActivity = 0;
    #take(presences) {
        const users = new Map(this.#users.value);
        for (const presence of presences)
            users.set(presence.userId, presence);
        this.#users.value = users;
    }
    #forget(followed) {
        const kept = new Set([...this.#followed].flatMap((other) => other.userIds ?? []));
        const users = new Map(this.#users.value);
        for (const id of followed.userIds ?? [])
            if (!kept.has(id))
                users.delete(id);
        this.#users.value = users;
    }
}
