import type { Code, Reason, WireError } from "./wire.js";

/**
 * What the client itself has to say: "timeout" when there was no answer in time (the
 * request may have had its effect), "closed" when the client is closed for good,
 * "no_token" when the application's own token() failed, and "queue_full" when too many
 * requests wait already (256 of one channel, lobby or party; 2,048 in all).
 */
export type LocalCode = "timeout" | "closed" | "no_token" | "queue_full";

/** Why a request was refused, or a client closed. */
export class AnteroomError extends Error {
  override readonly name = "AnteroomError";
  readonly code: Code | LocalCode;
  /** Narrows the code "failed_precondition". */
  readonly reason: Reason | undefined;
  /** The same request may succeed later; the client has tried already. */
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  /** The path of the field that is wrong, as in "attributes.map". */
  readonly field: string | undefined;
  /**
   * After a version conflict the version in force, a number; in a refusal because of what
   * the user has or is in already, the ids of that.
   */
  readonly current: number | string[] | undefined;

  constructor(of: Omit<WireError, "code" | "retryable"> & { code: Code | LocalCode; retryable?: boolean }) {
    super(of.message);
    this.code = of.code;
    this.reason = of.reason;
    this.retryable = of.retryable ?? false;
    this.retryAfterMs = of.retryAfterMs;
    this.field = of.field;
    this.current = of.current;
  }
}
