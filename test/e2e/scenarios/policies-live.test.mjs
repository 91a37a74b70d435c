// Policies limit clients, and a changed policy applies on every server within seconds,
// without a disconnect.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { Stack } from "../lib/stack.mjs";

const stack = new Stack();
let alice, bob;

before(async () => {
  alice = stack.direct("alice", "server-1");
  bob = stack.direct("bob", "server-2", { transports: ["polling", "websocket"] });
  await Promise.all([alice, bob].map((user) => user.push("session:ready")));
});

after(() => [alice, bob].forEach((user) => user?.close()));

test("a policy's chat rate applies over all servers", async () => {
  const { lobby } = await alice.ask("lobby:create", { type: "quiet" });
  const channel = `lobby:${lobby.id}`;
  const second = stack.direct("alice", "server-2");
  await second.push("session:ready");
  await alice.ask("chat:send", { channel, text: "one" });
  await second.ask("chat:send", { channel, text: "two" });
  const refusal = await alice.refused("chat:send", { channel, text: "three" });
  assert.equal(refusal.code, "rate_limited");
  assert.equal(refusal.retryable, true);
  assert.ok(refusal.retryAfterMs > 0, JSON.stringify(refusal));
  second.close();
});

test("a full lobby refuses, and a locked one too", async () => {
  const { lobby } = await alice.ask("lobby:create", { type: "quiet" });
  await alice.ask("lobby:update", { lobbyId: lobby.id, set: { locked: true } });
  const locked = await bob.refused("lobby:join", { lobbyId: lobby.id });
  assert.equal(locked.reason, "lobby_locked");
  await alice.ask("lobby:update", { lobbyId: lobby.id, set: { locked: false, maxMembers: 1 } });
  const full = await bob.refused("lobby:join", { lobbyId: lobby.id });
  assert.equal(full.reason, "lobby_full");
});

test("a password is required and never sent to clients", async () => {
  const { lobby } = await alice.ask("lobby:create", { type: "casual", password: "sesame street" });
  assert.equal(lobby.hasPassword, true);
  assert.ok(!JSON.stringify(lobby).includes("sesame"));
  assert.equal((await bob.refused("lobby:join", { lobbyId: lobby.id, password: "wrong" })).reason, "wrong_password");
  await bob.ask("lobby:join", { lobbyId: lobby.id, password: "sesame street" });

  await alice.ask("lobby:kick", { lobbyId: lobby.id, userId: bob.ready.userId });
  const removed = await bob.push("lobby:removed", (r) => r.lobbyId === lobby.id);
  assert.equal(removed.reason, "kicked");
  const outside = await bob.refused("chat:send", { channel: `lobby:${lobby.id}`, text: "still here?" });
  assert.deepEqual([outside.code, outside.reason], ["failed_precondition", "not_member"]);
});

test("an edited policy applies on both servers, without a disconnect", async () => {
  const { lobby } = await alice.ask("lobby:create", { type: "casual" });
  const channel = `lobby:${lobby.id}`;
  const long = "x".repeat(250);
  const refusal = await alice.refused("chat:send", { channel, text: long });
  assert.deepEqual([refusal.code, refusal.field], ["invalid_argument", "text"]);

  const file = stack.state.file;
  const before = stack.state.policyRevision;
  writeFileSync(file, readFileSync(file, "utf8").replace("maxLength: 200", "maxLength: 300"));
  for (const [server, user] of [["server-1", alice], ["server-2", bob]]) {
    await settled(server, (s) => s.policyRevision !== before);
    assert.equal(user.sessions.length, 1);
    assert.ok(user.socket.connected);
  }
  // The policy has applyTo: NewLobbies (the default), so the old lobby keeps its rules.
  assert.equal((await alice.refused("chat:send", { channel, text: long })).field, "text");
  const { lobby: fresh } = await alice.ask("lobby:create", { type: "casual" });
  await alice.ask("chat:send", { channel: `lobby:${fresh.id}`, text: long });
});

async function settled(server, match) {
  for (let tries = 0; tries < 600; tries++) {
    if (match(await stack.status(server))) return;
    await new Promise((again) => setTimeout(again, 100));
  }
  throw new Error(`${server} did not get there: ${JSON.stringify(await stack.status(server))}`);
}
