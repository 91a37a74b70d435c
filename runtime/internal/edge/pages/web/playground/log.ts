// Kind is the origin of a log entry: a push, a request of this page, the server's answer to
// it, or a change of the connection.
export type Kind = "push" | "request" | "answer" | "refusal" | "connection";

export interface Line {
  id: number;
  at: Date;
  kind: Kind;
  event: string;
  stream?: string;
  seq?: number;
  payload?: unknown;
}

// kept bounds the log; the oldest entries are removed first.
const kept = 300;

// Log has what a user's client sent and received, newest first.
export class Log {
  private lines: readonly Line[] = [];
  private next = 1;
  private readonly listeners = new Set<(lines: readonly Line[]) => void>();

  get value() {
    return this.lines;
  }

  add(kind: Kind, event: string, payload?: unknown) {
    const meta = (payload as { meta?: { stream: string; seq: number } } | undefined)?.meta;
    const line: Line = { id: this.next++, at: new Date(), kind, event, payload };
    if (meta) Object.assign(line, { stream: meta.stream, seq: meta.seq });
    this.set([line, ...this.lines].slice(0, kept));
  }

  clear() {
    this.set([]);
  }

  readonly subscribe = (listener: (lines: readonly Line[]) => void) => {
    this.listeners.add(listener);
    listener(this.lines);
    return () => this.listeners.delete(listener);
  };

  private set(lines: readonly Line[]) {
    this.lines = lines;
    for (const listener of this.listeners) listener(lines);
  }
}
