import { background } from "./facade.js";
import { State } from "./observable.js";
/** How many notifications are kept here; the inbox itself may have more. */
const KEPT = 100;
/** The user's inbox. What arrives is acknowledged by itself; what is read the application says. */
export class NotificationsFacade {
    #core;
    #items = new State([]);
    #unread = new State(0);
    #version = 0;
    constructor(core) {
        this.#core = core;
        for (const event of ["notify:ack", "notify:read", "notify:delete"]) {
            core.answered(event, (badge) => this.#badge(badge));
        }
        core.answered("notify:delete", (_, { ids }) => this.#change({ change: "deleted", ids }));
        core.hear("notify:badge", (badge) => this.#badge(badge));
        core.hear("notify:updated", (updated) => this.#change(updated));
        core.hear("notify:new", ({ notification, replaces }) => {
            this.#take([notification], replaces);
            if (!notification.acked)
                background(core.request("notify:ack", { ids: [notification.id] }));
        });
        core.answered("notify:list", (page, request) => {
            if (request.cursor || request.unreadOnly || request.topics)
                return;
            this.#take(page.notifications);
            this.#unread.value = page.unread;
        });
    }
    /** The newest notifications that are known here, newest first; at most 100. */
    get items() {
        return this.#items;
    }
    /** How many are unread, on all devices: the number of the badge. */
    get unread() {
        return this.#unread;
    }
    /** Reads a page of the inbox, newest first. */
    list(request = {}) {
        return this.#core.request("notify:list", request);
    }
    /** Marks as read: some, one and all before it, or all. */
    async read(which) {
        await this.#core.request("notify:read", which);
    }
    async delete(ids) {
        await this.#core.request("notify:delete", { ids });
    }
    /** Subscribes the user to topics, on all devices and also while it is away; gives all of its topics. */
    async subscribe(topics) {
        return (await this.#core.request("notify:subscribe", { topics })).topics;
    }
    async unsubscribe(topics) {
        return (await this.#core.request("notify:unsubscribe", { topics })).topics;
    }
    #badge({ unread, version }) {
        if (version < this.#version)
            return;
        this.#version = version;
        this.#unread.value = unread;
    }
    #take(arrived, replaces) {
        const gone = new Set([replaces, ...arrived.map((n) => n.id)]);
        const all = [...arrived, ...this.#items.value.filter((n) => !gone.has(n.id))];
        this.#items.value = all.sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, KEPT); // ULIDs, so by time
    }
    #change({ change, ids, upTo }) {
        const meant = (n) => ids?.includes(n.id) || (upTo !== undefined && n.id <= upTo);
        this.#items.value =
            change === "read"
                ? this.#items.value.map((n) => (meant(n) && !n.read ? { ...n, read: true } : n))
                : this.#items.value.filter((n) => !meant(n));
    }
}
