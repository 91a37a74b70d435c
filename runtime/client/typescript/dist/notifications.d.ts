import { type Core } from "./facade.js";
import { type Observable } from "./observable.js";
import type { Notification, NotifyList, NotifyPage } from "./wire.js";
/** The user's inbox. What arrives is acknowledged by itself; what is read the application says. */
export declare class NotificationsFacade {
    #private;
    constructor(core: Core);
    /** The newest notifications that are known here, newest first; at most 100. */
    get items(): Observable<readonly Notification[]>;
    /** How many are unread, on all devices: the number of the badge. */
    get unread(): Observable<number>;
    /** Reads a page of the inbox, newest first. */
    list(request?: NotifyList): Promise<NotifyPage>;
    /** Marks as read: some, one and all before it, or all. */
    read(which: {
        ids: string[];
    } | {
        upTo: string;
    } | {
        all: true;
    }): Promise<void>;
    delete(ids: string[]): Promise<void>;
    /** Subscribes the user to topics, on all devices and also while it is away; gives all of its topics. */
    subscribe(topics: string[]): Promise<string[]>;
    unsubscribe(topics: string[]): Promise<string[]>;
}
