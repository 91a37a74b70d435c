// A client without a state reads its user's groups: after a reload, on a second device,
// after the user's server was killed, and after a back end created a lobby for the user.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { Stack } from "../lib/stack.mjs";

const stack = new Stack();
const users = [];
let alice, bob, lobby, party, ticket;

/** A client without a state, on a server. */
async function fresh(name, server) {
  const user = stack.direct(name, server);
  users.push(user);
  await user.push("session:ready");
  return user;
}

/** Creates a lobby as a back end. */
async function make(server, body) {
  const token = readFileSync(stack.state.apiTokenFile, "utf8").trim();
  const answer = await fetch(`${stack.server(server).apiUrl}/v1/lobbies`, {
    method: "POST", headers: { authorization: `Bearer ${token}` }, body: JSON.stringify(body),
  });
  const made = await answer.json();
  assert.equal(answer.status, 200, JSON.stringify(made));
  return made.lobby;
}

/** Checks that a client's first push lists all of alice's groups, and that the client can resume from it. */
async function knows(user) {
  const { lobbies, party: place, tickets } = user.ready;
  assert.deepEqual(lobbies.map((l) => [l.lobbyId, l.role, l.status, l.name]), [[lobby.id, "host", "open", "den"]]);
  assert.equal(place.partyId, party.id);
  assert.deepEqual(tickets.map((t) => t.id), [ticket.id]);
  const from = [lobbies[0].meta, place.meta].map(({ stream, epoch, seq }) => ({ stream, epoch, seq }));
  const { streams } = await user.ask("sync:resume", { streams: from });
  assert.deepEqual(streams.map((s) => [s.error, s.recovered]), [[undefined, true], [undefined, true]]);
  const name = `den of ${user.ready.sessionId}`;
  await user.ask("lobby:update", { lobbyId: lobby.id, set: { name } });
  await user.push("lobby:patch", (p) => p.ops.some((op) => op.value === name));
  await user.ask("lobby:update", { lobbyId: lobby.id, set: { name: "den" } });
  const { lobbies: mine } = await user.ask("lobby:mine");
  assert.deepEqual(mine.map((m) => [m.lobby.id, m.lobby.name, m.meta.seq === m.lobby.version]), [[lobby.id, "den", true]]);
  assert.equal(mine[0].lobby.members.alice.connected, true);
}

before(async () => {
  [alice, bob] = [await fresh("alice", "server-1"), await fresh("bob", "server-2")];
});

after(() => users.forEach((user) => user.close()));

test("a user without memberships receives none", () => {
  for (const member of ["lobbies", "party", "tickets", "proposals"]) assert.equal(member in alice.ready, false, member);
});

test("a reloaded page receives its user's memberships", async () => {
  ({ lobby } = await alice.ask("lobby:create", { type: "casual", name: "den" }));
  ({ party } = await alice.ask("party:create"));
  ({ ticket } = await alice.ask("mm:enqueue", { queue: "four" }));
  await bob.ask("lobby:join", { lobbyId: lobby.id });
  alice.close();
  await bob.push("lobby:patch", (p) => p.cause.type === "member_disconnected");
  alice = await fresh("alice", "server-1");
  await bob.push("lobby:patch", (p) => p.cause.type === "member_reconnected");
  await knows(alice);
});

test("a second device receives them on another server", async () => {
  const tablet = await fresh("alice", "server-2");
  await knows(tablet);
  tablet.close();
});

test("a refusal because of the user's existing objects has their ids", async () => {
  const { lobby: second } = await alice.ask("lobby:create", { type: "casual" });
  const full = await alice.refused("lobby:create", { type: "casual" });
  assert.deepEqual([full.code, full.reason, full.current.sort()], ["resource_exhausted", "lobby_limit", [lobby.id, second.id].sort()]);
  await alice.ask("lobby:leave", { lobbyId: second.id });
  const grouped = await alice.refused("party:create");
  assert.deepEqual([grouped.code, grouped.reason, grouped.current], ["already_member", "in_party", [party.id]]);
  const queued = await alice.refused("mm:enqueue", { queue: "four" });
  assert.deepEqual([queued.code, queued.reason, queued.current], ["already_queued", "ticket_limit", [ticket.id]]);
});

test("a back end's lobby notifies its members, connected or not, and keeps their places", async () => {
  const kept = await make("server-1", { type: "final", name: "kept", teams: [["bob", "carol"]] });
  const joinedPush = await bob.push("lobby:joined", (j) => j.lobbyId === kept.id);
  assert.deepEqual([joinedPush.type, joinedPush.name, joinedPush.reason], ["final", "kept", "server"]);
  assert.ok(joinedPush.expiresAt > Date.now() + 300_000, "the place is kept for ten minutes");
  await bob.ask("lobby:get", { lobbyId: kept.id });

  const brief = await make("server-2", { type: "final", name: "brief", teams: [["bob", "dave"]], arriveWithinMs: 4000 });
  await bob.ask("lobby:get", { lobbyId: brief.id });
  await bob.push("lobby:patch", (p) => p.lobbyId === brief.id && p.cause.type === "member_timed_out");

  const carol = await fresh("carol", "server-1"); // longer than the policy's grace, which is half of it
  assert.deepEqual(carol.ready.lobbies.map((l) => [l.lobbyId, l.role]), [[kept.id, "member"]]);
  await bob.push("lobby:patch", (p) => p.lobbyId === kept.id && p.cause.type === "member_reconnected");
  assert.deepEqual(Object.keys((await carol.ask("lobby:get", { lobbyId: kept.id })).lobby.members).sort(), ["bob", "carol"]);
  const dave = await fresh("dave", "server-2");
  assert.equal(dave.ready.lobbies, undefined);
});

test("a client receives the memberships after its user's server was killed", async () => {
  alice.socket.io.reconnection(false);
  stack.kill("server-1");
  alice = await fresh("alice", "server-2");
  await knows(alice);
});

test("every event arrived exactly once", () => {
  for (const user of users) assert.deepEqual(user.faults, []);
});
