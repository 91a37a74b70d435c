import type { Code, Reason, WireError } from "./wire.js";

/**
 * The client's own error codes: "timeout" when no answer arrived in time (the request may
 * have had its effect), "closed" when the client is closed for good, "no_token" when the
 * application's token() failed, and "queue_full" when too many requests wait (256 of one
 * channel, lobby or party; 2,048 in all).
 */
export type LocalCode = "timeout" | "closed" | "no_token" | "queue_full";

/** The reason why a request was refused, or a client closed. */
export class AnteroomError extends Error {
  override readonly name = "AnteroomError";
  readonly code: Code | LocalCode;
  /** Narrows the code "failed_precondition". */
  readonly reason: Reason | undefined;
  /** The same request may succeed later; the client has already retried it. */
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  /** The path of the invalid field, such as "attributes.map". */
  readonly field: string | undefined;
  /**
   * After a version conflict the current version, a number. In a refusal because of what
   * the user already has or is in, the ids of those objects.
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
