import { io } from "socket.io-client";
import { after, backoff } from "./clock.js";
import { AnteroomError } from "./errors.js";
import { State } from "./observable.js";
import { Requests } from "./requests.js";
import { MAX_RESUMED, Streams } from "./streams.js";
import { PROTOCOL, } from "./wire.js";
/** How often in a row a refused token is replaced by another one. */
const MAX_REFUSED_TOKENS = 3;
/** How long a resume may take before it is asked again, in milliseconds. */
const RESUME_PATIENCE_MS = 10_000;
/** One user's connection: it comes back by itself, with all of its streams. */
export class Connection {
    socket;
    requests;
    streams;
    #state = new State({ status: "connecting" });
    #options;
    #owner;
    #waiting = [];
    #terminated;
    #refusals = 0;
    #refusedTokens = 0;
    #cancelComeback = () => { };
    constructor(options, owner) {
        this.#options = options;
        this.#owner = owner;
        this.requests = new Requests(this, { timeoutMs: options.timeoutMs ?? 30_000, attempts: options.attempts ?? 6 });
        this.streams = new Streams({
            deliver: (event, data) => owner.deliver(event, data),
            ask: (streams) => this.#resume(streams),
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
        this.socket.onAny((event, data) => this.#push(event, data));
        this.socket.on("connect_error", (error) => this.#refused(error));
        this.socket.on("disconnect", () => this.#disconnected());
    }
    get state() {
        return this.#state;
    }
    session() {
        const { status, error } = this.#state.value;
        if (status === "closed")
            return Promise.reject(error ?? closed());
        if (this.#open)
            return Promise.resolve();
        return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
    }
    emit(event, request, ack) {
        this.#raw.emit(event, request, ack);
    }
    /** Sends what needs no answer, when there is a session; otherwise it is dropped. */
    tell(event, request) {
        if (this.#open)
            this.#raw.emit(event, request);
    }
    answered(event, request, answer) {
        this.#owner.answered(event, request, answer);
    }
    /** Ends the connection for good. */
    close(error) {
        if (this.#state.value.status === "closed")
            return;
        this.#cancelComeback();
        this.#change({ status: "closed", error });
        this.requests.cut(error ?? closed());
        this.socket.disconnect();
        for (const { reject } of this.#waiting.splice(0))
            reject(error ?? closed());
    }
    // The events are data here, so their types do not help.
    get #raw() {
        return this.socket;
    }
    get #open() {
        const { status } = this.#state.value;
        return status === "ready" || status === "draining";
    }
    #change(to) {
        const session = to.session ?? this.#state.value.session;
        this.#state.value = { status: to.status, ...(session && { session }), ...(to.error && { error: to.error }) };
    }
    async #auth(give) {
        let token;
        try {
            token = await this.#options.token();
        }
        catch (cause) {
            this.#failed(new AnteroomError({ code: "no_token", message: `token() failed: ${String(cause)}`, retryable: true }));
            return;
        }
        const { client, deviceId } = this.#options;
        const streams = this.streams.asking(this.streams.names().slice(0, MAX_RESUMED));
        const auth = {
            token,
            protocol: PROTOCOL,
            ...(client && { client }),
            ...(deviceId !== undefined && { deviceId }),
            ...(streams.length > 0 && { resume: { streams } }),
        };
        give(auth);
    }
    #push(event, data) {
        switch (event) {
            case "session:ready":
                this.#ready(data);
                break;
            case "session:draining":
                this.#change({ status: "draining" });
                break;
            case "session:terminated":
                this.#terminated = data;
                break;
            case "session:expiring":
                void this.#refresh();
                break;
        }
        this.streams.push(event, data);
    }
    #ready(session) {
        this.#refusals = 0;
        this.#refusedTokens = 0;
        this.#terminated = undefined;
        this.streams.resumed(session.resumed ?? []);
        this.#change({ status: "ready", session });
        const rest = this.streams.names().slice(MAX_RESUMED);
        for (let i = 0; i < rest.length; i += MAX_RESUMED)
            this.#resume(rest.slice(i, i + MAX_RESUMED));
        this.#begin(`user:${session.userId}`);
        this.#owner.ready(session);
        for (const { resolve } of this.#waiting.splice(0))
            resolve();
    }
    /** Learns where a stream is that the server has the session follow, so that nothing of it is missed from now on. */
    #begin(stream) {
        if (this.streams.knows(stream))
            return;
        this.emit("sync:resume", { streams: [{ stream, epoch: "", seq: 0 }] }, (answer) => {
            const result = answer.ok ? answer.data.streams[0] : undefined;
            if (result && !result.error)
                this.streams.follow(result);
        });
    }
    /** Asks for what was missed of streams. When the connection ends before the answer, the next one asks. */
    #resume(names) {
        const streams = this.streams.asking(names);
        const again = () => {
            if (this.socket.id === id && this.socket.connected)
                this.#resume(names);
        };
        const id = this.socket.id;
        const cancel = after(RESUME_PATIENCE_MS, again);
        this.emit("sync:resume", { streams }, (answer) => {
            cancel();
            if (answer.ok)
                this.streams.resumed(answer.data.streams);
            else
                after(answer.error.retryAfterMs ?? 1_000, again);
        });
    }
    /** Replaces the token of the session; when that fails, the server ends the session, and the next one has another. */
    async #refresh() {
        try {
            await this.requests.request("session:refresh", { token: await this.#options.token() });
        }
        catch (cause) {
            const error = cause instanceof AnteroomError ? cause : new AnteroomError({ code: "no_token", message: String(cause) });
            if (this.#open)
                this.#change({ status: this.#state.value.status, error });
        }
    }
    /** A connection that was refused. What is no refusal of the server is tried again by socket.io-client. */
    #refused(cause) {
        const refusal = cause.data;
        if (!refusal?.code) {
            this.#lost(new AnteroomError({ code: "unavailable", message: cause.message, retryable: true }));
            return;
        }
        const error = new AnteroomError(refusal);
        const staleToken = error.code === "token_expired" && ++this.#refusedTokens <= MAX_REFUSED_TOKENS;
        if (error.retryable || staleToken)
            this.#failed(error);
        else
            this.close(error);
    }
    /** The client comes back by itself, since socket.io-client does not. */
    #failed(error) {
        if (this.#state.value.status === "closed")
            return;
        this.#lost(error);
        this.socket.disconnect();
        this.#cancelComeback();
        this.#cancelComeback = after(error.retryAfterMs ?? backoff(++this.#refusals), () => this.socket.connect());
    }
    #disconnected() {
        if (this.#state.value.status === "closed")
            return;
        const terminated = this.#terminated;
        const error = new AnteroomError({
            code: terminatedCode(terminated),
            message: terminated?.message ?? "the connection was lost",
            retryable: terminated?.reconnect ?? true,
        });
        if (terminated && !terminated.reconnect)
            this.close(error);
        else if (this.socket.active)
            this.#lost(error);
        else
            this.#failed(error);
    }
    #lost(error) {
        this.requests.cut(error);
        if (this.#state.value.status === "closed")
            return;
        this.#change({ status: this.#state.value.session ? "reconnecting" : "connecting", error });
    }
}
const closed = () => new AnteroomError({ code: "closed", message: "the client is closed" });
/** The reason of an end as the code of an error. */
function terminatedCode(terminated) {
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
