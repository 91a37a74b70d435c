// Two users on different servers meet in a lobby and chat; one loses its connection, then
// its server dies. Each receives every message exactly once.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Stack } from "../lib/stack.mjs";

const stack = new Stack();
let alice, bob, lobby, channel;

before(async () => {
  // alice polls her server directly; bob connects through the proxy, so that he can move
  // when his server dies.
  alice = stack.direct("alice", "server-1", { transports: ["polling"] });
  bob = stack.fronted("bob", { server: "server-2" });
  await Promise.all([alice, bob].map((user) => user.push("session:ready")));
});

after(() => [alice, bob].forEach((user) => user?.close()));

test("they are on different servers", async () => {
  assert.notEqual(alice.ready.userId, bob.ready.userId);
  for (const server of ["server-1", "server-2"]) {
    const { connections } = await stack.status(server);
    assert.ok(connections >= 1, `${server} has ${connections} connections`);
  }
});

test("alice creates a lobby and bob joins it by its code", async () => {
  ({ lobby } = await alice.ask("lobby:create", { key: "create-1", type: "casual", name: "Friday night" }));
  assert.equal(lobby.hostId, alice.ready.userId);
  assert.match(lobby.code, /^[A-Z0-9]{6}$/);

  const again = await alice.ask("lobby:create", { key: "create-1", type: "casual", name: "Friday night" });
  assert.equal(again.lobby.id, lobby.id, "the same key makes no second lobby");

  const joined = await bob.ask("lobby:join", { key: "join-1", code: lobby.code });
  assert.equal(joined.lobby.id, lobby.id);
  assert.deepEqual(Object.keys(joined.lobby.members).sort(), [alice.ready.userId, bob.ready.userId].sort());

  const patch = await alice.push("lobby:patch", (p) => p.cause.type === "member_joined");
  assert.equal(patch.to, patch.from + 1);
  assert.equal(patch.meta.seq, patch.to);
});

test("invalid requests are refused with a code and the invalid field", async () => {
  assert.equal((await bob.refused("lobby:join", { code: "NOSUCH" })).code, "not_found");
  const missing = await bob.refused("lobby:ready", { ready: true });
  assert.deepEqual([missing.code, missing.field], ["invalid_argument", "lobbyId"]);
  const kick = await bob.refused("lobby:kick", { lobbyId: lobby.id, userId: alice.ready.userId });
  assert.deepEqual([kick.code, kick.reason], ["failed_precondition", "not_host"]);
  assert.equal((await bob.refused("lobby:nonsense", {})).code, "not_found");
});

test("bob gets ready and alice sees it", async () => {
  await bob.ask("lobby:ready", { lobbyId: lobby.id, ready: true, key: "ready-1" });
  const patch = await alice.push("lobby:patch", (p) => p.cause.type === "member_ready");
  assert.deepEqual(patch.ops, [
    { op: "replace", path: "/version", value: patch.to },
    { op: "replace", path: `/members/${bob.ready.userId}/ready`, value: true },
  ]);
});

test("they chat, and a repeated key sends nothing twice", async () => {
  channel = `lobby:${lobby.id}`;
  await Promise.all([alice, bob].map((user) => user.ask("chat:join", { channel })));
  await alice.ask("chat:send", { channel, text: "hello bob", key: "a-1" });
  const sent = await bob.ask("chat:send", { channel, text: "hello alice", key: "b-1" });
  const again = await bob.ask("chat:send", { channel, text: "hello alice", key: "b-1" });
  assert.deepEqual(again, sent);
  const mismatch = await bob.refused("chat:send", { channel, text: "something else", key: "b-1" });
  assert.equal(mismatch.code, "idempotency_mismatch");

  for (const user of [alice, bob]) {
    await user.push("chat:message", (m) => m.text === "hello alice");
    assert.deepEqual(user.messages().map((m) => m.text), ["hello bob", "hello alice"]);
  }
});

test("history pages both ways", async () => {
  for (const n of [3, 4, 5]) await alice.ask("chat:send", { channel, text: `line ${n}`, key: `a-${n}` });
  const newest = await bob.ask("chat:history", { channel, limit: 2 });
  assert.deepEqual(newest.messages.map((m) => m.text), ["line 4", "line 5"]);
  assert.equal(newest.hasMore, true);
  const older = await bob.ask("chat:history", { channel, before: newest.messages[0].meta.seq, limit: 10 });
  assert.deepEqual(older.messages.map((m) => m.text), ["hello bob", "hello alice", "line 3"]);
  assert.equal(older.hasMore, false);
  const newer = await bob.ask("chat:history", { channel, after: older.messages[2].meta.seq });
  assert.deepEqual(newer.messages.map((m) => m.text), ["line 4", "line 5"]);
});

test("bob is cut, reconnects, and has every message once", async () => {
  bob.cut();
  await bob.push("disconnect");
  for (const n of [6, 7, 8]) await alice.ask("chat:send", { channel, text: `line ${n}`, key: `a-${n}` });
  await resumed(bob, 2);
  await bob.push("chat:message", (m) => m.text === "line 8");
  assertWhole(bob, 8);
});

test("bob's server dies; he reconnects to another server, and has every message once", async () => {
  stack.kill("server-2");
  for (const n of [9, 10, 11]) await alice.ask("chat:send", { channel, text: `line ${n}`, key: `a-${n}` });
  await resumed(bob, 3);
  await bob.push("chat:message", (m) => m.text === "line 11");

  await bob.ask("chat:send", { channel, text: "line 12", key: "b-12" });
  await alice.push("chat:message", (m) => m.text === "line 12");
  await bob.push("chat:message", (m) => m.text === "line 12");
  assertWhole(alice, 12);
  assertWhole(bob, 12);
});

test("the dead server restarts and serves", async () => {
  const fresh = await untilServes("server-2");
  assert.equal(fresh.policyRevision, alice.ready.policyRevision);
  const carol = stack.direct("bob", "server-2");
  await carol.push("session:ready");
  const { lobby: seen } = await carol.ask("lobby:get", { lobbyId: lobby.id });
  assert.equal(seen.id, lobby.id);
  carol.close();
});

/** Waits for the n-th session of a user and checks that its streams were recovered. */
async function resumed(user, n) {
  const ready = await user.until(`session ${n}`, () => user.sessions[n - 1]);
  const chat = ready.resumed.find((r) => r.stream === `chat:${channel}`);
  assert.equal(chat.recovered, true, JSON.stringify(chat));
  const state = ready.resumed.find((r) => r.stream === `lobby:${lobby.id}`);
  assert.equal(state.recovered, true, JSON.stringify(state));
}

/** All messages so far, in order and without duplicates, and an audit without a fault. */
function assertWhole(user, count) {
  const want = ["hello bob", "hello alice"];
  for (let n = 3; n <= count; n++) want.push(`line ${n}`);
  assert.deepEqual(user.messages().map((m) => m.text), want);
  assert.deepEqual(user.faults, []);
}

async function untilServes(server) {
  for (let tries = 0; ; tries++) {
    try {
      return await stack.status(server);
    } catch (error) {
      if (tries === 600) throw error;
      await new Promise((again) => setTimeout(again, 100));
    }
  }
}
