import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { AnteroomError } from "../src/index.js";
import { Requests, type Wire } from "../src/requests.js";
import type { Ack, WireError } from "../src/wire.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const refusal = (error: Partial<WireError> & Pick<WireError, "code">): Ack<unknown> => ({
  ok: false,
  error: { message: "no", retryable: false, ...error },
});

/** A server with an answer for each try; undefined means no answer. */
function server(...answers: (Ack<unknown> | undefined)[]) {
  const asked: { event: string; request: { key?: string } }[] = [];
  const taken: unknown[] = [];
  const wire: Wire = {
    session: () => Promise.resolve(),
    turn: () => 0,
    emit(event, request, ack) {
      asked.push({ event, request: request as object });
      const answer = answers.shift();
      if (answer) ack(answer);
    },
    answered: (_event, _request, answer) => void taken.push(answer.data),
  };
  return { wire, asked, taken, requests: new Requests(wire, { timeoutMs: 30_000, attempts: 3 }) };
}

async function settled<T>(work: Promise<T>): Promise<{ value?: T; error?: unknown }> {
  const outcome = work.then((value) => ({ value }), (error: unknown) => ({ error }));
  await vi.runAllTimersAsync();
  return outcome;
}

test("a mutation is repeated with the same key until it is answered", async () => {
  const s = server(undefined, refusal({ code: "unavailable", retryable: true }), { ok: true, data: "done" });
  expect(await settled(s.requests.request("chat:send", { channel: "c" }))).toEqual({ value: "done" });
  expect(s.asked).toHaveLength(3);
  expect(s.asked[0]!.request.key).toMatch(/^[0-9a-z-]{20,64}$/);
  expect(new Set(s.asked.map(({ request }) => request.key)).size).toBe(1);
  expect(s.taken).toEqual(["done"]);
});

test("two mutations have two keys, a given key is kept, and a read has none", async () => {
  const done: Ack<unknown> = { ok: true, data: undefined };
  const s = server(done, done, done, done);
  await settled(s.requests.request("chat:send", {}));
  await settled(s.requests.request("chat:send", {}));
  await settled(s.requests.request("chat:send", { key: "mine" }));
  await settled(s.requests.request("lobby:get", { lobbyId: "x" }));
  const keys = s.asked.map(({ request }) => request.key);
  expect(keys[0]).not.toBe(keys[1]);
  expect(keys.slice(2)).toEqual(["mine", undefined]);
});

test("a request is not repeated after a final refusal", async () => {
  const s = server(refusal({ code: "failed_precondition", reason: "not_host", field: "lobbyId" }));
  const { error } = await settled(s.requests.request("lobby:start", {}));
  expect(error).toBeInstanceOf(AnteroomError);
  expect(error).toMatchObject({ code: "failed_precondition", reason: "not_host", field: "lobbyId", retryable: false });
  expect(s.asked).toHaveLength(1);
});

test("a request fails after its attempts with the last refusal", async () => {
  const no = refusal({ code: "unavailable", retryable: true });
  const s = server(no, no, no, no);
  expect((await settled(s.requests.request("chat:send", {}))).error).toMatchObject({ code: "unavailable" });
  expect(s.asked).toHaveLength(3);
});

test("a refusal with retryAfterMs is a wait and not an attempt", async () => {
  const no = refusal({ code: "rate_limited", retryable: true, retryAfterMs: 1_000 });
  const s = server(...Array<Ack<unknown>>(20).fill(no), { ok: true, data: "done" });
  expect(await settled(s.requests.request("chat:send", {}))).toEqual({ value: "done" });
  expect(s.asked).toHaveLength(21);
});

test("the client's own pauses do not end a request before its time", async () => {
  const no = refusal({ code: "unavailable", retryable: true });
  const s = server(...Array<Ack<unknown>>(100).fill(no));
  const begun = Date.now();
  const { error } = await settled(s.requests.request("chat:send", {}, { attempts: Infinity }));
  expect(error).toMatchObject({ code: "unavailable" });
  expect(Date.now() - begun).toBe(30_000);
});

test("a request does not wait beyond its timeout", async () => {
  const s = server(refusal({ code: "rate_limited", retryable: true, retryAfterMs: 60_000 }));
  expect((await settled(s.requests.request("chat:send", {}))).error).toMatchObject({ code: "rate_limited" });
  expect(s.asked).toHaveLength(1);
});

test("requests are repeated at once after a lost connection", async () => {
  const s = server(undefined, { ok: true, data: 1 });
  const work = s.requests.request("chat:send", {});
  await vi.advanceTimersByTimeAsync(0);
  s.requests.cut(new AnteroomError({ code: "unavailable", message: "cut", retryable: true }));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await work).toBe(1);
});

test("a request rejects at once when the client is closed, also in a pause and in its queue", async () => {
  const s = server(refusal({ code: "rate_limited", retryable: true, retryAfterMs: 20_000 }));
  let open = true;
  s.wire.session = () => (open ? Promise.resolve() : Promise.reject(new AnteroomError({ code: "closed", message: "closed" })));
  const work = Promise.allSettled([1, 2, 3].map(() => s.requests.request("chat:send", { channel: "c" })));
  await vi.advanceTimersByTimeAsync(10);
  open = false;
  s.requests.cut(new AnteroomError({ code: "closed", message: "closed" }), true);
  await vi.advanceTimersByTimeAsync(0);
  expect((await work).map((r) => (r as PromiseRejectedResult).reason.code)).toEqual(["closed", "closed", "closed"]);
  expect(vi.getTimerCount()).toBe(0);
});

test("a late answer to an earlier try counts, once", async () => {
  const s = server();
  const acks: ((answer: Ack<unknown>) => void)[] = [];
  s.wire.emit = (_event, _request, ack) => void acks.push(ack);
  const work = s.requests.request("chat:send", { channel: "c" });
  await vi.advanceTimersByTimeAsync(11_000);
  expect(acks).toHaveLength(2);
  acks[0]!({ ok: true, data: "first" });
  acks[1]!({ ok: true, data: "repeated" });
  expect(await work).toBe("first");
  expect(s.taken).toEqual(["first"]);
});

test("a queue refuses more than 256 requests with queue_full; other queues continue", async () => {
  const s = server();
  const outcomes = Array.from({ length: 257 }, () => s.requests.request("chat:send", { channel: "c" }).catch((error: unknown) => error));
  expect(await outcomes[256]).toMatchObject({ code: "queue_full", retryable: true });
  const others = [...Array(1_792)].map((_, i) => s.requests.request("lobby:get", { lobbyId: `${i}` }).catch((error: unknown) => error));
  await expect(s.requests.request("lobby:get", { lobbyId: "x" })).rejects.toMatchObject({ code: "queue_full" });
  await vi.runAllTimersAsync();
  const codes = (await Promise.all([...outcomes.slice(0, 256), ...others])).map((e) => (e as AnteroomError).code);
  expect(new Set(codes)).toEqual(new Set(["timeout"]));
  expect(s.asked.filter(({ event }) => event === "chat:send").length).toBeLessThan(10);
});
