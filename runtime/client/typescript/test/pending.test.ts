// Pending, failed and retried messages: a channel on a core whose answers the test gives.
import { expect, test } from "vitest";
import { AnteroomError, type ChannelState, type ChatMessage, type ChatSent } from "../src/index.js";
import { ChatFacade } from "../src/chat.js";
import type { Core } from "../src/facade.js";
import { PendingChanges } from "../src/pending.js";

interface Asked {
  event: string;
  request: { key: string; text?: string; channel: string };
  onAttempt: (attempt: number) => void;
  answer: (data: unknown) => Promise<void>;
  refuse: (error: AnteroomError) => Promise<void>;
}

/** A core whose pushes and answers the test gives. */
function core() {
  const asked: Asked[] = [];
  const listeners = new Map<string, (push: unknown) => void>();
  const answers = new Map<string, (data: unknown, request: unknown) => void>();
  const losses: ((stream: string, refused: boolean) => void)[] = [];
  const fake = {
    userId: "me",
    request: (event: string, request: Asked["request"], options?: { onAttempt?: Asked["onAttempt"] }) =>
      new Promise((resolve, reject) => {
        const answer = async (data: unknown) => {
          answers.get(event)?.(data, request);
          resolve(data);
          await new Promise(setImmediate);
        };
        const refuse = async (error: AnteroomError) => {
          reject(error);
          await new Promise(setImmediate);
        };
        asked.push({ event, request, onAttempt: options?.onAttempt ?? (() => {}), answer, refuse });
      }),
    onPush: (event: string, listener: never) => void listeners.set(event, listener),
    answered: (event: string, listener: never) => void answers.set(event, listener),
    lost: (listener: never) => void losses.push(listener),
    ready: () => {},
    follow: () => true,
    forget: () => {},
  };
  const chat = new ChatFacade(fake as unknown as Core);
  const push = (message: ChatMessage) => listeners.get("chat:message")?.(message);
  const lose = (refused: boolean) => losses.forEach((listener) => listener("chat:c", refused));
  return { fake: fake as unknown as Core, chat, asked, push, lose };
}

/** A joined channel with all states that it had. */
async function joined() {
  const world = core();
  const joining = world.chat.join("c");
  await world.asked.shift()!.answer({ readTo: 0 });
  await world.asked.shift()!.answer({ messages: [], hasMore: false });
  const channel = await joining;
  const states: ChannelState[] = [];
  channel.state.subscribe((state) => states.push(state));
  return { ...world, channel, states };
}

const sent = (n: number): ChatSent => ({ id: `id-${n}`, seq: n, ts: n });
const pushed = (n: number, key: string | undefined, userId = "me"): ChatMessage => ({
  channel: "c",
  id: `id-${n}`,
  userId,
  type: "text",
  text: `m${n}`,
  ...(key !== undefined && { key }),
  meta: { stream: "chat:c", epoch: "e", seq: n, ts: n },
});
const refusal = new AnteroomError({ code: "muted", message: "you are muted" });

/** Fails when a message was in two lists at once. */
function neverTwice(states: readonly ChannelState[]) {
  for (const { messages, pending, failed } of states) {
    const keys = [...messages, ...pending, ...failed].map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
  }
}

test("a message is pending with its text, key, time and attempts until its push arrives", async () => {
  const { channel, asked, push, states } = await joined();
  const before = Date.now();
  const sending = channel.send("m1");
  expect(channel.pending).toEqual([{ text: "m1", key: expect.any(String), since: expect.any(Number), attempts: 0 }]);
  expect(channel.pending[0]!.since).toBeGreaterThanOrEqual(before);
  asked[0]!.onAttempt(1);
  asked[0]!.onAttempt(2);
  expect(channel.pending[0]!.attempts).toBe(2);
  await asked[0]!.answer(sent(1));
  await sending;
  expect(channel.pending).toHaveLength(1); // the push has not arrived
  push(pushed(1, asked[0]!.request.key));
  expect(channel.pending).toEqual([]);
  expect(channel.state.value.messages.map(({ text }) => text)).toEqual(["m1"]);
  neverTwice(states);
});

test("a push before the acknowledgement also ends pending", async () => {
  const { channel, asked, push, states } = await joined();
  const sending = channel.send("m1");
  push(pushed(1, asked[0]!.request.key));
  expect(channel.pending).toEqual([]);
  await asked[0]!.answer(sent(1));
  expect(await sending).toEqual(sent(1));
  expect(channel.state.value).toMatchObject({ pending: [], failed: [], messages: [{ id: "id-1" }] });
  neverTwice(states);
});

test("a push without a key is matched by its id, and another user's key is ignored", async () => {
  const { channel, asked, push } = await joined();
  const sending = channel.send("m2");
  push(pushed(1, asked[0]!.request.key, "somebody"));
  expect(channel.pending).toHaveLength(1);
  await asked[0]!.answer(sent(2));
  await sending;
  push(pushed(2, undefined));
  expect(channel.pending).toEqual([]);
});

test("a message whose push arrived is sent, even without an answer", async () => {
  const { channel, asked, push } = await joined();
  const sending = channel.send("m1");
  push(pushed(1, asked[0]!.request.key));
  await asked[0]!.refuse(new AnteroomError({ code: "timeout", message: "late" }));
  expect(await sending).toEqual(sent(1));
  expect(channel.failed).toEqual([]);
});

test("a refused message is failed with its error, and retry uses its key", async () => {
  const { channel, asked, push, states } = await joined();
  const sending = channel.send({ type: "dice", data: 6, replyTo: 3 }).catch((error: unknown) => error);
  await asked[0]!.refuse(refusal);
  expect(await sending).toBe(refusal);
  const [failed] = channel.failed;
  expect(failed).toMatchObject({ type: "dice", data: 6, replyTo: 3, error: { code: "muted" } });
  expect(channel.pending).toEqual([]);
  const again = channel.retry(failed!.key);
  expect(asked[1]!.request).toEqual(asked[0]!.request);
  expect(channel.state.value).toMatchObject({ failed: [], pending: [{ key: failed!.key, attempts: 0 }] });
  await asked[1]!.answer(sent(1));
  await again;
  push(pushed(1, failed!.key));
  expect(channel.state.value).toMatchObject({ failed: [], pending: [], messages: [{ id: "id-1" }] });
  await expect(channel.retry(failed!.key)).rejects.toMatchObject({ code: "not_found", field: "key" });
  neverTwice(states);
});

test("a failed message is discarded; the newest 50 are kept", async () => {
  const { channel, asked } = await joined();
  const sends = Array.from({ length: 60 }, (_, i) => channel.send({ text: `${i}`, key: `k${i}` }).catch(() => {}));
  for (const one of asked) await one.refuse(refusal);
  await Promise.all(sends);
  expect(channel.failed).toHaveLength(50);
  channel.discard("k59");
  expect(channel.failed.map(({ key }) => key).slice(-2)).toEqual(["k57", "k58"]);
});

test("a late push, or a late answer with its push, removes a failed message", async () => {
  const { channel, asked, push, states } = await joined();
  const timeout = new AnteroomError({ code: "timeout", message: "late", retryable: true });
  const sends = [channel.send("m1"), channel.send("m2")].map((s) => s.catch(() => {}));
  for (const one of asked) await one.refuse(timeout);
  await Promise.all(sends);
  expect(channel.failed).toHaveLength(2);
  push(pushed(1, asked[0]!.request.key));
  expect(channel.failed).toHaveLength(1);
  await asked[1]!.answer(sent(2));
  expect(channel.state.value).toMatchObject({ failed: [], pending: [{ text: "m2" }] });
  push(pushed(2, asked[1]!.request.key));
  expect(channel.pending).toEqual([]);
  neverTwice(states);
});

test("an acknowledged message is not pending when no push can arrive", async () => {
  const { channel, chat, asked, lose } = await joined();
  const left = channel.send("m1");
  await asked[0]!.answer(sent(1));
  await left;
  lose(false); // the past is lost: the history has the messages
  await asked[1]!.answer({ messages: [], hasMore: false });
  expect(channel.pending).toEqual([]);
  const unjoined = chat.channel("other").send("m2");
  await asked[2]!.answer(sent(2));
  await unjoined;
  expect(chat.channel("other").pending).toEqual([]);
  const last = channel.send("m3");
  await asked[3]!.answer(sent(3));
  await last;
  expect(channel.pending).toHaveLength(1);
  lose(true);
  expect(channel.pending).toEqual([]);
});

test("changes are pending until any answer", async () => {
  const { fake, asked } = core();
  const changes = new PendingChanges(fake);
  const outcome = Promise.allSettled(["a", "b"].map((name) => changes.request("lobby:update", { lobbyId: "1", set: { name } })));
  asked[0]!.onAttempt(1);
  expect(changes.all.value).toEqual([
    { event: "lobby:update", request: { lobbyId: "1", set: { name: "a" } }, key: asked[0]!.request.key, since: expect.any(Number), attempts: 1 },
    { event: "lobby:update", request: { lobbyId: "1", set: { name: "b" } }, key: asked[1]!.request.key, since: expect.any(Number), attempts: 0 },
  ]);
  await asked[0]!.answer({});
  expect(changes.all.value).toHaveLength(1);
  await asked[1]!.refuse(refusal);
  expect(changes.all.value).toEqual([]);
  await outcome;
});
