import { type Core } from "./facade.js";
import { type Observable } from "./observable.js";
import type { ChatChanged, ChatMessage, ChatMuted, ChatNotice, ChatReacted, ChatSend, ChatSent } from "./wire.js";
export interface ChannelState {
    /** The newest messages, at most 500, in order, as they are now: edited, deleted, with reactions. */
    readonly messages: readonly ChatMessage[];
    /** There are older ones: older() fetches them. */
    readonly hasMore: boolean;
    /** The user's own read mark, a seq. */
    readonly readTo: number;
    /** The read marks of others, by user id. */
    readonly reads: Readonly<Record<string, number>>;
    /** Who types now: names, or ids, by user id. */
    readonly typing: Readonly<Record<string, string>>;
}
/** A channel that was joined. */
export declare class Channel {
    #private;
    readonly name: string;
    constructor(core: Core, name: string);
    get state(): Observable<ChannelState>;
    /** Sends a text, or a message of another type. */
    send(message: string | Omit<ChatSend, "channel">): Promise<ChatSent>;
    edit(message: ChatMessage, to: {
        text?: string;
        data?: unknown;
    }): Promise<ChatChanged>;
    delete(message: ChatMessage, reason?: string): Promise<ChatChanged>;
    react(message: ChatMessage, reaction: string, remove?: boolean): Promise<ChatReacted>;
    /** Moves the user's read mark: to a message, or to the newest. */
    read(message?: ChatMessage | undefined): Promise<void>;
    /** Says that the user is typing, or stopped. */
    typing(typing?: boolean): void;
    /** Fetches messages before those that are known; it tells whether there are still more. */
    older(limit?: number): Promise<boolean>;
    mute(userId: string, options?: {
        forMs?: number;
        reason?: string;
    }): Promise<ChatMuted>;
    unmute(userId: string): Promise<ChatMuted>;
    leave(): Promise<void>;
    /** @internal Reads the newest messages; those that are known stay, unless the past was lost. */
    load(anew?: boolean): Promise<void>;
    /** @internal */
    joined(readTo: number, reads: Record<string, number>): void;
    /** @internal */
    message(message: ChatMessage): void;
    /** @internal */
    amend(seq: number, change: (message: ChatMessage) => ChatMessage): void;
    /** @internal */
    marked(userId: string, readTo: number): void;
    /** @internal */
    typist(userId: string, name: string, typing: boolean): void;
}
/** The seq of a message in its channel. */
export declare function seqOf(message: ChatMessage): number;
/** The channels that the user has joined on this client. */
export declare class ChatFacade {
    #private;
    constructor(core: Core);
    /** Messages that are for the user, also in channels that it has not joined: the last 50. */
    get notices(): Observable<readonly ChatNotice[]>;
    /** Joins a channel, as "lobby:{id}", and reads its newest messages. */
    join(name: string): Promise<Channel>;
    /** The channel between the user and another one. */
    direct(userId: string): Promise<Channel>;
    /** The channel of this name; nothing comes in it until it is joined. */
    channel(name: string): Channel;
}
/** The name of the channel between two users, whose ids stand in the order of their bytes in UTF-8. */
export declare function directChannel(one: string, other: string): string;
