import type { Core } from "./facade.js";
import { type Observable } from "./observable.js";
import type { MMCancelled, MMEnqueue, MMMatched, MMProposal, MMQueue, MMTicket } from "./wire.js";
/** The user's tickets, and the matches that they lead to. */
export declare class MatchmakingFacade {
    #private;
    constructor(core: Core);
    /** The tickets that search or are proposed for a match. */
    get tickets(): Observable<readonly MMTicket[]>;
    /** Matches that wait for accept() or decline(), until their deadlineAt. */
    get proposals(): Observable<readonly MMProposal[]>;
    /** The last match: where to play. */
    get matched(): Observable<MMMatched | undefined>;
    /** The last ticket that was not matched, and why. */
    get cancelled(): Observable<MMCancelled | undefined>;
    queues(): Promise<MMQueue[]>;
    enqueue(request: MMEnqueue): Promise<MMTicket>;
    cancel(ticketId: string): Promise<void>;
    accept(proposalId: string): Promise<void>;
    decline(proposalId: string): Promise<void>;
    /** Reads tickets and proposals anew, also those of other devices. */
    refresh(): Promise<void>;
}
