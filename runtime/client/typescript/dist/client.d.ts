import { ChatFacade } from "./chat.js";
import { type ConnectionState, type ConnectOptions } from "./connection.js";
import { type Push } from "./facade.js";
import { LobbyFacade } from "./lobby.js";
import { MatchmakingFacade } from "./matchmaking.js";
import { NotificationsFacade } from "./notifications.js";
import { type Observable } from "./observable.js";
import { PartyFacade } from "./party.js";
import { PresenceFacade } from "./presence.js";
import type { Answer, Request, RequestEvent, RequestOptions } from "./requests.js";
import type { ServerToClientEvents, SessionReady } from "./wire.js";
/** A user's client. */
export declare class AnteroomClient {
    #private;
    readonly lobby: LobbyFacade;
    readonly chat: ChatFacade;
    readonly party: PartyFacade;
    readonly matchmaking: MatchmakingFacade;
    readonly presence: PresenceFacade;
    readonly notifications: NotificationsFacade;
    constructor(options: ConnectOptions);
    /** How the connection stands. */
    get connection(): Observable<ConnectionState>;
    /** The user, once a session is there. */
    get userId(): string | undefined;
    /** Resolves when there is a session, and rejects with an AnteroomError when the client is closed. */
    ready(): Promise<SessionReady>;
    /**
     * Sends a request until it is answered, within the bounds of the options: over lost
     * connections, too, since every mutation has an idempotency key. A refusal, and giving
     * up, reject with an AnteroomError.
     */
    request<E extends RequestEvent>(event: E, request: Request<E>, options?: RequestOptions): Promise<Answer<E>>;
    /**
     * Hears a push: one of the contract, or a back end's own event. Pushes come each once,
     * and in the order of their stream. The returned function ends it.
     */
    on<E extends keyof ServerToClientEvents>(event: E, listener: (push: Push<E>) => void): () => void;
    on(event: string, listener: (push: unknown) => void): () => void;
    /** Hears every push. */
    onAny(listener: (event: string, push: unknown) => void): () => void;
    /** Cuts the transport, as a lost network would; the client comes back by itself. For tests and demonstrations. */
    cut(): void;
    /** Ends the client for good; what waits for an answer rejects. */
    close(): void;
}
/**
 * Connects a user. It returns at once; requests wait for the session.
 *
 *     const client = connect({ url: "https://play.example.com", token: () => fetchToken() });
 */
export declare function connect(options: ConnectOptions): AnteroomClient;
