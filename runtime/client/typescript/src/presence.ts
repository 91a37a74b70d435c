import { background, type Core } from "./facade.js";
import { State, type Observable } from "./observable.js";
import type { Presence, PresenceSet, PresenceSubscribe } from "./wire.js";

/** The user's presence, and the followed presences of other users. */
export class PresenceFacade {
  readonly #core: Core;
  readonly #own = new State<Presence | undefined>(undefined);
  readonly #users = new State<ReadonlyMap<string, Presence>>(new Map());
  readonly #followed = new Set<PresenceSubscribe>();

  constructor(core: Core) {
    this.#core = core;
    core.answered("presence:set", ({ presence }) => (this.#own.value = presence));
    core.answered("presence:get", ({ presences }, request) => {
      if (!request.userIds) this.#own.value = presences[0];
    });
    core.answered("presence:subscribe", ({ presences }) => this.#take(presences));
    core.onPush("presence:update", ({ changes }) => this.#take(changes));
    // A new connection has no subscriptions.
    core.ready(() => {
      for (const target of this.#followed) background(core.request("presence:subscribe", target));
    });
  }

  /** The user's own presence; undefined until it was set or read. */
  get own(): Observable<Presence | undefined> {
    return this.#own;
  }

  /** The presences of the users that subscribe() follows, by user id. */
  get users(): Observable<ReadonlyMap<string, Presence>> {
    return this.#users;
  }

  async set(request: PresenceSet): Promise<Presence> {
    return (await this.#core.request("presence:set", request)).presence;
  }

  /** Reads presences; without ids, the user's own. */
  async get(userIds?: string[]): Promise<Presence[]> {
    return (await this.#core.request("presence:get", userIds ? { userIds } : {})).presences;
  }

  /**
   * Follows users, or the members of a list, also over later connections. The returned
   * function ends it.
   */
  async subscribe(target: { userIds: string[] } | { list: string }): Promise<() => Promise<void>> {
    const followed = { ...target };
    await this.#core.request("presence:subscribe", followed);
    this.#followed.add(followed);
    return async () => {
      if (!this.#followed.delete(followed)) return;
      await this.#core.request("presence:unsubscribe", followed);
      this.#forget(followed);
    };
  }

  /**
   * Reports activity of the user on this device. It is not answered and may be called
   * often: at most one report in 10 seconds is sent.
   */
  activity(): void {
    const now = Date.now();
    if (now - this.#lastActivity < 10_000) return;
    this.#lastActivity = now;
    this.#core.emitSilent("presence:activity", {});
  }

  #lastActivity = 0;

  #take(presences: readonly Presence[]): void {
    const users = new Map(this.#users.value);
    for (const presence of presences) users.set(presence.userId, presence);
    this.#users.value = users;
  }

  #forget(followed: PresenceSubscribe): void {
    const kept = new Set([...this.#followed].flatMap((other) => other.userIds ?? []));
    const users = new Map(this.#users.value);
    for (const id of followed.userIds ?? []) if (!kept.has(id)) users.delete(id);
    this.#users.value = users;
  }
}
