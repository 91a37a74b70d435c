// A back end talks to users on two servers: each kind of target, rooms, batches,
// repeated requests, the end of sessions, and users who are kept out.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { Stack } from "../lib/stack.mjs";

const stack = new Stack();
const token = readFileSync(stack.state.apiTokenFile, "utf8").trim();
let alice, bob, lobby;

/** A request to the API of a server; gives the status and the body. */
async function api(server, path, body, headers = {}) {
  const answer = await fetch(stack.server(server).apiUrl + path, {
    method: body ? "POST" : "GET",
    headers: { authorization: `Bearer ${token}`, ...headers },
    body: body && JSON.stringify(body),
  });
  return { status: answer.status, ...(await answer.json()) };
}

async function emit(server, target, event, data = {}) {
  const answer = await api(server, "/v1/events", { target, event, data });
  assert.equal(answer.status, 200, JSON.stringify(answer));
  return answer;
}

before(async () => {
  alice = stack.direct("alice", "server-1", { transports: ["polling"] });
  bob = stack.direct("bob", "server-2");
  await Promise.all([alice, bob].map((user) => user.push("session:ready")));
  ({ lobby } = await alice.ask("lobby:create", { type: "casual" }));
  await bob.ask("lobby:join", { code: lobby.code });
});

after(() => [alice, bob].forEach((user) => user?.close()));

test("an event to a user arrives on the user's server, with its place in the user's stream", async () => {
  const { stream, epoch, seq, onlineRecipients } = await emit("server-1", { user: "bob" }, "game:reward", { gold: 5 });
  const got = await bob.push("game:reward");
  assert.equal(got.gold, 5);
  assert.deepEqual([got.meta.stream, got.meta.epoch, got.meta.seq], [stream, epoch, seq]);
  assert.equal(onlineRecipients, 1);
  assert.equal((await emit("server-2", { user: "nobody" }, "game:reward")).onlineRecipients, 0);
});

test("an event to several users, of which one is not there", async () => {
  const { streams, onlineRecipients } = await emit("server-2", { users: ["alice", "bob", "nobody"] }, "game:news", { n: 1 });
  await Promise.all([alice, bob].map((user) => user.push("game:news")));
  assert.deepEqual(streams.map((s) => s.stream), ["user:alice", "user:bob", "user:nobody"]);
  assert.equal(onlineRecipients, 2);
});

test("an event to a lobby takes its place between the patches", async () => {
  const { stream, seq } = await emit("server-2", { lobby: lobby.id }, "game:round", { round: 1 });
  for (const user of [alice, bob]) assert.equal((await user.push("game:round")).meta.stream, stream);
  await bob.ask("lobby:ready", { lobbyId: lobby.id, ready: true });
  const patch = await alice.push("lobby:patch", (p) => p.meta.seq === seq + 1);
  assert.deepEqual([patch.from, patch.to], [seq, seq + 1]);
});

test("a room is who the back end puts there, and who comes back is still in it", async () => {
  assert.equal((await api("server-1", "/v1/rooms/red:join", { userIds: ["alice", "bob"] })).users, 2);
  await Promise.all([alice, bob].map((user) => user.push("room:joined", (r) => r.room === "red")));
  assert.equal((await emit("server-2", { room: "red" }, "game:room", { n: 1 })).onlineRecipients, 2);
  await Promise.all([alice, bob].map((user) => user.push("game:room", (e) => e.n === 1)));

  bob.cut();
  await bob.until("bob's second session", () => bob.sessions.length === 2);
  await emit("server-1", { room: "red" }, "game:room", { n: 2 });
  await bob.push("game:room", (e) => e.n === 2);

  await api("server-1", "/v1/rooms/red:leave", { userIds: ["bob"] });
  await bob.push("room:left");
  await emit("server-1", { room: "red" }, "game:room", { n: 3 });
  await alice.push("game:room", (e) => e.n === 3);
  assert.deepEqual((await api("server-2", "/v1/rooms/red")).userIds, ["alice"]);
  assert.equal(bob.pushes.some((p) => p.event === "game:room" && p.data.n === 3), false);
});

test("a broadcast arrives at everybody, once", async () => {
  const { onlineRecipients } = await emit("server-1", { broadcast: true }, "game:all", { n: 1 });
  await Promise.all([alice, bob].map((user) => user.push("game:all")));
  assert.equal(onlineRecipients, 2);
});

test("the same key has no second effect, on another server either", async () => {
  const body = { target: { user: "alice" }, event: "game:once", data: {} };
  const key = { "idempotency-key": "k-1" };
  const first = await api("server-1", "/v1/events", body, key);
  assert.deepEqual(await api("server-2", "/v1/events", body, key), first);
  const other = await api("server-2", "/v1/events", { ...body, event: "game:twice" }, key);
  assert.deepEqual([other.status, other.error.code], [422, "idempotency_mismatch"]);
  await alice.push("game:once");
});

test("a batch has a result for each event", async () => {
  const { results } = await api("server-2", "/v1/events:batch", { events: [
    { target: { user: "alice" }, event: "game:batch", data: { n: 1 } },
    { target: { user: "alice" }, event: "lobby:patch" },
    { target: { lobby: "nope" }, event: "game:batch" },
    { target: { broadcast: true }, event: "game:batch", data: { n: 2 } },
  ] });
  assert.deepEqual(results.map((r) => r.ok || r.error.code), [true, "invalid_argument", "not_found", true]);
  await Promise.all([[alice, 1], [bob, 2]].map(([user, n]) => user.push("game:batch", (e) => e.n === n)));
});

test("nobody gets in without the token", async () => {
  const answer = await api("server-1", "/v1/events", {}, { authorization: "Bearer guess" });
  assert.deepEqual([answer.status, answer.error.code], [401, "unauthenticated"]);
});

test("a session is ended on whatever server it is, and the client comes back by itself", async () => {
  const before = bob.sessions.length;
  const { online } = await api("server-1", "/v1/sessions:disconnect", { userId: "bob", message: "new rules" });
  assert.equal(online, true);
  const end = await bob.push("session:terminated");
  assert.deepEqual([end.code, end.message, end.reconnect], ["disconnected", "new rules", true]);
  await bob.until("bob is back", () => bob.sessions.length > before);
});

test("a user who is revoked is out, stays out on every server, and comes back when that is lifted", async () => {
  await api("server-2", "/v1/users/alice:revoke", { message: "logged out everywhere", ttlMs: 600_000 });
  const refusal = await alice.push("connect_error");
  assert.deepEqual([refusal.code, refusal.message], ["unauthenticated", "logged out everywhere"]);
  const again = stack.direct("alice", "server-2");
  assert.equal((await again.push("connect_error")).code, "unauthenticated");
  again.close();
  await api("server-1", "/v1/users/alice:revoke", { lift: true });
  const back = stack.direct("alice", "server-1");
  await back.push("session:ready");
  back.close();
});

test("nobody missed an event or saw one twice", () => {
  for (const user of [alice, bob]) assert.deepEqual(user.faults, []);
});
