import { after } from "./clock.js";
import { background, type Core } from "./facade.js";
import { AnteroomError } from "./errors.js";
import { newKey } from "./key.js";
import { State, type Observable } from "./observable.js";
import type { FailedMessage, PendingMessage } from "./pending.js";
import type {
  ChatChanged,
  ChatChannelPage,
  ChatChannels,
  ChatMessage,
  ChatMuted,
  ChatNotice,
  ChatReacted,
  ChatSend,
  ChatSent,
} from "./wire.js";

/** The number of messages of a channel that are kept, the newest. */
const KEPT = 500;
/** The number of failed messages that a channel keeps; the oldest are removed first. */
const FAILED_KEPT = 50;
/** How long a user is shown as typing after the last chat:typing, in milliseconds. */
const TYPING_MS = 6_000;

export interface ChannelState {
  /**
   * The newest messages, at most 500, in order, in their current state: edited, deleted,
   * with reactions.
   */
  readonly messages: readonly ChatMessage[];
  /** The channel has older messages: older() reads them. */
  readonly hasMore: boolean;
  /** The user's own read mark, a seq. */
  readonly readTo: number;
  /** The read marks of others, by user id. */
  readonly reads: Readonly<Record<string, number>>;
  /** The users who are typing: names, or ids, by user id. */
  readonly typing: Readonly<Record<string, string>>;
  /**
   * The user's own messages that were sent by this client and are not in messages yet, in
   * their order.
   */
  readonly pending: readonly PendingMessage[];
  /** The user's own messages that failed, at most 50: retry() or discard() them. */
  readonly failed: readonly FailedMessage[];
}

const EMPTY: ChannelState = { messages: [], hasMore: false, readTo: 0, reads: {}, typing: {}, pending: [], failed: [] };

/** A joined channel. */
export class Channel {
  readonly name: string;
  readonly #core: Core;
  readonly #state = new State<ChannelState>(EMPTY);
  readonly #typists = new Map<string, () => void>();
  /** The ids of acknowledged pending messages by key: their pushes have not arrived yet. */
  readonly #acked = new Map<string, string>();
  /** This client receives the channel's pushes. */
  #live = false;

  constructor(core: Core, name: string) {
    this.#core = core;
    this.name = name;
  }

  get state(): Observable<ChannelState> {
    return this.#state;
  }

  /** state.pending: the messages that were sent by this client and are not in messages yet. */
  get pending(): readonly PendingMessage[] {
    return this.#state.value.pending;
  }

  /** state.failed: the messages that failed. */
  get failed(): readonly FailedMessage[] {
    return this.#state.value.failed;
  }

  /**
   * Sends a text, or a message of another type, after all earlier messages of this channel.
   * The message is in state.pending until its push arrives, and in state.failed when it
   * fails.
   */
  send(message: string | Omit<ChatSend, "channel">): Promise<ChatSent> {
    const { key = newKey(), ...content } = typeof message === "string" ? { text: message, key: undefined } : message;
    return this.#post({ ...content, key, since: Date.now(), attempts: 0 });
  }

  /**
   * Sends a failed message again with its key. It cannot appear twice, even if the first
   * try had its effect.
   */
  retry(key: string): Promise<ChatSent> {
    const found = this.failed.find((message) => message.key === key);
    if (!found) return Promise.reject(new AnteroomError({ code: "not_found", message: `no failed message has the key ${key}`, field: "key" }));
    const { error: _, ...message } = found;
    return this.#post({ ...message, since: Date.now(), attempts: 0 });
  }

  /** Removes a failed message. */
  discard(key: string): void {
    this.#set({ failed: this.failed.filter((message) => message.key !== key) });
  }

  edit(message: ChatMessage, to: { text?: string; data?: unknown }): Promise<ChatChanged> {
    return this.#core.request("chat:edit", { ...this.#target(message), ...to });
  }

  delete(message: ChatMessage, reason?: string): Promise<ChatChanged> {
    return this.#core.request("chat:delete", { ...this.#target(message), ...(reason !== undefined && { reason }) });
  }

  react(message: ChatMessage, reaction: string, remove = false): Promise<ChatReacted> {
    return this.#core.request("chat:react", { ...this.#target(message), reaction, remove });
  }

  /** Moves the user's read mark to a message, by default the newest. */
  async read(message = this.#state.value.messages.at(-1)): Promise<void> {
    const seq = message && seqOf(message);
    if (!seq || seq <= this.#state.value.readTo) return;
    const { readTo } = await this.#core.request("chat:read", { channel: this.name, seq });
    this.#set({ readTo: Math.max(readTo, this.#state.value.readTo) });
  }

  /** Reports that the user is typing, or has stopped. */
  typing(typing = true): void {
    this.#core.emitSilent("chat:typing", { channel: this.name, typing });
  }

  /** Reads messages before the known ones; it resolves with true when there are more. */
  async older(limit = 50): Promise<boolean> {
    const first = this.#state.value.messages[0];
    if (!first || this.#state.value.messages.length >= KEPT) return false;
    const page = await this.#core.request("chat:history", { channel: this.name, before: seqOf(first), limit });
    this.#merge(page.messages);
    this.#set({ hasMore: page.hasMore });
    return page.hasMore;
  }

  mute(userId: string, options: { forMs?: number; reason?: string } = {}): Promise<ChatMuted> {
    return this.#core.request("chat:mute", { channel: this.name, userId, ...options });
  }

  unmute(userId: string): Promise<ChatMuted> {
    return this.#core.request("chat:unmute", { channel: this.name, userId });
  }

  async leave(): Promise<void> {
    await this.#core.request("chat:leave", { channel: this.name });
  }

  /**
   * @internal Reads the newest messages. Known messages stay, unless reset is set because
   * the stream's past was lost.
   */
  async load(reset = false): Promise<void> {
    const page = await this.#core.request("chat:history", { channel: this.name });
    if (reset) {
      this.#set({ messages: [], pending: this.#unacked() });
      this.#acked.clear();
    }
    this.#merge(page.messages);
    const first = page.messages[0];
    if (!first || this.#state.value.messages[0]?.id === first.id) this.#set({ hasMore: page.hasMore });
  }

  /** @internal */
  joined(readTo: number, reads: Record<string, number>): void {
    this.#live = true;
    this.#set({ readTo, reads });
  }

  /** @internal The user has left the channel; the server sends no more pushes of it. */
  left(): void {
    this.#live = false;
    this.#set({ pending: this.#unacked() });
    this.#acked.clear();
  }

  /**
   * @internal Processes the acknowledgement of a message. The message stays pending until
   * its push arrives with its content.
   */
  acked(key: string, id: string): void {
    const failed = this.failed.find((message) => message.key === key);
    const known = this.#state.value.messages.some((message) => message.id === id);
    if (known || !this.#live) return this.#settle([key]);
    this.#acked.set(key, id);
    if (!failed) return; // an answer may arrive after the request failed
    const { error: _, ...message } = failed;
    this.#set({ failed: this.failed.filter((other) => other !== failed), pending: [...this.pending, message] });
  }

  /** @internal */
  message(message: ChatMessage): void {
    this.#typed(message.userId);
    this.#merge([message]);
  }

  /** @internal */
  amend(seq: number, change: (message: ChatMessage) => ChatMessage): void {
    const messages = this.#state.value.messages.map((message) => (seqOf(message) === seq ? change(message) : message));
    this.#set({ messages });
  }

  /** @internal */
  marked(userId: string, readTo: number): void {
    this.#set({ reads: { ...this.#state.value.reads, [userId]: readTo } });
    if (userId === this.#core.userId) this.#set({ readTo: Math.max(readTo, this.#state.value.readTo) });
  }

  /** @internal */
  typist(userId: string, name: string, typing: boolean): void {
    this.#typed(userId);
    if (!typing) return;
    this.#typists.set(userId, after(TYPING_MS, () => this.#typed(userId)));
    this.#set({ typing: { ...this.#state.value.typing, [userId]: name } });
  }

  #typed(userId: string): void {
    this.#typists.get(userId)?.();
    if (!this.#typists.delete(userId)) return;
    const { [userId]: _, ...typing } = this.#state.value.typing;
    this.#set({ typing });
  }

  async #post(message: PendingMessage): Promise<ChatSent> {
    const { since: _since, attempts: _attempts, ...body } = message;
    const { key } = message;
    this.#set({
      pending: [...this.pending.filter((other) => other.key !== key), message],
      failed: this.failed.filter((other) => other.key !== key),
    });
    const onAttempt = (attempts: number) =>
      this.#set({ pending: this.pending.map((other) => (other.key === key ? { ...other, attempts } : other)) });
    try {
      return await this.#core.request("chat:send", { ...body, channel: this.name }, { onAttempt });
    } catch (error) {
      const landed = this.#state.value.messages.find((other) => this.#own(other) && other.key === key);
      if (landed) return { id: landed.id, seq: seqOf(landed), ts: landed.meta?.ts ?? Date.now() }; // the push arrived, the answer did not
      this.#fail(key, error as AnteroomError);
      throw error;
    }
  }

  #fail(key: string, error: AnteroomError): void {
    const failed = this.pending.filter((message) => message.key === key).map((message) => ({ ...message, error }));
    this.#set({
      pending: this.pending.filter((message) => message.key !== key),
      failed: [...this.failed, ...failed].slice(-FAILED_KEPT),
    });
  }

  /** The pending messages without an acknowledgement. */
  #unacked(): readonly PendingMessage[] {
    return this.pending.filter(({ key }) => !this.#acked.has(key));
  }

  /** Removes messages that are in the log from pending and failed. */
  #settle(keys: Iterable<string>): void {
    this.#set(this.#without(new Set(keys)));
  }

  #without(keys: ReadonlySet<string>): Pick<ChannelState, "pending" | "failed"> {
    const { pending, failed } = this.#state.value;
    if (![...pending, ...failed].some(({ key }) => keys.has(key))) return { pending, failed };
    return { pending: pending.filter(({ key }) => !keys.has(key)), failed: failed.filter(({ key }) => !keys.has(key)) };
  }

  /** The keys of the user's own messages among the arrived messages. */
  #landed(arrived: readonly ChatMessage[]): Set<string> {
    const ids = new Set(arrived.map(({ id }) => id));
    const keys = arrived.flatMap((message) => (message.key !== undefined && this.#own(message) ? [message.key] : []));
    for (const [key, id] of this.#acked) if (ids.has(id)) keys.push(key);
    for (const key of keys) this.#acked.delete(key);
    return new Set(keys);
  }

  #own(message: ChatMessage): boolean {
    return message.userId === this.#core.userId;
  }

  #target(message: ChatMessage) {
    return { channel: this.name, seq: seqOf(message), id: message.id };
  }

  #merge(arrived: readonly ChatMessage[]): void {
    const byId = new Map(this.#state.value.messages.map((message) => [message.id, message]));
    for (const message of arrived) byId.set(message.id, message);
    const all = [...byId.values()].sort((a, b) => seqOf(a) - seqOf(b));
    // A single change, so that listeners never see a message twice.
    const own = this.#without(this.#landed(arrived));
    this.#set({ messages: all.slice(-KEPT), ...own, ...(all.length > KEPT && { hasMore: true }) });
  }

  #set(change: Partial<ChannelState>): void {
    this.#state.value = { ...this.#state.value, ...change };
  }
}

/** The seq of a message in its channel. */
export function seqOf(message: ChatMessage): number {
  return message.meta?.seq ?? 0;
}

/** The joined channels of this client, and the user's notices. */
export class ChatFacade {
  readonly #core: Core;
  readonly #channels = new Map<string, Channel>();
  readonly #notices = new State<readonly ChatNotice[]>([]);

  constructor(core: Core) {
    this.#core = core;
    core.answered("chat:join", (joined, { channel }, meta) => {
      core.follow(meta);
      this.channel(channel).joined(joined.readTo, joined.reads ?? {});
    });
    core.answered("chat:leave", (_, { channel }) => this.#left(channel));
    core.answered("chat:send", ({ id }, { channel, key }) => key !== undefined && this.#channels.get(channel)?.acked(key, id));
    core.onPush("chat:message", (message) => this.#channels.get(message.channel)?.message(message));
    core.onPush("chat:edited", ({ channel, seq, text, data, meta }) =>
      this.#channels.get(channel)?.amend(seq, (message) => {
        const { text: _text, data: _data, ...kept } = message;
        return { ...kept, ...(text !== undefined && { text }), ...(data !== undefined && { data }), editedAt: meta?.ts ?? Date.now() };
      }),
    );
    core.onPush("chat:deleted", ({ channel, seq }) =>
      this.#channels.get(channel)?.amend(seq, ({ text: _text, data: _data, ...message }) => ({ ...message, deleted: true })),
    );
    core.onPush("chat:reaction", ({ channel, seq, userId, reaction, removed }) =>
      this.#channels.get(channel)?.amend(seq, (message) => reacted(message, userId, reaction, removed ?? false)),
    );
    core.onPush("chat:read", ({ channel, userId, readTo }) => this.#channels.get(channel)?.marked(userId, readTo));
    core.onPush("chat:typing", ({ channel, userId, name, typing }) =>
      this.#channels.get(channel)?.typist(userId, name ?? userId, typing),
    );
    core.onPush("chat:notice", (notice) => (this.#notices.value = [...this.#notices.value, notice].slice(-50)));
    core.onPush("chat:noticeRemoved", ({ id }) => (this.#notices.value = this.#notices.value.filter((notice) => notice.id !== id)));
    core.lost((stream, refused) => {
      const channel = stream.startsWith("chat:") ? stream.slice("chat:".length) : "";
      if (refused) this.#gone(channel);
      else background(this.#channels.get(channel)?.load(true) ?? Promise.resolve());
    });
  }

  /** Messages for the user, also in channels that are not joined: the last 50. */
  get notices(): Observable<readonly ChatNotice[]> {
    return this.#notices;
  }

  /** Joins a channel, such as "lobby:{id}", and reads its newest messages. */
  async join(name: string): Promise<Channel> {
    const channel = this.channel(name);
    await this.#core.request("chat:join", { channel: name });
    await channel.load();
    return channel;
  }

  /**
   * Reads a page of the user's channels with their unread counts: those of lobbies, party
   * and topics, then the direct channels, latest first.
   */
  list(request: ChatChannels = {}): Promise<ChatChannelPage> {
    return this.#core.request("chat:channels", request);
  }

  /** Joins the direct channel between the user and another user. */
  direct(userId: string): Promise<Channel> {
    return this.join(directChannel(this.#core.userId ?? "", userId));
  }

  /** The channel of this name. It receives no pushes until it is joined. */
  channel(name: string): Channel {
    let channel = this.#channels.get(name);
    if (!channel) this.#channels.set(name, (channel = new Channel(this.#core, name)));
    return channel;
  }

  #gone(name: string): void {
    this.#channels.get(name)?.left();
    this.#channels.delete(name);
  }

  #left(name: string): void {
    this.#gone(name);
    this.#core.forget(`chat:${name}`);
  }
}

/**
 * The name of the channel between two users. The ids are ordered by their UTF-8 bytes. In
 * each id a colon is written as %3A, and a percent sign as %25 before 3A or 25.
 */
export function directChannel(one: string, other: string): string {
  const [first, second] = before(one, other) ? [one, other] : [other, one];
  return `direct:${escaped(first)}:${escaped(second)}`;
}

const escaped = (id: string) => id.replace(/%(?=3A|25)/g, "%25").replaceAll(":", "%3A");

// By code points, which is the order of UTF-8 bytes, unlike that of UTF-16 units.
function before(one: string, other: string): boolean {
  const a = [...one];
  const b = [...other];
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = a[i]!.codePointAt(0)! - b[i]!.codePointAt(0)!;
    if (difference !== 0) return difference < 0;
  }
  return a.length < b.length;
}

function reacted(message: ChatMessage, userId: string, reaction: string, removed: boolean): ChatMessage {
  const kinds = new Map((message.reactions ?? []).map((of) => [of.reaction, of.userIds]));
  const others = (kinds.get(reaction) ?? []).filter((id) => id !== userId);
  kinds.set(reaction, removed ? others : [...others, userId]);
  const reactions = [...kinds].filter(([, userIds]) => userIds.length > 0).map(([kind, userIds]) => ({ reaction: kind, userIds }));
  return { ...message, reactions };
}
