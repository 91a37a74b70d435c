import { ChatFacade } from "./chat.js";
import { Connection } from "./connection.js";
import { background } from "./facade.js";
import { LobbyFacade } from "./lobby.js";
import { MatchmakingFacade } from "./matchmaking.js";
import { NotificationsFacade } from "./notifications.js";
import { guarded } from "./observable.js";
import { PartyFacade } from "./party.js";
import { PresenceFacade } from "./presence.js";
/** A user's client. */
export class AnteroomClient {
    lobby;
    chat;
    party;
    matchmaking;
    presence;
    notifications;
    #connection;
    #hears = new Map();
    #answers = new Map();
    #begins = [];
    #losses = [];
    #listeners = new Set();
    #loaded = false;
    constructor(options) {
        this.#connection = new Connection(options, {
            deliver: (event, data) => this.#deliver(event, data),
            answered: (event, request, answer) => this.#answered(event, request, answer),
            ready: (session) => this.#ready(session),
            lost: (stream, refused) => this.#lost(stream, refused),
        });
        const core = this.#core();
        this.lobby = new LobbyFacade(core);
        this.chat = new ChatFacade(core);
        this.party = new PartyFacade(core);
        this.matchmaking = new MatchmakingFacade(core);
        this.presence = new PresenceFacade(core);
        this.notifications = new NotificationsFacade(core);
    }
    /** How the connection stands. */
    get connection() {
        return this.#connection.state;
    }
    /** The user, once a session is there. */
    get userId() {
        return this.#connection.state.value.session?.userId;
    }
    /** Resolves when there is a session, and rejects with an AnteroomError when the client is closed. */
    async ready() {
        await this.#connection.session();
        return this.#connection.state.value.session;
    }
    /**
     * Sends a request until it is answered, within the bounds of the options: over lost
     * connections, too, since every mutation has an idempotency key. A refusal, and giving
     * up, reject with an AnteroomError.
     */
    async request(event, request, options) {
        return (await this.#connection.requests.request(event, request, options));
    }
    on(event, listener) {
        return this.onAny((name, push) => name === event && listener(push));
    }
    /** Hears every push. */
    onAny(listener) {
        const own = (event, push) => listener(event, push);
        this.#listeners.add(own);
        return () => this.#listeners.delete(own);
    }
    /** Cuts the transport, as a lost network would; the client comes back by itself. For tests and demonstrations. */
    cut() {
        this.#connection.socket.io.engine.close();
    }
    /** Ends the client for good; what waits for an answer rejects. */
    close() {
        this.#connection.close();
    }
    #core() {
        const client = this;
        return {
            get userId() {
                return client.userId;
            },
            request: (event, request, options) => client.request(event, request, options),
            tell: (event, request) => client.#connection.tell(event, request),
            hear: (event, listener) => append(client.#hears, event, (_, push) => listener(push)),
            answered: (event, listener) => append(client.#answers, event, listener),
            ready: (listener) => void client.#begins.push(listener),
            lost: (listener) => void client.#losses.push(listener),
            follow: (meta) => !meta || client.#connection.streams.follow(meta),
            forget: (stream) => client.#connection.streams.forget(stream),
        };
    }
    #deliver(event, push) {
        for (const hear of this.#hears.get(event) ?? [])
            hear(event, push);
        for (const listener of [...this.#listeners])
            guarded(() => listener(event, push));
    }
    #answered(event, request, { data, meta }) {
        for (const hear of this.#answers.get(event) ?? [])
            hear(data, request, meta);
    }
    #ready(session) {
        for (const begin of this.#begins)
            begin(session);
        if (!this.#loaded)
            this.#load(session);
        this.#loaded = true;
    }
    /** Reads what pushes only tell the changes of. */
    #load({ features }) {
        if (features["party"])
            background(this.party.get());
        if (features["matchmaking"])
            background(this.matchmaking.refresh());
        if (features["notifications"])
            background(this.notifications.list());
    }
    #lost(stream, refused) {
        const session = this.#connection.state.value.session;
        if (session && stream === `user:${session.userId}`)
            this.#loaded = false;
        if (session && !this.#loaded && this.#connection.state.value.status === "ready")
            this.#load(session);
        for (const lose of this.#losses)
            lose(stream, refused);
    }
}
function append(to, event, listener) {
    to.set(event, [...(to.get(event) ?? []), listener]);
}
/**
 * Connects a user. It returns at once; requests wait for the session.
 *
 *     const client = connect({ url: "https://play.example.com", token: () => fetchToken() });
 */
export function connect(options) {
    return new AnteroomClient(options);
}
