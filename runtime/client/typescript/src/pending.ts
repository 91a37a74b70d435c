import type { AnteroomError } from "./errors.js";
import type { Core } from "./facade.js";
import { newKey } from "./key.js";
import { State } from "./observable.js";
import type { Answer, Request, RequestEvent, RequestOptions } from "./requests.js";
import type { ChatSend } from "./wire.js";

/** A message that was sent and is not in the log yet. */
export interface PendingMessage extends Omit<ChatSend, "channel" | "key"> {
  readonly key: string;
  /** When it was sent, in milliseconds since the epoch. */
  readonly since: number;
  /** The number of tries; 0 while it waits in its queue. */
  readonly attempts: number;
}

/** A message that failed. */
export interface FailedMessage extends PendingMessage {
  readonly error: AnteroomError;
}

/** A change without an acknowledgement yet. */
export interface PendingChange {
  readonly event: RequestEvent;
  readonly request: object;
  readonly key: string;
  /** The time of the call, in milliseconds since the epoch. */
  readonly since: number;
  /** The number of tries; 0 while it waits in its queue. */
  readonly attempts: number;
}

/** The unacknowledged changes of a facade, in the order of the calls. */
export class PendingChanges {
  readonly all = new State<readonly PendingChange[]>([]);
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  async request<E extends RequestEvent>(event: E, request: Request<E>, options: RequestOptions = {}): Promise<Answer<E>> {
    const { key = newKey() } = request as { key?: string };
    this.all.value = [...this.all.value, { event, request, key, since: Date.now(), attempts: 0 }];
    const onAttempt = (attempts: number) => {
      this.all.value = this.all.value.map((change) => (change.key === key ? { ...change, attempts } : change));
      options.onAttempt?.(attempts);
    };
    try {
      return await this.#core.request(event, { ...request, key }, { ...options, onAttempt });
    } finally {
      this.all.value = this.all.value.filter((change) => change.key !== key);
    }
  }
}
