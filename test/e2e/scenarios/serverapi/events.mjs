// Events to each kind of target, batches, and repeated requests.
import assert from "node:assert/strict";
import { test } from "node:test";
import { alice, api, bob, emit, lobby } from "./stand.mjs";

test("an event to a user arrives on the user's server, with its position in the user's stream", async () => {
  const { stream, epoch, seq, onlineRecipients } = await emit("server-1", { user: "bob" }, "game:reward", { gold: 5 });
  const got = await bob.push("game:reward");
  assert.equal(got.gold, 5);
  assert.deepEqual([got.meta.stream, got.meta.epoch, got.meta.seq], [stream, epoch, seq]);
  assert.equal(onlineRecipients, 1);
  assert.equal((await emit("server-2", { user: "nobody" }, "game:reward")).onlineRecipients, 0);
});

test("an event to several users, one of them unknown", async () => {
  const { streams, onlineRecipients } = await emit("server-2", { users: ["alice", "bob", "nobody"] }, "game:news", { n: 1 });
  await Promise.all([alice, bob].map((user) => user.push("game:news")));
  assert.deepEqual(streams.map((s) => s.stream), ["user:alice", "user:bob", "user:nobody"]);
  assert.equal(onlineRecipients, 2);
});

test("an event to a lobby is ordered among its patches", async () => {
  const { stream, seq } = await emit("server-2", { lobby: lobby.id }, "game:round", { round: 1 });
  for (const user of [alice, bob]) assert.equal((await user.push("game:round")).meta.stream, stream);
  await bob.ask("lobby:ready", { lobbyId: lobby.id, ready: true });
  const patch = await alice.push("lobby:patch", (p) => p.meta.seq === seq + 1);
  assert.deepEqual([patch.from, patch.to], [seq, seq + 1]);
});

test("a broadcast arrives at every client once", async () => {
  const { onlineRecipients } = await emit("server-1", { broadcast: true }, "game:all", { n: 1 });
  await Promise.all([alice, bob].map((user) => user.push("game:all")));
  assert.equal(onlineRecipients, 2);
});

test("a repeat with the same key has no second effect, even on another server", async () => {
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
