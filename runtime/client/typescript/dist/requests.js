import { after, backoff, sleep } from "./clock.js";
import { AnteroomError } from "./errors.js";
import { newKey } from "./key.js";
import { KEYED } from "./wire.js";
/** How long one try waits for its answer, in milliseconds. */
const PATIENCE_MS = 10_000;
const noAnswer = (event) => new AnteroomError({ code: "timeout", message: `${event} was not answered in time`, retryable: true });
/**
 * Sends requests until they are answered, within bounds. Mutations get an idempotency
 * key, so that sending them again is safe; all others change nothing that matters twice.
 */
export class Requests {
    #wire;
    #defaults;
    #pending = new Set();
    constructor(wire, defaults) {
        this.#wire = wire;
        this.#defaults = defaults;
    }
    async request(event, request, options = {}) {
        const { timeoutMs, attempts } = { ...this.#defaults, ...options };
        const body = KEYED.has(event) ? { key: newKey(), ...request } : request;
        const deadline = Date.now() + timeoutMs;
        for (let attempt = 1;; attempt++) {
            const answer = await this.#attempt(event, body, deadline).catch(refusal);
            if (answer.ok)
                return answer.data;
            const error = answer.error instanceof AnteroomError ? answer.error : new AnteroomError(answer.error);
            const pause = error.retryAfterMs ?? backoff(attempt);
            if (!error.retryable || attempt >= attempts || Date.now() + pause >= deadline)
                throw error;
            await sleep(pause);
        }
    }
    /** Ends the tries that wait for an answer of a connection that is over. */
    cut(error) {
        const pending = [...this.#pending];
        this.#pending.clear();
        for (const fail of pending)
            fail(error);
    }
    async #attempt(event, request, deadline) {
        await bounded(event, deadline - Date.now(), (done, fail) => {
            this.#wire.session().then(done, fail);
        });
        return bounded(event, Math.min(PATIENCE_MS, deadline - Date.now()), (done, fail) => {
            this.#pending.add(fail);
            this.#wire.emit(event, request, (answer) => {
                this.#pending.delete(fail);
                if (answer.ok)
                    this.#wire.answered(event, request, answer);
                done(answer);
            });
        });
    }
}
/** Fails with "timeout" when it is not done in time. */
function bounded(event, ms, begin) {
    return new Promise((resolve, reject) => {
        const cancel = after(Math.max(0, ms), () => reject(noAnswer(event)));
        const done = (value) => {
            cancel();
            resolve(value);
        };
        begin(done, (error) => {
            cancel();
            reject(error);
        });
    });
}
function refusal(error) {
    if (error instanceof AnteroomError)
        return { ok: false, error };
    throw error;
}
