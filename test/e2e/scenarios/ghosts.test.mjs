// A server dies with the connection of a user who never reconnects: another server
// detects it, transfers the lobby to another host, and removes the user.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Stack } from "../lib/stack.mjs";

// A pod's lease lasts 15 s, and is checked every 5 s. A test with a fake clock verifies
// that its users are offline within 20 s; here is a margin for a busy machine.
const LEASE_MS = 45_000;

const stack = new Stack();
let alice, bob;

before(async () => {
  alice = stack.direct("alice", "server-1");
  bob = stack.direct("bob", "server-2");
  await Promise.all([alice, bob].map((user) => user.push("session:ready")));
});

after(() => [alice, bob].forEach((user) => user?.close()));

test("the host's server dies with the host's connection", async (t) => {
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
  assert.equal(ofBob.filter((c) => c.status === "offline").length, 1, "pushed once");
  assert.ok(ofBob.at(-1).lastSeen > 0);
  assert.deepEqual(alice.faults, []);
});
