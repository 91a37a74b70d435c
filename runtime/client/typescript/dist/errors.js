/** Why a request was refused, or a client closed. */
export class AnteroomError extends Error {
    name = "AnteroomError";
    code;
    /** Narrows the code "failed_precondition". */
    reason;
    /** The same request may succeed later; the client has tried already. */
    retryable;
    retryAfterMs;
    /** The path of the field that is wrong, as in "attributes.map". */
    field;
    /** The version in force after a version conflict. */
    current;
    constructor(of) {
        super(of.message);
        this.code = of.code;
        this.reason = of.reason;
        this.retryable = of.retryable ?? false;
        this.retryAfterMs = of.retryAfterMs;
        this.field = of.field;
        this.current = of.current;
    }
}
