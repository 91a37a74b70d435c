import { background, type Core } from "./facade.js";
import { State, type Observable } from "./observable.js";
import type { Notification, NotifyBadge, NotifyList, NotifyPage, NotifyUpdated } from "./wire.js";

/** The number of notifications that are kept; the inbox may have more. */
const KEPT = 100;

/**
 * The user's inbox. The client acknowledges arrived notifications; the application marks
 * them as read.
 */
export class NotificationsFacade {
  readonly #core: Core;
  readonly #items = new State<readonly Notification[]>([]);
  readonly #unread = new State(0);
  #version = 0;

  constructor(core: Core) {
    this.#core = core;
    for (const event of ["notify:ack", "notify:read", "notify:delete"] as const) {
      core.answered(event, (badge) => this.#badge(badge));
    }
    core.answered("notify:ack", (_, { ids }) => {
      this.#items.value = this.#items.value.map((n) => (ids.includes(n.id) ? { ...n, acked: true } : n));
    });
    core.answered("notify:delete", (_, { ids }) => this.#change({ change: "deleted", ids }));
    core.onPush("notify:badge", (badge) => this.#badge(badge));
    core.onPush("notify:updated", (updated) => this.#change(updated));
    core.onPush("notify:new", ({ notification, replaces }) => {
      this.#take([notification], replaces);
      if (!notification.acked) background(core.request("notify:ack", { ids: [notification.id] }));
    });
    core.answered("notify:list", (page, request) => {
      if (request.cursor || request.unreadOnly || request.topics) return;
      this.#take(page.notifications);
      this.#unread.value = page.unread;
    });
  }

  /** The newest known notifications, newest first; at most 100. */
  get items(): Observable<readonly Notification[]> {
    return this.#items;
  }

  /** The number of unread notifications over all devices. */
  get unread(): Observable<number> {
    return this.#unread;
  }

  /** Reads a page of the inbox, newest first. */
  list(request: NotifyList = {}): Promise<NotifyPage> {
    return this.#core.request("notify:list", request);
  }

  /** Marks notifications as read: some, all up to one, or all. */
  async read(which: { ids: string[] } | { upTo: string } | { all: true }): Promise<void> {
    await this.#core.request("notify:read", which);
  }

  async delete(ids: string[]): Promise<void> {
    await this.#core.request("notify:delete", { ids });
  }

  /**
   * Subscribes the user to topics, on all devices and also while offline; resolves with all
   * of the user's topics.
   */
  async subscribe(topics: string[]): Promise<string[]> {
    return (await this.#core.request("notify:subscribe", { topics })).topics;
  }

  async unsubscribe(topics: string[]): Promise<string[]> {
    return (await this.#core.request("notify:unsubscribe", { topics })).topics;
  }

  #badge({ unread, version }: NotifyBadge): void {
    if (version < this.#version) return;
    this.#version = version;
    this.#unread.value = unread;
  }

  #take(arrived: readonly Notification[], replaces?: string): void {
    const gone = new Set([replaces, ...arrived.map((n) => n.id)]);
    const all = [...arrived, ...this.#items.value.filter((n) => !gone.has(n.id))];
    this.#items.value = all.sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, KEPT); // ids are ULIDs, so this is the order of time
  }

  #change({ change, ids, upTo }: Pick<NotifyUpdated, "change" | "ids" | "upTo">): void {
    const meant = (n: Notification) => ids?.includes(n.id) || (upTo !== undefined && n.id <= upTo);
    this.#items.value =
      change === "read"
        ? this.#items.value.map((n) => (meant(n) && !n.read ? { ...n, read: true } : n))
        : this.#items.value.filter((n) => !meant(n));
  }
}
