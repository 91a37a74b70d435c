// All requests of a lobby, by four users on two servers, one of which dies during a join
// request.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Stack } from "../lib/stack.mjs";

const stack = new Stack();
let alice, bob, carol, dave, lobby;

before(async () => {
  alice = stack.direct("alice", "server-1");
  bob = stack.fronted("bob", { server: "server-2" });
  carol = stack.direct("carol", "server-1");
  dave = stack.fronted("dave", { server: "server-2" });
  await Promise.all([alice, bob, carol, dave].map((user) => user.push("session:ready")));
});

after(() => [alice, bob, carol, dave].forEach((user) => user?.close()));

const id = (user) => user.ready.userId;
const patch = (user, type, match = () => true, patience) =>
  user.push("lobby:patch", (p) => p.lobbyId === lobby.id && p.cause.type === type && match(p), patience);

test("a watched list reports new lobbies", async () => {
  await bob.ask("lobby:watch", { type: "arena" });
  ({ lobby } = await alice.ask("lobby:create", {
    type: "arena", name: "arena one", attributes: { map: "ice", plan: "rush" }, key: "c-1",
  }));
  const listed = await bob.push("lobby:listed", (l) => l.added?.some((card) => card.id === lobby.id));
  const card = listed.added.find((c) => c.id === lobby.id);
  assert.deepEqual([card.name, card.players, card.attributes], ["arena one", 1, { map: "ice" }]);
});

test("other users see public fields, members those for members, and no client the server's", async () => {
  assert.deepEqual(lobby.attributes, { map: "ice", plan: "rush" });
  const { lobby: seen } = await dave.ask("lobby:get", { lobbyId: lobby.id });
  assert.deepEqual([seen.attributes, seen.code], [{ map: "ice" }, undefined]);
  dave.streams.delete(`lobby:${lobby.id}`); // a read without a subscription
});

test("a search finds the lobby, page by page", async () => {
  const filter = { "attributes.map": { in: ["ice", "fog"] }, free: { gte: 1 }, status: { eq: "open" } };
  const { lobby: other } = await carol.ask("lobby:create", { type: "arena", name: "arena two", attributes: { map: "fog" } });
  await bob.push("lobby:listed", (l) => l.added?.some((card) => card.id === other.id));
  const search = async () => {
    const found = [];
    let cursor;
    do {
      const page = await dave.ask("lobby:search", { type: "arena", filter, sort: "-players", limit: 1, cursor });
      assert.ok(page.lobbies.length <= 1);
      found.push(...page.lobbies.map((l) => l.id));
      cursor = page.cursor;
    } while (cursor);
    return found;
  };
  assert.deepEqual((await search()).sort(), [lobby.id, other.id].sort());
  await carol.ask("lobby:close", { lobbyId: other.id, key: "x-0" });
  await bob.push("lobby:listed", (l) => l.removed?.includes(other.id));
  assert.deepEqual(await search(), [lobby.id]);
  assert.equal((await dave.refused("lobby:get", { lobbyId: other.id })).code, "not_found");
  const none = await dave.ask("lobby:search", { type: "arena", filter: { "attributes.map": { ne: "ice" } } });
  assert.deepEqual(none.lobbies, []);
});

test("bob joins quickly, into the smaller team; carol watches", async () => {
  const quick = await bob.ask("lobby:quickJoin", {
    type: "arena", filter: { "attributes.map": { eq: "ice" } }, createIfNone: {}, key: "q-1",
  });
  assert.deepEqual([quick.created, quick.lobby.id], [false, lobby.id]);
  assert.notEqual(quick.lobby.members[id(bob)].team, quick.lobby.members[id(alice)].team);
  const { lobby: seen } = await carol.ask("lobby:join", { lobbyId: lobby.id, as: "spectator" });
  assert.equal(seen.members[id(carol)].role, "spectator");
  assert.equal((await carol.refused("lobby:ready", { lobbyId: lobby.id, ready: true })).code, "permission_denied");
  await carol.ask("lobby:leave", { lobbyId: lobby.id });
});

test("after an unwatch, no more changes of the list arrive", async () => {
  const listed = (user) => user.pushes.filter((p) => p.event === "lobby:listed").length;
  await dave.ask("lobby:watch", { type: "arena" });
  await bob.ask("lobby:unwatch", { type: "arena" });
  const received = listed(bob);
  // When dave, on the same server, has received the second change, bob would have
  // received the first.
  for (const name of ["arena 1", "arena one"]) {
    await alice.ask("lobby:update", { lobbyId: lobby.id, set: { name } });
    await dave.push("lobby:listed", (l) => l.updated?.some((card) => card.id === lobby.id && card.name === name));
  }
  await bob.ask("sync:ping");
  assert.equal(listed(bob), received);
  await dave.ask("lobby:unwatch", { type: "arena" });
});

test("undeclared attributes of bob are refused; only the host changes the lobby's", async () => {
  const bad = await bob.refused("lobby:setMember", { lobbyId: lobby.id, attributes: { map: "fog" } });
  assert.deepEqual([bad.code, bad.field], ["invalid_argument", "attributes.map"]);
  await alice.ask("lobby:update", { lobbyId: lobby.id, set: { attributes: { map: "fog" } }, key: "u-1" });
  await patch(bob, "updated", (p) => p.ops.some((op) => op.path === "/attributes/map" && op.value === "fog"));
});

test("an invite admits to a private lobby, without its password", async () => {
  await alice.ask("lobby:update", { lobbyId: lobby.id, set: { visibility: "private", password: "swordfish" } });
  assert.equal((await dave.refused("lobby:join", { lobbyId: lobby.id })).code, "not_found");
  const { inviteId } = await bob.ask("lobby:invite", { lobbyId: lobby.id, userId: id(dave), key: "i-1" });
  const invited = await dave.push("lobby:invited");
  assert.deepEqual([invited.inviteId, invited.fromId], [inviteId, id(bob)]);
  await dave.ask("lobby:respondInvite", { inviteId, accept: false });
  assert.equal((await dave.refused("lobby:join", { inviteId })).code, "code_expired");
  const again = await bob.ask("lobby:invite", { lobbyId: lobby.id, userId: id(dave) });
  const { lobby: in_ } = await dave.ask("lobby:respondInvite", { inviteId: again.inviteId, accept: true, key: "r-1" });
  assert.ok(in_.members[id(dave)]);
});

test("the players vote dave out, and he cannot rejoin", async () => {
  await alice.ask("lobby:voteKick", { lobbyId: lobby.id, userId: id(dave) });
  await patch(bob, "voted", (p) => p.ops.some((op) => op.path === "/votes"));
  await bob.ask("lobby:voteKick", { lobbyId: lobby.id, userId: id(dave) });
  await dave.push("lobby:removed", (r) => r.lobbyId === lobby.id && r.reason === "kicked");
  assert.equal((await alice.refused("lobby:invite", { lobbyId: lobby.id, userId: id(dave) })).code, "banned");
  await alice.ask("lobby:unban", { lobbyId: lobby.id, userId: id(dave) });
  await alice.ask("lobby:ban", { lobbyId: lobby.id, userId: id(dave), reason: "still" });
  assert.equal((await dave.refused("lobby:join", { code: lobby.code, password: "swordfish" })).code, "banned");
  await alice.ask("lobby:unban", { lobbyId: lobby.id, userId: id(dave) });
});

test("a new code replaces the old one", async () => {
  const { code } = await alice.ask("lobby:regenerateCode", { lobbyId: lobby.id, key: "g-1" });
  assert.notEqual(code, lobby.code);
  assert.equal((await dave.refused("lobby:join", { code: lobby.code, password: "swordfish" })).code, "code_expired");
  assert.equal((await dave.refused("lobby:join", { code, password: "sword" })).reason, "wrong_password");
  lobby.code = code;
});

test("the host role is transferred, and back", async () => {
  await alice.ask("lobby:transferHost", { lobbyId: lobby.id, userId: id(bob) });
  await patch(alice, "host_transferred");
  assert.equal((await alice.refused("lobby:start", { lobbyId: lobby.id })).reason, "not_host");
  await bob.ask("lobby:transferHost", { lobbyId: lobby.id, userId: id(alice) });
});

test("invalid requests are refused with a code and the invalid field", async () => {
  const at = { lobbyId: lobby.id };
  const long = "x".repeat(200);
  const { lobby: was } = await alice.ask("lobby:get", at);
  for (const [event, request, code, field] of [
    ["lobby:create", { type: 7 }, "invalid_argument", "type"],
    ["lobby:create", { type: "none" }, "invalid_argument", "type"],
    ["lobby:create", { type: "arena", name: long }, "invalid_argument", "name"],
    ["lobby:create", { type: "arena", visibility: "friends" }, "invalid_argument", "visibility"],
    ["lobby:get", { lobbyId: long }, "invalid_argument", "lobbyId"],
    ["lobby:search", { type: "arena", filter: { hostId: { eq: "x" } } }, "invalid_argument", "filter.hostId"],
    ["lobby:search", { type: "arena", filter: { "attributes.plan": { eq: "x" } } }, "invalid_argument", "filter.attributes.plan"],
    ["lobby:search", { type: "arena", cursor: "x" }, "invalid_argument", "cursor"],
    ["lobby:search", { type: "arena", limit: -1 }, "invalid_argument", "limit"],
    ["lobby:watch", { type: "none" }, "invalid_argument", "type"],
    ["lobby:unwatch", {}, "invalid_argument", "type"],
    ["lobby:quickJoin", { type: "arena", filter: { free: { gte: 99 } } }, "not_found"],
    ["lobby:join", {}, "invalid_argument", "lobbyId"],
    ["lobby:join", { lobbyId: lobby.id, code: "ABC" }, "invalid_argument", "lobbyId"],
    ["lobby:leave", { lobbyId: "nope" }, "not_found"],
    ["lobby:update", { ...at, expectedVersion: 1, set: { name: "n" } }, "version_conflict"],
    ["lobby:update", { ...at, set: { attributes: { seed: 1 } } }, "permission_denied", "set.attributes.seed"],
    ["lobby:setMember", { ...at, team: "9" }, "invalid_argument", "team"],
    ["lobby:ready", { ...at, ready: "yes" }, "invalid_argument", "ready"],
    ["lobby:kick", { ...at, userId: "nobody" }, "not_found"],
    ["lobby:ban", { ...at, userId: id(alice) }, "invalid_argument", "userId"],
    ["lobby:unban", { ...at, userId: "nobody" }, "not_found"],
    ["lobby:voteKick", { ...at, userId: id(alice) }, "invalid_argument", "userId"],
    ["lobby:transferHost", { ...at }, "invalid_argument", "userId"],
    ["lobby:invite", { ...at, userId: id(bob) }, "already_member", "userId"],
    ["lobby:respondInvite", { inviteId: "x.y", accept: true }, "code_expired"],
    ["lobby:requestJoin", { code: "NOSUCH" }, "not_found"],
    ["lobby:respondJoin", { ...at, userId: "nobody", accept: true }, "not_found"],
    ["lobby:regenerateCode", { lobbyId: 1 }, "invalid_argument", "lobbyId"],
    ["lobby:start", at, "failed_precondition"],
    ["lobby:cancelStart", at, "failed_precondition"],
    ["lobby:close", { lobbyId: "nope" }, "not_found"],
  ]) {
    const refusal = await alice.refused(event, request);
    assert.deepEqual([refusal.code, refusal.field], [code, field], `${event} ${JSON.stringify(request)}`);
  }
  await alice.ask("lobby:setMember", { ...at, team: "1", key: "m-1" });
  assert.equal((await alice.refused("lobby:setMember", { ...at, team: "2", key: "m-1" })).code, "idempotency_mismatch");
  const { lobby: now } = await alice.ask("lobby:get", at);
  assert.ok(now.version <= was.version + 1, "only the good request changed something");
});

test("a start is cancelled by request, and by a member who is no longer ready", async () => {
  for (const user of [alice, bob]) await user.ask("lobby:ready", { lobbyId: lobby.id, ready: true });
  await alice.ask("lobby:start", { lobbyId: lobby.id, key: "s-1" });
  const starting = await bob.push("lobby:starting", (s) => s.lobbyId === lobby.id);
  assert.ok(starting.startsAt > 0);
  await alice.ask("lobby:cancelStart", { lobbyId: lobby.id, key: "s-2" });
  await patch(bob, "start_cancelled", (p) => p.cause.reason === "cancelled");
  await alice.ask("lobby:start", { lobbyId: lobby.id });
  await bob.ask("lobby:ready", { lobbyId: lobby.id, ready: false });
  await patch(alice, "start_cancelled", (p) => p.cause.reason === "not_ready");
});

test("carol's request reaches the host although her server dies right afterwards", async () => {
  const { lobby: other } = await bob.ask("lobby:create", { type: "arena", name: "knock", key: "c-2" });
  await carol.ask("lobby:requestJoin", { lobbyId: other.id, message: "please", key: "k-1" });
  stack.kill("server-1");
  const asked = await bob.push("lobby:joinRequested", (r) => r.lobbyId === other.id);
  assert.deepEqual([asked.userId, asked.message], [id(carol), "please"]);
  await bob.ask("lobby:respondJoin", { lobbyId: other.id, userId: id(carol), accept: true, key: "a-1" });

  // She reconnects to the other server, and receives the push there.
  carol.close();
  carol = stack.direct("carol", "server-2");
  await carol.push("session:ready");
  const { inviteId } = await bob.ask("lobby:invite", { lobbyId: other.id, userId: id(carol) });
  await carol.push("lobby:invited", (i) => i.inviteId === inviteId);
  const { lobby: in_ } = await carol.ask("lobby:join", { inviteId });
  assert.ok(in_.members[id(carol)]);

  await dave.ask("lobby:requestJoin", { lobbyId: other.id });
  await bob.ask("lobby:respondJoin", { lobbyId: other.id, userId: id(dave), accept: false });
  await dave.push("lobby:joinDeclined", (d) => d.lobbyId === other.id);
  assert.equal((await dave.refused("lobby:requestJoin", { lobbyId: other.id })).reason, "cooldown");
  await bob.ask("lobby:kick", { lobbyId: other.id, userId: id(carol), reason: "bye" });
  await carol.push("lobby:removed", (r) => r.lobbyId === other.id && r.message === "bye");
  await bob.ask("lobby:close", { lobbyId: other.id, key: "x-1" });
  await bob.push("lobby:patch", (p) => p.lobbyId === other.id && p.ops.some((op) => op.path === "/status" && op.value === "closed"));
  assert.equal((await bob.refused("lobby:ready", { lobbyId: other.id, ready: true })).reason, "lobby_closed");
  assert.equal((await carol.refused("lobby:get", { lobbyId: other.id })).code, "not_found");
});

test("every patch arrived exactly once", () => {
  for (const user of [alice, bob, carol, dave]) assert.deepEqual(user.faults, []);
});
