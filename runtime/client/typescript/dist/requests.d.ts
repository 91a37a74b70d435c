import { AnteroomError } from "./errors.js";
import { type Ack, type ClientToServerEvents } from "./wire.js";
/** The events that are acknowledged. */
export type RequestEvent = {
    [E in keyof ClientToServerEvents]: Parameters<ClientToServerEvents[E]> extends [unknown, unknown] ? E : never;
}[keyof ClientToServerEvents];
/** The events that are sent without an answer. */
export type SilentEvent = Exclude<keyof ClientToServerEvents, RequestEvent>;
/** What is sent with an event. */
export type Request<E extends keyof ClientToServerEvents> = Parameters<ClientToServerEvents[E]>[0];
/** What acknowledges an event. */
export type Answer<E extends RequestEvent> = Parameters<ClientToServerEvents[E]> extends [unknown, (answer: Ack<infer Data>) => void] ? Data : never;
export interface RequestOptions {
    /** Milliseconds until the request has failed, with all its tries; the client's timeoutMs when left out. */
    timeoutMs?: number;
    /** How often it is sent at most; the client's attempts when left out. */
    attempts?: number;
}
/** The connection, as requests see it. */
export interface Wire {
    /** Resolves once a session is there; rejects when there will be none. */
    session(): Promise<unknown>;
    emit(event: string, request: unknown, ack: (answer: Ack<unknown>) => void): void;
    /** Takes an answer, at its place among the pushes. */
    answered(event: string, request: unknown, answer: Extract<Ack<unknown>, {
        ok: true;
    }>): void;
}
/**
 * Sends requests until they are answered, within bounds. Mutations get an idempotency
 * key, so that sending them again is safe; all others change nothing that matters twice.
 */
export declare class Requests {
    #private;
    constructor(wire: Wire, defaults: Required<RequestOptions>);
    request(event: string, request: object, options?: RequestOptions): Promise<unknown>;
    /** Ends the tries that wait for an answer of a connection that is over. */
    cut(error: AnteroomError): void;
}
