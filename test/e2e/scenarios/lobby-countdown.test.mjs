// The server that started a countdown dies during the countdown: another server starts
// the match, once.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Stack } from "../lib/stack.mjs";

// Six seconds of the countdown, and a margin for a busy machine.
const HANDOFF_MS = 30_000;

const stack = new Stack();
let alice, bob, lobbyId;

before(async () => {
  alice = stack.direct("alice", "server-1");
  bob = stack.direct("bob", "server-2");
  await Promise.all([alice, bob].map((user) => user.push("session:ready")));
});

after(() => [alice, bob].forEach((user) => user?.close()));

test("kill -9 during a countdown", async () => {
  const { lobby } = await alice.ask("lobby:create", { type: "arena" });
  lobbyId = lobby.id;
  await bob.ask("lobby:join", { lobbyId });
  for (const user of [alice, bob]) await user.ask("lobby:ready", { lobbyId: lobby.id, ready: true });
  await alice.ask("lobby:start", { lobbyId: lobby.id, key: "s" });
  await bob.push("lobby:starting");
  alice.socket.io.reconnection(false);
  stack.kill("server-1");

  const { match } = await bob.push("lobby:handoff", () => true, HANDOFF_MS);
  assert.deepEqual(Object.keys(match.players).sort(), [alice.ready.userId, bob.ready.userId].sort());
  const { lobby: now } = await bob.ask("lobby:get", { lobbyId: lobby.id });
  assert.deepEqual([now.status, now.matchId, now.match], ["in_match", match.matchId, match]);
  assert.equal((await bob.refused("lobby:ready", { lobbyId: lobby.id, ready: false })).reason, "lobby_started");
  assert.equal(bob.pushes.filter((p) => p.event === "lobby:handoff").length, 1);
  assert.deepEqual(bob.faults, []);
});

test("the host ends the match, and the second round begins", async () => {
  const again = stack.direct("alice", "server-2");
  await again.push("session:ready");
  await again.ask("lobby:get", { lobbyId });
  const { lobby } = await bob.ask("lobby:get", { lobbyId });
  const host = lobby.hostId === bob.ready.userId ? bob : again;
  await host.ask("lobby:end", { lobbyId, result: { won: "red" } });
  await bob.push("lobby:patch", (p) => p.cause.type === "match_ended");
  const { lobby: over } = await bob.ask("lobby:get", { lobbyId });
  assert.deepEqual([over.status, over.match, over.lastMatch.result], ["open", undefined, { won: "red" }]);
  for (const user of [again, bob]) await user.ask("lobby:ready", { lobbyId, ready: true });
  await host.ask("lobby:start", { lobbyId });
  assert.equal((await host.refused("lobby:start", { lobbyId })).reason, "lobby_starting");
  again.close();
});
