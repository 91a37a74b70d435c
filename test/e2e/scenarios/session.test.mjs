// Sessions on two servers: expiring tokens, manual resumes, sessions ended by a back end,
// and a draining server.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import Redis from "ioredis";
import { Stack } from "../lib/stack.mjs";
import { User } from "../lib/user.mjs";

const stack = new Stack();
let alice, tablet, bob, lobby, party;

/** A token of the user that is valid for the given number of seconds. */
function token(user, seconds, scope) {
  const now = Math.floor(Date.now() / 1000);
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${part({ alg: "HS256", typ: "JWT" })}.${part({ sub: user, iat: now, exp: now + seconds, scope })}`;
  return `${text}.${createHmac("sha256", "of this scenario and of nothing else").update(text).digest("base64url")}`;
}

const connect = (user, server, seconds = 3600) => new User({ url: stack.server(server).url, token: token(user, seconds) });

before(async () => {
  [alice, tablet, bob] = [connect("alice", "server-1"), connect("alice", "server-2"), stack.fronted("bob", { server: "server-2" })];
  await Promise.all([alice, tablet, bob].map((user) => user.push("session:ready")));
  ({ lobby } = await alice.ask("lobby:create", { type: "casual" }));
  ({ party } = await alice.ask("party:create"));
  await bob.ask("lobby:join", { lobbyId: lobby.id });
});

after(() => [alice, tablet, bob].forEach((user) => user?.close()));

test("a ping returns the server's time", async () => {
  const { at, serverTime } = await alice.ask("sync:ping", { at: 7 });
  assert.equal(at, 7);
  assert.ok(Math.abs(serverTime - Date.now()) < 60_000);
});

test("a manual resume returns the missed events, or the current state", async () => {
  const stream = `lobby:${lobby.id}`;
  const resume = async (...streams) => (await alice.ask("sync:resume", { streams })).streams;
  const [missed, others] = await resume(
    { stream, epoch: alice.streams.get(stream).epoch, seq: lobby.version }, { stream: "user:bob", epoch: "", seq: 0 });
  assert.equal(missed.recovered, true);
  assert.deepEqual(missed.events.map(({ data }) => data.meta.seq), missed.events.map((_, i) => lobby.version + 1 + i));
  assert.ok(missed.events.some(({ event, data }) => event === "lobby:patch" && data.cause.type === "member_joined"));
  assert.equal(others.error.code, "permission_denied");

  const [ofLobby, ofParty] = await resume({ stream, epoch: "lost", seq: 1 }, { stream: `party:${party.id}`, epoch: "lost", seq: 1 });
  assert.deepEqual([ofLobby.recovered, Object.keys(ofLobby.snapshot.lobby.members).sort()], [false, ["alice", "bob"]]);
  assert.deepEqual([ofParty.recovered, ofParty.snapshot.party.leaderId], [false, "alice"]);
});

test("members receive snapshots of a lobby and a party whose history Redis has lost", async () => {
  const redis = new Redis(`redis://${stack.state.redis.address}`);
  for (const [stream, change] of [
    [`lobby:${lobby.id}`, () => alice.ask("lobby:update", { lobbyId: lobby.id, set: { name: "found" } })],
    [`party:${party.id}`, () => alice.ask("party:setMember", { partyId: party.id, attributes: { role: "tank" } })],
  ]) {
    const [key] = await redis.keys(`*{${stream}}:h`);
    await redis.hset(key, "e", "another"); // like a failover to a replica without the data
    await change();
  }
  redis.disconnect();
  for (const user of [alice, bob]) {
    const { lobby: now, meta } = await user.push("lobby:snapshot", (s) => s.lobby.id === lobby.id);
    assert.deepEqual([now.name, now.version, meta.epoch], ["found", meta.seq, "another"]);
  }
  const { party: now } = await alice.push("party:snapshot");
  assert.equal(now.members.alice.attributes.role, "tank");
});

test("a session refreshes its expiring token, and continues", async () => {
  const carol = connect("carol", "server-2", 30); // shorter than the warning time
  const { expiresAt } = await carol.push("session:expiring");
  assert.equal((await carol.refused("session:refresh", { token: token("bob", 3600) })).code, "permission_denied");
  assert.equal((await carol.refused("session:refresh", { token: token("carol", -3600) })).code, "token_expired");
  const { tokenExpiresAt } = await carol.ask("session:refresh", { token: token("carol", 3600) });
  assert.ok(tokenExpiresAt > expiresAt);
  assert.equal(carol.sessions.length, 1);
  carol.close();
});

test("a refresh with fewer scopes ends the subscriptions that need them", async () => {
  const carol = connect("carol", "server-2", 3600);
  await carol.push("session:ready");
  await carol.ask("session:refresh", { token: token("carol", 3600, "chat:topic:news") });
  await carol.ask("chat:join", { channel: "topic:news" });
  await carol.ask("session:refresh", { token: token("carol", 3600) });
  const { streams } = await carol.push("sync:lost");
  assert.deepEqual(streams, ["chat:topic:news"]);
  assert.equal((await carol.refused("chat:send", { channel: "topic:news", text: "x" })).code, "permission_denied");
  carol.close();
});

test("one of a user's sessions is ended: all of them are notified, and the other session continues", async () => {
  const answer = await fetch(`${stack.server("server-1").apiUrl}/v1/sessions:disconnect`, {
    method: "POST", headers: { authorization: `Bearer ${readFileSync(stack.state.apiTokenFile, "utf8").trim()}` },
    body: JSON.stringify({ userId: "alice", sessionIds: [tablet.ready.sessionId], message: "only one" }),
  });
  assert.equal(answer.status, 200);
  const ended = tablet.ready.sessionId;
  assert.equal((await tablet.push("session:terminated")).message, "only one");
  const ending = await alice.push("session:ending");
  assert.deepEqual([ending.sessionIds, ending.code], [[ended], "disconnected"]);
  await tablet.until("the tablet is back", () => tablet.sessions.length === 2);
  assert.equal(alice.sessions.length, 1);
});

test("a stopping server announces its drain, and its clients continue on another server without a gap", async () => {
  process.kill(stack.server("server-2").pid, "SIGTERM");
  const { reason, deadlineAt } = await bob.push("session:draining");
  assert.ok(reason && deadlineAt > Date.now() - 60_000);
  const { code, reconnect } = await bob.push("session:terminated", (end) => end.code === "draining");
  assert.deepEqual([code, reconnect], ["draining", true]);
  await bob.until("bob is back", () => bob.sessions.length === 2);
  await alice.ask("lobby:update", { lobbyId: lobby.id, set: { name: "still here" } });
  await bob.push("lobby:patch", (p) => p.ops.some((op) => op.path === "/name" && op.value === "still here"));
  assert.deepEqual(bob.faults, []);
});
