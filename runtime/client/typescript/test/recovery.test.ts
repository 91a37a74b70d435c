import { expect, test } from "vitest";
import type { ChatMessage, Meta } from "../src/index.js";
import { apiToken, server, until, user, value } from "./stack.js";

/** The messages that a client received of a stream, in their order. */
function received(client: ReturnType<typeof user>): ChatMessage[] {
  const messages: ChatMessage[] = [];
  client.on("chat:message", (message) => messages.push(message));
  return messages;
}

/** Records every push that breaks the order of its stream: a gap, a duplicate or an older event. */
function audited(client: ReturnType<typeof user>): string[] {
  const faults: string[] = [];
  const last = new Map<string, number>();
  client.onAny((event, push) => {
    const meta = (push as { meta?: Meta } | undefined)?.meta;
    if (!meta) return;
    const before = last.get(meta.stream);
    const snapshot = event.endsWith(":snapshot");
    if (before !== undefined && !snapshot && meta.seq !== before + 1) faults.push(`${event}: ${meta.seq} after ${before}`);
    last.set(meta.stream, meta.seq);
  });
  return faults;
}

async function pair() {
  const alice = user("alice", { server: "server-1" });
  const bob = user("bob", { server: "server-2" });
  const faults = [audited(alice), audited(bob)];
  const lobby = await alice.lobby.create({ type: "casual" });
  await bob.lobby.join({ lobbyId: lobby.id });
  const channel = `lobby:${lobby.id}`;
  const [hers, his] = await Promise.all([alice.chat.join(channel), bob.chat.join(channel)]);
  return { alice, bob, lobby, hers, his, faults };
}

test("both users receive every message once and in order when a server is killed", async () => {
  const { alice, bob, hers, his, faults } = await pair();
  const receivedByAlice = received(alice);
  const receivedByBob = received(bob);
  const before = server("server-2").pid;
  const sending = Array.from({ length: 20 }, async (_, i) => {
    const [a, b] = await Promise.all([hers.send(`a${i}`), his.send(`b${i}`)]);
    return [a.id, b.id];
  });
  await sending[0];
  process.kill(before, "SIGKILL");
  const first = (await Promise.all(sending)).flat();
  const second = await Promise.all(Array.from({ length: 20 }, (_, i) => his.send(`after ${i}`)));
  const sent = [...first, ...second.map(({ id }) => id)].sort();
  for (const [who, messages] of [["alice", receivedByAlice], ["bob", receivedByBob]] as const) {
    await until(`all of ${sent.length} at ${who}`, () => messages.length >= sent.length);
    expect(messages.map(({ id }) => id).sort()).toEqual(sent);
  }
  expect(receivedByBob.map(({ id }) => id)).toEqual(receivedByAlice.map(({ id }) => id));
  expect(his.state.value.messages.map(({ id }) => id)).toEqual(receivedByAlice.map(({ id }) => id));
  expect(faults.flat()).toEqual([]);
  await until("server-2 to be ready again", () => server("server-2").ready && server("server-2").pid !== before);
  await alice.lobby.close();
});

test("missed patches and messages are caught up after a network failure", async () => {
  const { alice, bob, hers, his, faults } = await pair();
  const messages = received(bob);
  bob.cut();
  await value("the cut", bob.connection, ({ status }) => status === "reconnecting");
  await alice.lobby.update({ set: { name: "renamed" } });
  const ids = [];
  for (let i = 0; i < 10; i++) ids.push((await hers.send(`${i}`)).id);
  await value("the new name", bob.lobby.current, (lobby) => lobby?.name === "renamed");
  await value("the messages", his.state, (s) => s.messages.length === 10);
  expect(messages.map(({ id }) => id)).toEqual(ids);
  await value("the same lobby", bob.lobby.current, (lobby) => lobby?.version === alice.lobby.current.value?.version);
  expect(bob.lobby.current.value).toEqual(alice.lobby.current.value);
  expect(faults.flat()).toEqual([]);
  await alice.lobby.close();
});

test("the clients of a draining server reconnect elsewhere and miss nothing", async () => {
  const { alice, bob, hers, his, faults } = await pair();
  const statuses: string[] = [];
  bob.connection.subscribe(({ status }) => statuses.push(status));
  const before = server("server-2").pid;
  process.kill(before, "SIGTERM");
  await value("the status draining", bob.connection, ({ status }) => status === "draining" || statuses.includes("draining"));
  const texts: string[] = [];
  for (let i = 0; i < 10; i++) {
    texts.push(`${i}`);
    await (i % 2 ? hers : his).send(`${i}`);
  }
  await until("a new session", () => statuses.lastIndexOf("ready") > statuses.indexOf("draining"));
  await hers.send("the end");
  await value("all messages", his.state, (s) => s.messages.length === 11);
  expect(his.state.value.messages.map(({ text }) => text)).toEqual([...texts, "the end"]);
  expect(faults.flat()).toEqual([]);
  await until("server-2 to be ready again", () => server("server-2").ready && server("server-2").pid !== before);
  await alice.lobby.close();
});

test("a request waits for a connection until its timeout", async () => {
  const free = user("carol", { url: "http://127.0.0.1:1", timeoutMs: 500 });
  await expect(free.lobby.get("x")).rejects.toMatchObject({ code: "timeout", retryable: true });
  expect(free.connection.value).toMatchObject({ status: "connecting", error: { code: "unavailable" } });
  free.close();
  await expect(free.lobby.get("x")).rejects.toMatchObject({ code: "closed" });
});

test("a mutation that is repeated on a new connection has its effect once", async () => {
  const carol = user("carol");
  await carol.ready();
  const creating = carol.lobby.create({ type: "casual", name: "once" });
  carol.cut(); // the request, its answer or neither may be in flight
  const lobby = await creating;
  expect(carol.lobby.joined.value.map(({ id }) => id)).toEqual([lobby.id]);
  const { lobbies } = await carol.lobby.search({ type: "casual", filter: { name: { eq: "once" } } });
  expect(lobbies.map(({ id }) => id)).toEqual([lobby.id]);
  await carol.lobby.close();
});

test("a client keeps its session's rate", async () => {
  const { alice, hers, his, faults } = await pair();
  const { limits } = await alice.ready();
  const many = limits.burst + limits.eventsPerSecond;
  const sent = await Promise.all(Array.from({ length: many }, (_, i) => alice.request("chat:send", { channel: hers.name, text: `${i}` }, { attempts: 1 })));
  expect(new Set(sent.map(({ id }) => id)).size).toBe(many);
  await value("all of them", his.state, (s) => s.messages.length === many);
  expect(faults.flat()).toEqual([]);
  await alice.lobby.close();
});

/** Sends a back end's own event. */
async function emit(target: object, event: string, data: object) {
  const answer = await fetch(`${server("server-1").apiUrl}/v1/events`, {
    method: "POST",
    headers: { authorization: `Bearer ${apiToken()}` },
    body: JSON.stringify({ target, event, data }),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

test("events during an early loss of the first connection are received", async () => {
  for (const target of [{ user: "carol" }, { broadcast: true }]) {
    const carol = user("carol");
    const received: unknown[] = [];
    carol.on("game:early", (push) => received.push((push as { n: number }).n));
    carol.connection.subscribe(({ status }) => status === "ready" && received.length === 0 && carol.cut()); // before the first event
    await value("the cut", carol.connection, ({ status }) => status === "reconnecting");
    for (const n of [1, 2]) await emit(target, "game:early", { n });
    await until(`both events to ${JSON.stringify(target)}`, () => received.length === 2);
    expect(received).toEqual([1, 2]);
    carol.close();
  }
});

test("more streams than fit into one resume are all caught up", async () => {
  const many = 100;
  const names = Array.from({ length: many }, (_, i) => `direct:alice:friend-${i}`);
  const [phone, tablet] = [user("alice", { server: "server-1" }), user("alice", { server: "server-2" })];
  const faults = audited(phone);
  const missed: string[] = [];
  phone.on("chat:message", ({ text }) => missed.push(text ?? ""));
  await Promise.all([phone, tablet].flatMap((client) => names.map((name) => client.chat.join(name))));
  phone.cut();
  await value("the cut", phone.connection, ({ status }) => status === "reconnecting");
  await Promise.all(names.map((channel) => tablet.request("chat:send", { channel, text: channel })));
  await until(`all ${many} at the phone`, () => missed.length >= many);
  expect(missed.sort()).toEqual(names.sort());
  expect(faults).toEqual([]);
});

test("a back end's own event reaches its listener", async () => {
  const dave = user("dave");
  await dave.ready();
  const rewards: unknown[] = [];
  dave.on("game:reward", (push) => rewards.push(push));
  await emit({ user: "dave" }, "game:reward", { gold: 5 });
  await until("the reward", () => rewards.length > 0);
  expect(rewards).toEqual([{ gold: 5, meta: expect.objectContaining({ stream: "user:dave" }) }]);
});
