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
  /** The URL of the servers, such as "https://play.example.com". */
  url: string;
  /** Returns the token. It is called for each connection, and before a token expires. */
  token: () => string | Promise<string>;
  /** Identifies the program in the servers' logs and metrics. */
  client?: ClientInfo;
  deviceId?: string;
  /** The timeout of a request with all its tries, in milliseconds (30,000). */
  timeoutMs?: number;
  /**
   * The number of tries of a request, without waits that the server requests (unlimited
   * within timeoutMs).
   */
  attempts?: number;
  /** Options of socket.io-client, such as transports and path. */
  socket?: Partial<ManagerOptions & SocketOptions>;
}

/**
 * - connecting: there is no session yet;
 * - ready: requests are answered;
 * - draining: like ready, but this server stops soon, and the client will reconnect to another server;
 * - reconnecting: the connection is lost, and the client reconnects by itself;
 * - closed: final; error has the reason, unless close() was called.
 */
export type ConnectionStatus = "connecting" | "ready" | "draining" | "reconnecting" | "closed";

export interface ConnectionState {
  readonly status: ConnectionStatus;
  /** The last session. */
  readonly session?: SessionReady;
  /** The reason why the client is closed or not connected. */
  readonly error?: AnteroomError;
}

/** The callbacks of a connection. */
export interface ConnectionOwner {
  deliver(event: string, data: unknown): void;
  answered: Wire["answered"];
  /** A session began, and its streams were resumed. */
  ready(session: SessionReady): void;
  lost(stream: string, refused: boolean): void;
}

/** The number of consecutive refused tokens that are replaced by calling token() again. */
const MAX_REFUSED_TOKENS = 3;
/** The time after which an unanswered resume is repeated, in milliseconds. */
const RESUME_PATIENCE_MS = 10_000;

/** A user's connection: it reconnects by itself and resumes its streams. */
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

  /**
   * Sends an event without an acknowledgement. It is dropped without a session, or above
   * the session's rate.
   */
  emitSilent(event: string, request: unknown): void {
    if (this.#open && this.#pace.now()) this.#raw.emit(event, request);
  }

  answered(event: string, request: unknown, answer: Extract<Ack<unknown>, { ok: true }>): void {
    this.#owner.answered(event, request, answer);
  }

  /** Closes the connection for good. */
  close(error?: AnteroomError): void {
    if (this.#state.value.status === "closed") return;
    this.#cancelComeback();
    this.#change({ status: "closed", error });
    this.requests.cut(error ?? closed(), true);
    this.socket.disconnect();
    for (const { reject } of this.#waiting.splice(0)) reject(error ?? closed());
  }

  // Event names are data here, so the typed emit does not fit.
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

  /**
   * Resumes streams after a delay if this connection still exists; a later connection
   * resumes by itself.
   */
  #resumeAfter(afterMs: number, names: string[]): void {
    if (afterMs === 0) return this.#resume(names);
    const id = this.socket.id;
    after(afterMs, () => {
      if (this.socket.id === id && this.socket.connected) this.#resume(names);
    });
  }

  /** Resumes streams. When the connection ends before the answer, the next connection resumes. */
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

  /**
   * Replaces the token of the session. After a failure the server ends the session, and the
   * next one gets another token.
   */
  async #refresh(): Promise<void> {
    try {
      await this.requests.request("session:refresh", { token: await this.#options.token() });
    } catch (cause) {
      const error = cause instanceof AnteroomError ? cause : new AnteroomError({ code: "no_token", message: String(cause) });
      if (this.#open) this.#change({ status: this.#state.value.status, error });
    }
  }

  /**
   * Handles a refused connection. socket.io-client itself retries errors that are not
   * refusals of the server.
   */
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

  /** Schedules a reconnect, because socket.io-client does not reconnect in this case. */
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

/** The error code for the reason of a terminated session. */
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
