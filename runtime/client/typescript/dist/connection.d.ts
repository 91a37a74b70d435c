import { type ManagerOptions, type Socket, type SocketOptions } from "socket.io-client";
import { AnteroomError } from "./errors.js";
import { type Observable } from "./observable.js";
import { Requests, type Wire } from "./requests.js";
import { Streams } from "./streams.js";
import { type Ack, type ClientInfo, type ClientToServerEvents, type ServerToClientEvents, type SessionReady } from "./wire.js";
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
    /** How often a request is sent at most (6). */
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
/** One user's connection: it comes back by itself, with all of its streams. */
export declare class Connection implements Wire {
    #private;
    readonly socket: Socket<ServerToClientEvents, ClientToServerEvents>;
    readonly requests: Requests;
    readonly streams: Streams;
    constructor(options: ConnectOptions, owner: ConnectionOwner);
    get state(): Observable<ConnectionState>;
    session(): Promise<void>;
    emit(event: string, request: unknown, ack: (answer: Ack<unknown>) => void): void;
    /** Sends what needs no answer, when there is a session; otherwise it is dropped. */
    tell(event: string, request: unknown): void;
    answered(event: string, request: unknown, answer: Extract<Ack<unknown>, {
        ok: true;
    }>): void;
    /** Ends the connection for good. */
    close(error?: AnteroomError): void;
}
