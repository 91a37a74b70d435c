// A server dies and takes a user with it who never comes back: another server
// notices, hands the lobby over, and lets the user go.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Stack } from "../lib/stack.mjs";

// A pod's lease lasts 15 s, and is looked at every 5 s.
const LEASE_MS = 30_000;

const stack = new Stack();
let alice, bob;

before(async () => {
  alice = stack.direct("alice", "server-1");
  bob = stack.direct("bob", "server-2");
  await Promise.all([alice, bob].map((user) => user.push("session:ready")));
});

after(() => [alice, bob].forEach((user) => user?.close()));

test("the host's server dies and the host with it", async () => {
  const { lobby } = await bob.ask("lobby:create", { type: "quiet" });
  await alice.ask("lobby:join", { lobbyId: lobby.id });
  bob.socket.io.reconnection(false);
  stack.kill("server-2");

  const patch = (type) => alice.push("lobby:patch", (p) => p.cause.type === type, LEASE_MS);
  await patch("member_disconnected");
  await patch("host_migrated");
  await patch("member_timed_out");

  const { lobby: now } = await alice.ask("lobby:get", { lobbyId: lobby.id });
  assert.equal(now.hostId, alice.ready.userId);
  assert.deepEqual(Object.keys(now.members), [alice.ready.userId]);
  assert.deepEqual(alice.faults, []);
});
