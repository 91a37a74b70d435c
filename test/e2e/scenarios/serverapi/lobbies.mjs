// Lobbies that a back end creates, reads, changes and closes, and a lobby's match.
import assert from "node:assert/strict";
import { test } from "node:test";
import { alice, bob, must } from "./stand.mjs";

let made;
const at = () => ({ lobbyId: made.id });
const patch = (user, type) => user.push("lobby:patch", (p) => p.lobbyId === made.id && p.cause.type === type);

test("a lobby is created for two users, who are its members", async () => {
  const request = { type: "casual", name: "final", teams: [["alice", "bob"]] };
  ({ lobby: made } = await must("server-1", "/v1/lobbies", request, { "idempotency-key": "lobby-1" }));
  const again = await must("server-2", "/v1/lobbies", request, { "idempotency-key": "lobby-1" });
  assert.equal(again.lobby.id, made.id);
  assert.deepEqual([made.hostId, Object.keys(made.members).sort()], ["alice", ["alice", "bob"]]);
  for (const user of [alice, bob]) {
    const { lobby } = await user.ask("lobby:get", at());
    assert.deepEqual([lobby.name, lobby.members[user.ready.userId].connected], ["final", true]);
  }
});

test("the lobby is listed and read with the fields that clients do not see", async () => {
  const { lobbies } = await must("server-2", "/v1/lobbies:query", { type: "casual" });
  assert.ok(lobbies.some((l) => l.id === made.id));
  const { lobby } = await must("server-2", `/v1/lobbies/${made.id}`);
  assert.equal(lobby.attributes.seed, 42);
  assert.equal((await bob.ask("lobby:get", at())).lobby.attributes.seed, undefined);
});

test("its members receive the back end's change, at the answered version", async () => {
  const { seq } = await must("server-2", `/v1/lobbies/${made.id}:update`,
    { set: { locked: false, attributes: { stage: "semifinal", seed: 7 } } });
  for (const user of [alice, bob]) {
    const { ops, to } = await patch(user, "updated");
    assert.equal(to, seq);
    assert.deepEqual(ops.filter((op) => op.path.startsWith("/attributes")), [{ op: "add", path: "/attributes/stage", value: "semifinal" }]);
  }
});

test("the players receive the address of their match, and its end", async () => {
  for (const user of [alice, bob]) await user.ask("lobby:ready", { ...at(), ready: true });
  await alice.ask("lobby:start", at());
  const { match } = await bob.push("lobby:handoff", (h) => h.lobbyId === made.id);
  await must("server-1", `/v1/matches/${match.matchId}:report`, { connection: { host: "game.example.com", port: 7777 } });
  await bob.push("lobby:handoff", (h) => h.match.connection?.port === 7777);
  await must("server-2", `/v1/matches/${match.matchId}:report`, { ended: true, reason: "red won" });
  for (const user of [alice, bob]) assert.equal((await patch(user, "match_ended")).cause.reason, "red won");
});

test("the lobby is closed, and its members receive the reason", async () => {
  await must("server-1", `/v1/lobbies/${made.id}:close`, { reason: "maintenance" });
  for (const user of [alice, bob]) {
    assert.equal((await patch(user, "closed")).cause.reason, "maintenance");
    assert.equal((await user.push("lobby:removed", (r) => r.lobbyId === made.id)).reason, "closed");
  }
});
