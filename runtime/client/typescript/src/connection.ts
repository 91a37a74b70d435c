import { io, type ManagerOptions, type Socket, type SocketOptions } from "socket.io-client";
import { after, backoff } from "./clock.js";
import { AnteroomError } from "./errors.js";
import { State, type Observable } from "./observable.js";
import { Pace } from "./pace.js";
import { Requests, type Wire } from "./requests.js";
import { MAX_RESUMED, Streams } from "./streams.js";
import {
  PROTOCOL,
  type Ack,
  type ClientInfo,
  type ClientToServerEvents,
  type ConnectAuth,
  type ServerToClientEvents,
  type SessionReady,
  type SessionTerminated,
  type SyncLost,
  type SyncResumed,
  type WireError,
} from "./wire.js";

export interface ConnectOptions {
  /** Where the servers are, as in "https://play.example.com". */
  url: string;
  /** Gives the token; it is asked anew for each connection and before a token runs out. */
  token: () => string | Promise<string>;
  /** Names the program, for the servers' logs and metrics. */
  client?: ClientInfo;
  deviceId?: string;
  /** How long a request may take with all its tries, in milliseconds (30,000). */
  timeoutMs?: number;
  /** How often a request is sent at most, without the waits that the server asks for (no bound but timeoutMs). */
  attempts?: number;
  /** Options of socket.io-client, as transports and path. */
  socket?: Partial<ManagerOptions & SocketOptions>;
}

/**
 * - connecting: there is no session yet;
 * - ready: requests are answered;
 * - draining: as ready, but this server goes away soon, and the client will come back elsewhere;
 * - reconnecting: the connection is lost, and the client comes back by itself;
 * - closed: for good; error says why, unless close() was called.
 */
export type ConnectionStatus = "connecting" | "ready" | "draining" | "reconnecting" | "closed";

export interface ConnectionState {
  readonly status: ConnectionStatus;
  /** The last session. */
  readonly session?: SessionReady;
  /** Why the client is closed, or not connected at the moment. */
  readonly error?: AnteroomError;
}

/** What a connection calls. */
export interface ConnectionOwner {
  deliver(event: string, data: unknown): void;
  answered: Wire["answered"];
  /** A session began, and its streams are resumed. */
  ready(session: SessionReady): void;
  lost(stream: string, refused: boolean): void;
}

/** How often in a row a refused token is replaced by another one. */
const MAX_REFUSED_TOKENS = 3;
/** How long a resume may take before it is asked again, in milliseconds. */
const RESUME_PATIENCE_MS = 10_000;

/** One user's connection: it comes back by itself, with all of its streams. */
export class Connection implements Wire {
  readonly socket: Socket<ServerToClientEvents, ClientToServerEvents>;
  readonly requests: Requests;
  readonly streams: Streams;
  readonly #state = new State<ConnectionState>({ status: "connecting" });
  readonly #options: ConnectOptions;
  readonly #owner: ConnectionOwner;
  readonly #pace = new Pace();
  #waiting: { resolve: () => void; reject: (error: AnteroomError) => void }[] = [];
  #terminated: SessionTerminated | undefined;
  #refusals = 0;
  #refusedTokens = 0;
  #cancelComeback = () => {};

  constructor(options: ConnectOptions, owner: ConnectionOwner) {
    this.#options = options;
    this.#owner = owner;
    this.requests = new Requests(this, { timeoutMs: options.timeoutMs ?? 30_000, attempts: options.attempts ?? Infinity });
    this.streams = new Streams({
      deliver: (event, data) => owner.deliver(event, data),
      ask: (streams, afterMs) => this.#resumeAfter(afterMs ?? 0, streams),
      lost: (stream, refused) => owner.lost(stream, refused),
    });
    this.socket = io(options.url, {
      transports: ["websocket", "polling"],
      reconnectionDelay: 200,
      reconnectionDelayMax: 5_000,
      ...options.socket,
      forceNew: true,
      auth: (give) => void this.#auth(give),
    });
    this.socket.onAny((event: string, data: unknown) => this.#push(event, data));
    this.socket.on("connect_error", (error) => this.#refused(error));
    this.socket.on("disconnect", () => this.#disconnected());
  }

  get state(): Observable<ConnectionState> {
    return this.#state;
  }

  session(): Promise<void> {
    const { status, error } = this.#state.value;
    if (status === "closed") return Promise.reject(error ?? closed());
    if (this.#open) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  turn(): number {
    return this.#pace.turn();
  }

  emit(event: string, request: unknown, ack: (answer: Ack<unknown>) => void): void {
    this.#raw.emit(event, request, ack);
  }

  /** Sends what needs no answer, when there is a session and its limits leave room; otherwise it is dropped. */
  tell(event: string, request: unknown): void {
    if (this.#open && this.#pace.now()) this.#raw.emit(event, request);
  }

  answered(event: string, request: unknown, answer: Extract<Ack<unknown>, { ok: true }>): void {
    this.#owner.answered(event, request, answer);
  }

  /** Ends the connection for good. */
  close(error?: AnteroomError): void {
    if (this.#state.value.status === "closed") return;
    this.#cancelComeback();
    this.#change({ status: "closed", error });
    this.requests.cut(error ?? closed(), true);
    this.socket.disconnect();
    for (const { reject } of this.#waiting.splice(0)) reject(error ?? closed());
  }

  // The events are data here, so their types do not help.
  get #raw(): { emit(event: string, ...args: unknown[]): void } {
    return this.socket as never;
  }

  get #open(): boolean {
    const { status } = this.#state.value;
    return status === "ready" || status === "draining";
  }

  #change(to: { status: ConnectionStatus; session?: SessionReady; error?: AnteroomError | undefined }): void {
    const session = to.session ?? this.#state.value.session;
    this.#state.value = { status: to.status, ...(session && { session }), ...(to.error && { error: to.error }) };
  }

  async #auth(give: (auth: object) => void): Promise<void> {
    let token: string;
    try {
      token = await this.#options.token();
    } catch (cause) {
      this.#failed(new AnteroomError({ code: "no_token", message: `token() failed: ${String(cause)}`, retryable: true }));
      return;
    }
    const { client, deviceId } = this.#options;
    const streams = this.streams.asking(this.streams.names().slice(0, MAX_RESUMED));
    const auth: ConnectAuth = {
      token,
      protocol: PROTOCOL,
      ...(client && { client }),
      ...(deviceId !== undefined && { deviceId }),
      ...(streams.length > 0 && { resume: { streams } }),
    };
    give(auth);
  }

  #push(event: string, data: unknown): void {
    switch (event) {
      case "session:ready":
        this.#ready(data as SessionReady);
        break;
      case "session:draining":
        this.#change({ status: "draining" });
        break;
      case "session:terminated":
        this.#terminated = data as SessionTerminated;
        break;
      case "session:expiring":
        void this.#refresh();
        break;
      case "sync:lost":
        for (const stream of (data as SyncLost).streams) this.streams.refused(stream);
        break;
    }
    this.streams.push(event, data);
  }

  #ready(session: SessionReady): void {
    this.#refusals = 0;
    this.#refusedTokens = 0;
    this.#terminated = undefined;
    this.#pace.begin(session.limits);
    this.streams.resumed(session.resumed ?? []);
    for (const at of session.follows ?? []) this.streams.follow(at);
    this.#change({ status: "ready", session });
    const rest = this.streams.names().slice(MAX_RESUMED);
    for (let i = 0; i < rest.length; i += MAX_RESUMED) this.#resume(rest.slice(i, i + MAX_RESUMED));
    this.#owner.ready(session);
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  /** Asks for streams after a while, if this connection still lives: another one asks by itself. */
  #resumeAfter(afterMs: number, names: string[]): void {
    if (afterMs === 0) return this.#resume(names);
    const id = this.socket.id;
    after(afterMs, () => {
      if (this.socket.id === id && this.socket.connected) this.#resume(names);
    });
  }

  /** Asks for what was missed of streams. When the connection ends before the answer, the next one asks. */
  #resume(names: string[]): void {
    const streams = this.streams.asking(names);
    const again = () => {
      if (this.socket.id === id && this.socket.connected) this.#resume(names);
    };
    const id = this.socket.id;
    const cancel = after(RESUME_PATIENCE_MS, again);
    this.emit("sync:resume", { streams }, (answer) => {
      cancel();
      if (answer.ok) this.streams.resumed((answer.data as SyncResumed).streams);
      else after(answer.error.retryAfterMs ?? 1_000, again);
    });
  }

  /** Replaces the token of the session; when that fails, the server ends the session, and the next one has another. */
  async #refresh(): Promise<void> {
    try {
      await this.requests.request("session:refresh", { token: await this.#options.token() });
    } catch (cause) {
      const error = cause instanceof AnteroomError ? cause : new AnteroomError({ code: "no_token", message: String(cause) });
      if (this.#open) this.#change({ status: this.#state.value.status, error });
    }
  }

  /** A connection that was refused. What is no refusal of the server is tried again by socket.io-client. */
  #refused(cause: Error & { data?: WireError }): void {
    const refusal = cause.data;
    if (!refusal?.code) {
      this.#lost(new AnteroomError({ code: "unavailable", message: cause.message, retryable: true }));
      return;
    }
    const error = new AnteroomError(refusal);
    const staleToken = error.code === "token_expired" && ++this.#refusedTokens <= MAX_REFUSED_TOKENS;
    if (error.retryable || staleToken) this.#failed(error);
    else this.close(error);
  }

  /** The client comes back by itself, since socket.io-client does not. */
  #failed(error: AnteroomError): void {
    if (this.#state.value.status === "closed") return;
    this.#lost(error);
    this.socket.disconnect();
    this.#cancelComeback();
    this.#cancelComeback = after(error.retryAfterMs ?? backoff(++this.#refusals), () => this.socket.connect());
  }

  #disconnected(): void {
    if (this.#state.value.status === "closed") return;
    const terminated = this.#terminated;
    const error = new AnteroomError({
      code: terminatedCode(terminated),
      message: terminated?.message ?? "the connection was lost",
      retryable: terminated?.reconnect ?? true,
    });
    if (terminated && !terminated.reconnect) this.close(error);
    else if (this.socket.active) this.#lost(error);
    else this.#failed(error);
  }

  #lost(error: AnteroomError): void {
    this.requests.cut(error);
    if (this.#state.value.status === "closed") return;
    this.#change({ status: this.#state.value.session ? "reconnecting" : "connecting", error });
  }
}

const closed = () => new AnteroomError({ code: "closed", message: "the client is closed" });

/** The reason of an end as the code of an error. */
function terminatedCode(terminated: SessionTerminated | undefined): AnteroomError["code"] {
  switch (terminated?.code) {
    case "unauthenticated":
    case "banned":
    case "unsupported_protocol":
    case "draining":
    case "token_expired":
    case "rate_limited":
      return terminated.code;
    case "replaced":
      return "closed";
  }
  return "unavailable";
}
