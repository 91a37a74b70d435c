import type { Meta, ResumedEvent, StreamPosition, StreamResumed } from "./wire.js";

/** How many streams one resume may ask for. */
export const MAX_RESUMED = 64;

/** A stream that is followed. */
interface Followed {
  epoch: string;
  seq: number;
  /** A resume is under way: what comes meanwhile comes again with its answer. */
  asking: boolean;
}

/** What Streams calls. */
export interface StreamsOwner {
  /** An event whose turn it is. */
  deliver(event: string, data: unknown): void;
  /** Has to ask for streams after a while: sync:resume with asking(), then resumed(). They are MAX_RESUMED at most. */
  ask(streams: string[], afterMs?: number): void;
  /** The past of a stream cannot be had, and there is no snapshot: what is known of it has to be read anew. */
  lost(stream: string, refused: boolean): void;
}

/**
 * Keeps the events of each stream in order: each once, without a gap, over connections,
 * servers and epochs. It knows no socket.
 */
export class Streams {
  readonly #followed = new Map<string, Followed>();
  readonly #owner: StreamsOwner;

  constructor(owner: StreamsOwner) {
    this.#owner = owner;
  }

  /**
   * Begins a stream where the server says that the client is; one that is followed
   * already stays where it is. It is false when that is beyond the answer.
   */
  follow(meta: Pick<Meta, "stream" | "epoch" | "seq">): boolean {
    const at = this.#followed.get(meta.stream);
    if (!at) this.#place(meta.stream, meta);
    return !at || at.seq <= meta.seq;
  }

  forget(stream: string): void {
    this.#followed.delete(stream);
  }

  /** The server says that the connection follows a stream no more: the user lost the right to it. */
  refused(stream: string): void {
    if (!this.#followed.delete(stream)) return;
    this.#owner.lost(stream, true);
  }

  knows(stream: string): boolean {
    return this.#followed.has(stream);
  }

  /** Where the client is, in the given streams. They are asked for from now on, until resumed(). */
  asking(streams: Iterable<string>): StreamPosition[] {
    const positions: StreamPosition[] = [];
    for (const stream of streams) {
      const at = this.#followed.get(stream);
      if (!at) continue;
      at.asking = true;
      positions.push({ stream, epoch: at.epoch, seq: at.seq });
    }
    return positions;
  }

  names(): string[] {
    return [...this.#followed.keys()];
  }

  /** Takes a push as it came. */
  push(event: string, data: unknown): void {
    const meta = metaOf(data);
    if (!meta) return this.#owner.deliver(event, data);
    const at = this.#followed.get(meta.stream);
    if (!at) {
      this.#place(meta.stream, meta);
    } else if (event.endsWith(":snapshot")) {
      if (at.epoch === meta.epoch && meta.seq <= at.seq) return;
      this.#place(meta.stream, meta, at.asking);
    } else if (at.asking) {
      return;
    } else {
      const fresh = at.epoch === "" && at.seq === 0;
      if (meta.seq <= at.seq && meta.epoch === at.epoch) return;
      if (meta.seq !== at.seq + 1 || (meta.epoch !== at.epoch && !fresh)) return this.#owner.ask([meta.stream]);
      this.#place(meta.stream, meta);
    }
    this.#owner.deliver(event, data);
  }

  /** Takes the answer to a resume. What had no room in it is asked for again, all in one request. */
  resumed(results: readonly StreamResumed[]): void {
    const again: string[] = [];
    let wait = 0;
    for (const result of results) {
      if (!this.#resumed(result)) continue;
      again.push(result.stream);
      wait = Math.max(wait, result.error?.retryAfterMs ?? 0);
    }
    if (again.length > 0) this.#owner.ask(again, wait);
  }

  /** Takes the result of one stream. It is true when the stream has to be asked for again. */
  #resumed(result: StreamResumed): boolean {
    const at = this.#followed.get(result.stream);
    if (!at) return false; // it was left while the answer was on its way
    if (result.error) {
      if (result.error.retryable) return true;
      this.forget(result.stream);
      this.#owner.lost(result.stream, true);
    } else if (result.recovered) {
      for (const missed of result.events ?? []) this.#missed(at, missed);
      this.#place(result.stream, result, result.more === true);
      return result.more === true;
    } else {
      this.#place(result.stream, result);
      this.#snapshot(result);
    }
    return false;
  }

  #missed(at: Followed, missed: ResumedEvent): void {
    const meta = metaOf(missed.data);
    if (!meta || meta.seq <= at.seq) return;
    at.epoch = meta.epoch;
    at.seq = meta.seq;
    this.#owner.deliver(missed.event, missed.data);
  }

  #snapshot(result: StreamResumed): void {
    const { stream, epoch, seq, snapshot } = result;
    if (snapshot === undefined || snapshot === null) return this.#owner.lost(stream, false);
    const kind = stream.slice(0, stream.indexOf(":"));
    this.#owner.deliver(`${kind}:snapshot`, { ...(snapshot as object), meta: { stream, epoch, seq, ts: 0 } });
  }

  #place(stream: string, at: { epoch: string; seq: number }, asking = false): void {
    this.#followed.set(stream, { epoch: at.epoch, seq: at.seq, asking });
  }
}

function metaOf(data: unknown): Meta | undefined {
  const meta = (data as { meta?: Meta } | undefined)?.meta;
  return typeof meta?.stream === "string" ? meta : undefined;
}
