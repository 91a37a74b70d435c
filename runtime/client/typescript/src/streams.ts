import type { Meta, ResumedEvent, StreamPosition, StreamResumed } from "./wire.js";

/** The number of streams in one resume. */
export const MAX_RESUMED = 64;

/** A followed stream. */
interface Followed {
  epoch: string;
  seq: number;
  /** A resume is running: events that arrive meanwhile are also in its answer. */
  asking: boolean;
}

/** The callbacks of Streams. */
export interface StreamsOwner {
  /** Receives the next event of a stream. */
  deliver(event: string, data: unknown): void;
  /**
   * Must resume streams after a delay: sync:resume with asking(), then resumed(). They are
   * at most MAX_RESUMED.
   */
  ask(streams: string[], afterMs?: number): void;
  /** The past of a stream is lost and there is no snapshot: its state must be read again. */
  lost(stream: string, refused: boolean): void;
}

/**
 * Delivers the events of each stream in order, once and without gaps, over connections,
 * servers and epochs. It has no access to the socket.
 */
export class Streams {
  readonly #followed = new Map<string, Followed>();
  readonly #owner: StreamsOwner;

  constructor(owner: StreamsOwner) {
    this.#owner = owner;
  }

  /**
   * Begins to follow a stream at the position that the server sent. A stream that is
   * already followed keeps its position. It returns false when that is beyond the answer's.
   */
  follow(meta: Pick<Meta, "stream" | "epoch" | "seq">): boolean {
    const at = this.#followed.get(meta.stream);
    if (!at) this.#place(meta.stream, meta);
    return !at || at.seq <= meta.seq;
  }

  forget(stream: string): void {
    this.#followed.delete(stream);
  }

  /** The server ended a stream's subscription because the user lost access to it. */
  refused(stream: string): void {
    if (!this.#followed.delete(stream)) return;
    this.#owner.lost(stream, true);
  }

  knows(stream: string): boolean {
    return this.#followed.has(stream);
  }

  /**
   * The client's positions in the given streams. Their pushes are ignored from now on,
   * until resumed().
   */
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

  /** Processes a push. */
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

  /**
   * Processes the answer to a resume. The streams that had no room in it are resumed again,
   * in one request.
   */
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

  /** Processes the result of one stream. It returns true when the stream must be resumed again. */
  #resumed(result: StreamResumed): boolean {
    const at = this.#followed.get(result.stream);
    if (!at) return false; // the stream was left before the answer
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
