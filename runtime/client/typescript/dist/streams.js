/** How many streams one resume may ask for. */
export const MAX_RESUMED = 64;
/**
 * Keeps the events of each stream in order: each once, without a gap, over connections,
 * servers and epochs. It knows no socket.
 */
export class Streams {
    #followed = new Map();
    #owner;
    constructor(owner) {
        this.#owner = owner;
    }
    /**
     * Begins a stream where an answer says that the client is; one that is followed
     * already stays where it is. It is false when that is beyond the answer.
     */
    follow(meta) {
        const at = this.#followed.get(meta.stream);
        if (!at)
            this.#place(meta.stream, meta);
        return !at || at.seq <= meta.seq;
    }
    forget(stream) {
        this.#followed.delete(stream);
    }
    knows(stream) {
        return this.#followed.has(stream);
    }
    /** Where the client is, in the given streams. They are asked for from now on, until resumed(). */
    asking(streams) {
        const positions = [];
        for (const stream of streams) {
            const at = this.#followed.get(stream);
            if (!at)
                continue;
            at.asking = true;
            positions.push({ stream, epoch: at.epoch, seq: at.seq });
        }
        return positions;
    }
    names() {
        return [...this.#followed.keys()];
    }
    /** Takes a push as it came. */
    push(event, data) {
        const meta = metaOf(data);
        if (!meta)
            return this.#owner.deliver(event, data);
        const at = this.#followed.get(meta.stream);
        if (!at) {
            this.#place(meta.stream, meta);
        }
        else if (event.endsWith(":snapshot")) {
            if (at.epoch === meta.epoch && meta.seq <= at.seq)
                return;
            this.#place(meta.stream, meta, at.asking);
        }
        else if (at.asking) {
            return;
        }
        else {
            const fresh = at.epoch === "" && at.seq === 0;
            if (meta.seq <= at.seq && meta.epoch === at.epoch)
                return;
            if (meta.seq !== at.seq + 1 || (meta.epoch !== at.epoch && !fresh))
                return this.#owner.ask([meta.stream]);
            this.#place(meta.stream, meta);
        }
        this.#owner.deliver(event, data);
    }
    /** Takes the answer to a resume. */
    resumed(results) {
        for (const result of results)
            this.#resumed(result);
    }
    #resumed(result) {
        const at = this.#followed.get(result.stream);
        if (!at)
            return; // it was left while the answer was on its way
        if (result.error) {
            if (result.error.retryable)
                return this.#owner.ask([result.stream]);
            this.forget(result.stream);
            return this.#owner.lost(result.stream, true);
        }
        if (!result.recovered) {
            this.#place(result.stream, result);
            return this.#snapshot(result);
        }
        for (const missed of result.events ?? [])
            this.#missed(at, missed);
        this.#place(result.stream, result);
    }
    #missed(at, missed) {
        const meta = metaOf(missed.data);
        if (!meta || meta.seq <= at.seq)
            return;
        at.epoch = meta.epoch;
        at.seq = meta.seq;
        this.#owner.deliver(missed.event, missed.data);
    }
    #snapshot(result) {
        const { stream, epoch, seq, snapshot } = result;
        if (snapshot === undefined || snapshot === null)
            return this.#owner.lost(stream, false);
        const kind = stream.slice(0, stream.indexOf(":"));
        this.#owner.deliver(`${kind}:snapshot`, { ...snapshot, meta: { stream, epoch, seq, ts: 0 } });
    }
    #place(stream, at, asking = false) {
        this.#followed.set(stream, { epoch: at.epoch, seq: at.seq, asking });
    }
}
function metaOf(data) {
    const meta = data?.meta;
    return typeof meta?.stream === "string" ? meta : undefined;
}
