// A server dies and takes a user with it who never comes back: another server
// notices, hands the lobby over, and lets the user go.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Stack } from "../lib/stack.mjs";

// A pod's lease lasts 15 s, and is looked at every 5 s. That its users are offline within
// 20 s is proved where the clock is a false one; this machine may have much to do.
const LEASE_MS = 45_000;

const stack = new Stack();
let alice, bob;

before(async () => {
  alice = stack.direct("alice", "server-1");
  bob = stack.direct("bob", "server-2");
  await Promise.all([alice, bob].map((user) => user.push("session:ready")));
});

after(() => [alice, bob].forEach((user) => user?.close()));

test("the host's server dies and the host with it", async (t) => {
  const { lobby } = await bob.ask("lobby:create", { type: "quiet" });
  await alice.ask("lobby:join", { lobbyId: lobby.id });
  const { userId } = bob.ready;
  await alice.ask("presence:subscribe", { userIds: [userId] });
  const ofBob = [];
  alice.socket.on("presence:update", ({ changes }) => ofBob.push(...changes.filter((c) => c.userId === userId)));
  bob.socket.io.reconnection(false);
  stack.kill("server-2");
  const killed = Date.now();

  const offline = alice.push("presence:update", (p) => p.changes.some((c) => c.userId === userId && c.status === "offline"), LEASE_MS);
  const patch = (type) => alice.push("lobby:patch", (p) => p.cause.type === type, LEASE_MS);
  await Promise.all([offline.then(() => t.diagnostic(`offline after ${Date.now() - killed} ms`)), patch("member_disconnected")]);
  await patch("host_migrated");
  await patch("member_timed_out");

  const { lobby: now } = await alice.ask("lobby:get", { lobbyId: lobby.id });
  assert.equal(now.hostId, alice.ready.userId);
  assert.deepEqual(Object.keys(now.members), [alice.ready.userId]);
  assert.equal(ofBob.filter((c) => c.status === "offline").length, 1, "it is told once");
  assert.ok(ofBob.at(-1).lastSeen > 0);
  assert.deepEqual(alice.faults, []);
});
