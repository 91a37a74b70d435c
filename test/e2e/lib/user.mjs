// A user with the stock Socket.IO client, and an audit of every stream that it receives:
// seqs must be dense within an epoch, without gaps and duplicates.
import { io } from "socket.io-client";
import { hold } from "./contract.mjs";

const PATIENCE_MS = 30_000;

// Requests whose acknowledgement has the client's new position in a stream. The meta of
// other acknowledgements is the position of their change, which is also pushed.
const FOLLOWS = new Set(["lobby:create", "lobby:join", "lobby:get", "lobby:quickJoin", "lobby:respondInvite", "lobby:watch", "chat:join",
  "party:create", "party:join", "party:get", "party:respondInvite"]);

export class User {
  /** @param {{url: string, token: string, transports?: string[], cookie?: string, withCredentials?: boolean, client?: typeof io}} options */
  constructor(options) {
    this.streams = new Map(); // stream → {epoch, seq}
    this.pushes = []; // {event, data} in the order of arrival
    this.faults = []; // violations found by the audit
    this.resumed = []; // results of resumes, one per stream and connection
    this.sessions = []; // payloads of session:ready
    this.#watchers = new Set();
    this.socket = (options.client ?? io)(options.url, {
      auth: (give) => give({ token: options.token, protocol: 1, resume: this.#position() }),
      transports: options.transports ?? ["websocket"],
      extraHeaders: options.cookie ? { cookie: options.cookie } : undefined,
      withCredentials: options.withCredentials ?? false, // keep the server's cookies
      reconnectionDelay: 50,
      reconnectionDelayMax: 500,
      forceNew: true,
    });
    this.socket.onAny((event, data) => this.#push(event, data));
    this.socket.on("connect_error", (error) => this.#note("connect_error", error.data ?? { message: error.message }));
    this.socket.on("disconnect", (reason) => this.#note("disconnect", { reason }));
  }

  #watchers;

  get ready() {
    return this.sessions.at(-1);
  }

  /** The transport in use. */
  get transport() {
    return this.socket.io.engine?.transport.name;
  }

  /** Sends a request and returns its data; a refusal throws an error with the wire error. */
  async ask(event, request = {}) {
    const ack = await this.#answer(event, request);
    if (!ack.ok) {
      throw Object.assign(new Error(`${event}: ${JSON.stringify(ack.error)}`), { wire: ack.error });
    }
    hold(event, "request", request);
    if (ack.meta && FOLLOWS.has(event)) this.#place(ack.meta);
    return ack.data;
  }

  /** Sends a request that must be refused and returns the wire error. */
  async refused(event, request = {}) {
    const ack = await this.#answer(event, request);
    if (ack.ok) throw new Error(`${event} was not refused: ${JSON.stringify(ack)}`);
    return ack.error;
  }

  /** Waits until find() returns a value; checks again after each event. */
  async until(what, find, patience = PATIENCE_MS) {
    const at = Date.now() + patience;
    for (;;) {
      const found = find();
      if (found) return found;
      const left = at - Date.now();
      if (left <= 0) throw new Error(`waited in vain for ${what}; last: ${JSON.stringify(this.pushes.slice(-5))}`);
      await this.#change(left);
    }
  }

  /** Waits for a push of this name that satisfies match. */
  push(event, match = () => true, patience = PATIENCE_MS) {
    return this.until(event, () => this.pushes.find((p) => p.event === event && match(p.data))?.data, patience);
  }

  messages() {
    return this.pushes.filter((p) => p.event === "chat:message").map((p) => p.data);
  }

  /** Cuts the transport like a lost network; the client reconnects by itself. */
  cut() {
    this.socket.io.engine.close();
  }

  close() {
    this.socket.disconnect();
  }

  // The oldest clients have neither timeout() nor emitWithAck().
  #answer(event, request) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${event} was not answered`)), PATIENCE_MS);
      this.socket.emit(event, request, (ack) => {
        clearTimeout(timer);
        hold(event, "ack", ack);
        resolve(ack);
      });
    });
  }

  #position() {
    if (this.streams.size === 0) return undefined;
    return { streams: [...this.streams].map(([stream, at]) => ({ stream, ...at })) };
  }

  #push(event, data) {
    hold(event, "push", data);
    if (event === "session:ready") {
      this.sessions.push(data);
      for (const result of data.resumed ?? []) this.#resume(result);
      for (const at of data.follows ?? []) this.#place(at);
    }
    if (data?.meta) this.#audit(event, data.meta);
    this.#note(event, data);
  }

  #resume(result) {
    this.resumed.push(result);
    if (result.error) {
      this.streams.delete(result.stream);
      return;
    }
    for (const { event, data } of result.events ?? []) {
      hold(event, "push", data);
      this.#audit(event, data.meta);
      this.#note(event, data);
    }
    if (!result.recovered) this.streams.set(result.stream, { epoch: result.epoch, seq: result.seq });
    const at = this.streams.get(result.stream);
    if (at?.epoch !== result.epoch || at?.seq !== result.seq) {
      // A recovered stream under a new epoch keeps its seq; only the epoch changes.
      if (at?.seq === result.seq) this.streams.set(result.stream, { epoch: result.epoch, seq: result.seq });
      else this.faults.push(`${result.stream}: resumed to seq ${result.seq} but its events end at ${at?.seq}`);
    }
  }

  #audit(event, meta) {
    const last = event.endsWith(":snapshot") ? undefined : this.streams.get(meta.stream); // a snapshot begins a new position
    const fresh = last?.epoch === "" && last.seq === 0; // followed before its first event
    if (last && !fresh && last.epoch !== meta.epoch) {
      this.faults.push(`${event} on ${meta.stream}: epoch ${meta.epoch} after ${last.epoch}`);
    } else if (last && meta.seq !== last.seq + 1) {
      this.faults.push(`${event} on ${meta.stream}: seq ${meta.seq} after ${last.seq}`);
    }
    this.streams.set(meta.stream, { epoch: meta.epoch, seq: meta.seq });
  }

  #place(meta) {
    const last = this.streams.get(meta.stream);
    if (!last || last.epoch !== meta.epoch) this.streams.set(meta.stream, { epoch: meta.epoch, seq: meta.seq });
  }

  #note(event, data) {
    this.pushes.push({ event, data });
    for (const wake of this.#watchers) wake();
  }

  #change(limit) {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#watchers.delete(done);
        resolve();
      };
      const timer = setTimeout(done, Math.min(limit, 200));
      this.#watchers.add(done);
    });
  }
}
