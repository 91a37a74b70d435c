import { ChatFacade } from "./chat.js";
import { Connection, type ConnectionState, type ConnectOptions } from "./connection.js";
import { background, type Core, type Push } from "./facade.js";
import { LobbyFacade } from "./lobby.js";
import { MatchmakingFacade } from "./matchmaking.js";
import { NotificationsFacade } from "./notifications.js";
import { guarded, type Observable } from "./observable.js";
import { PartyFacade } from "./party.js";
import { PresenceFacade } from "./presence.js";
import type { Answer, Request, RequestEvent, RequestOptions, SilentEvent } from "./requests.js";
import type { Ack, ServerToClientEvents, SessionReady } from "./wire.js";

type Listener = (event: string, push: unknown) => void;

/** A user's client. */
export class AnteroomClient {
  readonly lobby: LobbyFacade;
  readonly chat: ChatFacade;
  readonly party: PartyFacade;
  readonly matchmaking: MatchmakingFacade;
  readonly presence: PresenceFacade;
  readonly notifications: NotificationsFacade;
  readonly #connection: Connection;
  readonly #pushListeners = new Map<string, Listener[]>();
  readonly #answers = new Map<string, ((data: unknown, request: unknown, meta: unknown) => void)[]>();
  readonly #begins: ((session: SessionReady, fresh: boolean) => void)[] = [];
  readonly #losses: ((stream: string, refused: boolean) => void)[] = [];
  readonly #listeners = new Set<Listener>();
  #loaded = false;

  constructor(options: ConnectOptions) {
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

  /** The state of the connection. */
  get connection(): Observable<ConnectionState> {
    return this.#connection.state;
  }

  /** The user's id; undefined before the first session. */
  get userId(): string | undefined {
    return this.#connection.state.value.session?.userId;
  }

  /** Resolves when a session is ready; rejects with an AnteroomError when the client is closed. */
  async ready(): Promise<SessionReady> {
    await this.#connection.session();
    return this.#connection.state.value.session as SessionReady;
  }

  /**
   * Sends a request until it is answered, within the bounds of the options. It also sends
   * the request again after a lost connection, because every mutation has an idempotency
   * key. A final refusal and a timeout reject with an AnteroomError.
   */
  async request<E extends RequestEvent>(event: E, request: Request<E>, options?: RequestOptions): Promise<Answer<E>> {
    return (await this.#connection.requests.request(event, request, options)) as Answer<E>;
  }

  /**
   * Calls the listener for each push of an event of the contract, or of a back end's own
   * event. Each push arrives once, in the order of its stream. The returned function
   * removes the listener.
   */
  on<E extends keyof ServerToClientEvents>(event: E, listener: (push: Push<E>) => void): () => void;
  on(event: string, listener: (push: unknown) => void): () => void;
  on(event: string, listener: (push: never) => void): () => void {
    return this.onAny((name, push) => name === event && listener(push as never));
  }

  /** Calls the listener for every push. The returned function removes it. */
  onAny(listener: (event: string, push: unknown) => void): () => void {
    const own: Listener = (event, push) => listener(event, push);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  /**
   * Closes the transport like a lost network; the client reconnects by itself. For tests
   * and demonstrations.
   */
  cut(): void {
    this.#connection.socket.io.engine.close();
  }

  /** Closes the client for good; waiting requests reject. */
  close(): void {
    this.#connection.close();
  }

  #core(): Core {
    const client = this;
    return {
      get userId() {
        return client.userId;
      },
      request: (event, request, options) => client.request(event, request, options),
      emitSilent: (event: SilentEvent, request: unknown) => client.#connection.emitSilent(event, request),
      onPush: (event, listener) => append(client.#pushListeners, event, (_, push) => listener(push as never)),
      answered: (event, listener) => append(client.#answers, event, listener as never),
      ready: (listener) => void client.#begins.push(listener),
      lost: (listener) => void client.#losses.push(listener),
      follow: (meta) => !meta || client.#connection.streams.follow(meta),
      forget: (stream) => client.#connection.streams.forget(stream),
    };
  }

  #deliver(event: string, push: unknown): void {
    for (const listener of this.#pushListeners.get(event) ?? []) listener(event, push);
    for (const listener of [...this.#listeners]) guarded(() => listener(event, push));
  }

  #answered(event: string, request: unknown, { data, meta }: Extract<Ack<unknown>, { ok: true }>): void {
    for (const listener of this.#answers.get(event) ?? []) listener(data, request, meta);
  }

  #ready(session: SessionReady): void {
    const fresh = !this.#loaded;
    this.#loaded = true;
    for (const begin of this.#begins) begin(session, fresh);
    if (fresh && session.features["notifications"]) background(this.notifications.list());
  }

  /** Reads the user's state during a session, because events of the user stream were lost. */
  #reload({ features }: SessionReady): void {
    if (features["lobby"]) background(this.lobby.refresh());
    if (features["party"]) background(this.party.get());
    if (features["matchmaking"]) background(this.matchmaking.refresh());
    if (features["notifications"]) background(this.notifications.list());
  }

  #lost(stream: string, refused: boolean): void {
    const { status, session } = this.#connection.state.value;
    if (session && stream === `user:${session.userId}`) {
      this.#loaded = status === "ready";
      if (this.#loaded) this.#reload(session);
    }
    for (const lose of this.#losses) lose(stream, refused);
  }
}

function append<T>(to: Map<string, T[]>, event: string, listener: T): void {
  to.set(event, [...(to.get(event) ?? []), listener]);
}

/**
 * Connects a user. It returns at once; requests wait for the session.
 *
 *     const client = connect({ url: "https://play.example.com", token: () => fetchToken() });
 */
export function connect(options: ConnectOptions): AnteroomClient {
  return new AnteroomClient(options);
}
