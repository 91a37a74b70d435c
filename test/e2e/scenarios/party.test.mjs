// Three users on two servers are a party: they join by invite and by code, lead, leave,
// lose a server and reconnect. Each receives every patch exactly once.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Stack } from "../lib/stack.mjs";

const stack = new Stack();
let alice, bob, carol, party;

before(async () => {
  alice = stack.direct("alice", "server-1", { transports: ["polling"] });
  bob = stack.fronted("bob", { server: "server-2" });
  carol = stack.direct("carol", "server-1");
  await Promise.all([alice, bob, carol].map((user) => user.push("session:ready")));
});

after(() => [alice, bob, carol].forEach((user) => user?.close()));

const patch = (user, type, match = () => true) =>
  user.push("party:patch", (p) => p.partyId === party.id && p.cause.type === type && match(p));

test("alice creates a party, and a repeat with the same key creates no second one", async () => {
  ({ party } = await alice.ask("party:create", { key: "p-1", maxMembers: 3, attributes: { hero: "mage" } }));
  assert.equal(party.leaderId, alice.ready.userId);
  assert.match(party.code, /^[A-Z0-9]{8}$/);
  const again = await alice.ask("party:create", { key: "p-1", maxMembers: 3, attributes: { hero: "mage" } });
  assert.equal(again.party.id, party.id);
  assert.equal((await alice.refused("party:create", { key: "p-2" })).code, "already_member");
});

test("bob is invited on the other server, and accepts", async () => {
  const { inviteId } = await alice.ask("party:invite", { partyId: party.id, userId: bob.ready.userId, key: "i-1" });
  const invited = await bob.push("party:invited");
  assert.deepEqual([invited.inviteId, invited.partyId, invited.fromId], [inviteId, party.id, alice.ready.userId]);
  await bob.push("notify:new", (n) => n.notification.type === "party.invited" && n.notification.data.inviteId === inviteId);
  const joined = await bob.ask("party:respondInvite", { inviteId, accept: true, key: "r-1" });
  assert.deepEqual(Object.keys(joined.party.members).sort(), [alice.ready.userId, bob.ready.userId].sort());
  const seen = await patch(alice, "member_joined");
  assert.equal(seen.to, seen.from + 1);
  assert.equal(seen.meta.seq, seen.to);
});

test("carol declines first, then joins by the code", async () => {
  const { inviteId } = await bob.ask("party:invite", { partyId: party.id, userId: carol.ready.userId });
  await carol.push("party:invited");
  await carol.ask("party:respondInvite", { inviteId, accept: false });
  await patch(bob, "invite_declined");
  assert.equal((await carol.refused("party:respondInvite", { inviteId, accept: true })).code, "code_expired");
  assert.equal((await carol.refused("party:join", { code: "NOSUCH22" })).code, "not_found");
  await carol.ask("party:join", { code: party.code.toLowerCase() });
  const { party: now } = await carol.ask("party:get", {});
  assert.equal(now.id, party.id);
  assert.equal(Object.keys(now.members).length, 3);
});

test("invalid requests are refused with a code and the invalid field", async () => {
  const cases = [
    ["party:create", { maxMembers: 99 }, "invalid_argument", "maxMembers"],
    ["party:create", { maxMembers: "two" }, "invalid_argument", "maxMembers"],
    ["party:invite", { partyId: party.id }, "invalid_argument", "userId"],
    ["party:invite", { partyId: party.id, userId: "x".repeat(200) }, "invalid_argument", "userId"],
    ["party:invite", { partyId: party.id, userId: alice.ready.userId }, "already_member", "userId"],
    ["party:respondInvite", { accept: true }, "invalid_argument", "inviteId"],
    ["party:join", {}, "invalid_argument", "code"],
    ["party:leave", { partyId: "nope" }, "not_found"],
    ["party:kick", { partyId: party.id, userId: alice.ready.userId }, "failed_precondition"],
    ["party:promote", { partyId: party.id, userId: bob.ready.userId }, "failed_precondition"],
    ["party:setMember", { partyId: party.id, attributes: { x: [1] } }, "invalid_argument", "attributes.x"],
    ["party:get", { partyId: 7 }, "invalid_argument", "partyId"],
  ];
  const before = await bob.ask("party:get", { partyId: party.id });
  for (const [event, request, code, field] of cases) {
    const refusal = await bob.refused(event, request);
    assert.deepEqual([refusal.code, refusal.field], [code, field], `${event} ${JSON.stringify(request)}`);
  }
  await bob.ask("party:setMember", { partyId: party.id, attributes: { hero: "rogue" }, key: "m-1" });
  const mismatch = await bob.refused("party:setMember", { partyId: party.id, attributes: { hero: "bard" }, key: "m-1" });
  assert.equal(mismatch.code, "idempotency_mismatch");
  const { party: now } = await bob.ask("party:get", { partyId: party.id });
  assert.equal(now.version, before.party.version + 1, "only the good request changed something");
  assert.deepEqual(now.members[bob.ready.userId].attributes, { hero: "rogue" });
});

test("bob's server dies; he reconnects to the other one without missing an event", async () => {
  stack.kill("server-2");
  await alice.ask("party:setMember", { partyId: party.id, attributes: { ready: true } });
  await bob.until("bob on server-1", () => bob.sessions.length >= 2);
  await patch(bob, "member_updated", (p) => p.cause.actorId === alice.ready.userId);
  const { party: now } = await bob.ask("party:get", { partyId: party.id });
  assert.equal(now.members[bob.ready.userId].connected, true);
  assert.equal(now.members[alice.ready.userId].attributes.ready, true);
});

test("alice joins a lobby with the party: all become members at once, and each is connected after it requests the lobby", async () => {
  const refusal = await bob.refused("lobby:create", { type: "casual", partyId: party.id });
  assert.deepEqual([refusal.code, refusal.reason], ["failed_precondition", "not_leader"]);
  const small = await alice.refused("lobby:create", { type: "casual", maxMembers: 2, partyId: party.id });
  assert.deepEqual([small.code, small.reason], ["failed_precondition", "party_too_large"]);
  const joined = await alice.ask("lobby:create", { type: "casual", partyId: party.id, key: "l-1" });
  const users = [alice, bob, carol].map((user) => user.ready.userId).sort();
  assert.deepEqual(Object.keys(joined.lobby.members).sort(), users);
  for (const user of [bob, carol]) {
    const joinedPush = await user.push("lobby:joined", (j) => j.lobbyId === joined.lobby.id);
    assert.deepEqual([joinedPush.partyId, joinedPush.fromId, joinedPush.type], [party.id, alice.ready.userId, "casual"]);
    const { lobby: seen } = await user.ask("lobby:get", { lobbyId: joinedPush.lobbyId });
    assert.equal(seen.members[user.ready.userId].connected, true);
  }
  await bob.ask("lobby:ready", { lobbyId: joined.lobby.id, ready: true });
  await carol.push("lobby:patch", (p) => p.lobbyId === joined.lobby.id && p.cause.type === "member_ready");
  for (const user of [carol, bob, alice]) await user.ask("lobby:leave", { lobbyId: joined.lobby.id });
});

test("alice promotes bob, who kicks carol; she is notified and receives no more events", async () => {
  await alice.ask("party:promote", { partyId: party.id, userId: bob.ready.userId });
  await patch(bob, "leader_promoted");
  await bob.ask("party:kick", { partyId: party.id, userId: carol.ready.userId, reason: "afk" });
  const removed = await carol.push("party:removed");
  assert.deepEqual([removed.reason, removed.message], ["kicked", "afk"]);
  assert.equal((await carol.refused("party:get", { partyId: party.id })).code, "not_found");
});

test("bob bans carol, closes the party to its code, and all are ready", async () => {
  assert.equal((await carol.refused("party:join", { code: party.code })).code, "banned");
  const carols = carol.ready.userId;
  await bob.ask("party:ban", { partyId: party.id, userId: carols });
  assert.equal((await bob.refused("party:invite", { partyId: party.id, userId: carols })).code, "banned");
  await bob.ask("party:unban", { partyId: party.id, userId: carols });
  await bob.ask("party:update", { partyId: party.id, set: { joinable: false, maxMembers: 4 } });
  assert.equal((await carol.refused("party:join", { code: party.code })).reason, "party_locked");
  await bob.ask("party:update", { partyId: party.id, set: { joinable: true } });
  const { code } = await bob.ask("party:regenerateCode", { partyId: party.id });
  assert.equal((await carol.refused("party:join", { code: party.code })).code, "not_found");
  party.code = code;
  await alice.ask("party:ready", { partyId: party.id, ready: true });
  await patch(bob, "member_ready");
  assert.equal((await bob.ask("party:get", {})).party.members[alice.ready.userId].ready, true);
});

test("the leader leaves: alice leads; she leaves, and the party ends", async () => {
  await bob.ask("party:leave", { partyId: party.id });
  await patch(alice, "leader_succession");
  const { party: now } = await alice.ask("party:get", {});
  assert.equal(now.leaderId, alice.ready.userId);
  await alice.ask("party:leave", { partyId: party.id });
  assert.equal((await bob.refused("party:join", { code: party.code })).code, "code_expired");
  for (const user of [alice, bob, carol]) assert.deepEqual(user.faults, []);
});
