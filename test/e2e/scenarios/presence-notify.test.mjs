// Two users on two servers see each other's presence; one of them is invited, and reads
// and clears an inbox on two devices; a server dies, and its users are offline soon
// after.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { poll } from "../lib/poll.mjs";
import { Stack } from "../lib/stack.mjs";

// A pod's lease lasts 15 s, and is checked every 5 s.
const LEASE_MS = 30_000;

const stack = new Stack();
let alice, phone, bob, carol, lobby, invite;

before(async () => {
  alice = stack.direct("alice", "server-1");
  phone = stack.direct("alice", "server-2");
  bob = stack.direct("bob", "server-2");
  carol = stack.direct("carol", "server-1");
  await Promise.all([alice, phone, bob, carol].map((user) => user.push("session:ready")));
});

after(() => [alice, phone, bob, carol].forEach((user) => user?.close()));

const id = (user) => user.ready.userId;

const update = (user, of, match, { patience, since = 0 } = {}) =>
  user.until(`presence of ${of}`, () => user.pushes.slice(since).some((p) => p.event === "presence:update" &&
    p.data.changes.some((c) => c.userId === of && match(c))), patience);

test("alice watches bob, and receives the presence that he sets", async () => {
  const { presences } = await alice.ask("presence:subscribe", { userIds: [id(bob)] });
  assert.equal(presences[0].userId, id(bob));
  await bob.ask("presence:set", { status: "busy", text: "dinner", data: { eta: 5 }, key: "p-1" });
  await update(alice, id(bob), (c) => c.status === "busy" && c.text === "dinner" && c.data.eta === 5);
  await bob.ask("presence:set", { status: "invisible" });
  await update(alice, id(bob), (c) => c.status === "offline" && c.text === undefined);
  const own = await bob.ask("presence:get", {});
  assert.equal(own.presences[0].status, "invisible");
  await bob.ask("presence:set", { status: "online", text: "", data: null });
  bob.socket.emit("presence:activity", {});
  await alice.until("bob online", () => alice.pushes.filter((p) => p.event === "presence:update").at(-1)
    ?.data.changes.some((c) => c.status === "online"));
});

test("a session that unsubscribes from bob receives no more of his presence", async () => {
  const updates = (user) => user.pushes.filter((p) => p.event === "presence:update").length;
  await carol.ask("presence:subscribe", { userIds: [id(bob)] });
  await alice.ask("presence:unsubscribe", { userIds: [id(bob)] });
  const received = updates(alice);
  // When carol, on the same server, has received the second message, alice would have
  // received the first.
  for (const text of ["one", "two"]) {
    await bob.ask("presence:set", { text });
    await update(carol, id(bob), (c) => c.text === text);
  }
  await alice.ask("sync:ping");
  assert.equal(updates(alice), received);
  await bob.ask("presence:set", { text: "" });
});

test("bob's presence shows his lobby, and alice watches its members once she is a member", async () => {
  ({ lobby } = await bob.ask("lobby:create", { type: "casual" }));
  const list = `lobby:${lobby.id}`;
  await update(carol, id(bob), (c) => c.status === "in_lobby");
  await carol.ask("presence:unsubscribe", { userIds: [id(bob)] });
  assert.equal((await alice.refused("presence:subscribe", { list })).reason, "not_member");
  await alice.ask("lobby:join", { lobbyId: lobby.id });
  const { presences } = await alice.ask("presence:subscribe", { list });
  assert.deepEqual(presences.map((p) => p.userId).sort(), [id(alice), id(bob)].sort());
  await bob.ask("presence:set", { text: "in here" });
  await update(alice, id(bob), (c) => c.text === "in here");
  await carol.ask("lobby:join", { lobbyId: lobby.id });
  await update(alice, id(carol), (c) => c.status === "in_lobby"); // new members are watched, too
  for (const user of [alice, carol]) await user.ask("lobby:leave", { lobbyId: lobby.id });
});

test("the members of a party see each other's presence, and other users do not", async () => {
  const { party } = await alice.ask("party:create", {});
  const list = `party:${party.id}`;
  assert.equal((await carol.refused("presence:subscribe", { list })).code, "not_found");
  await carol.ask("party:join", { code: party.code });
  for (const user of [alice, carol]) {
    const { presences } = await user.ask("presence:subscribe", { list });
    assert.deepEqual(presences.map((p) => p.userId).sort(), [id(alice), id(carol)].sort());
  }
  await alice.ask("presence:set", { text: "to carol" });
  await update(carol, id(alice), (c) => c.text === "to carol");
  await carol.ask("presence:set", { text: "to alice" });
  await update(alice, id(carol), (c) => c.text === "to alice");
  for (const user of [alice, carol]) await user.ask("presence:unsubscribe", { list });
  for (const user of [carol, alice]) await user.ask("party:leave", { partyId: party.id });
});

test("an invite is in alice's inbox, and the badge is the same on both of her devices", async () => {
  await bob.ask("lobby:invite", { lobbyId: lobby.id, userId: id(alice) });
  for (const device of [alice, phone]) {
    ({ notification: invite } = await device.push("notify:new", (n) => n.notification.type === "lobby.invited"));
    await device.push("notify:badge", (b) => b.unread === 1);
  }
  const page = await phone.ask("notify:list", { unreadOnly: true });
  assert.deepEqual(page.notifications.map((n) => n.id), [invite.id]);
  const acked = await phone.ask("notify:ack", { ids: [invite.id] });
  assert.equal(acked.unread, 1, "what has arrived is not read");
  assert.deepEqual(await alice.ask("notify:ack", { ids: [invite.id] }), acked, "a second time changes nothing");
  const read = await alice.ask("notify:read", { all: true, key: "r-1" });
  assert.equal(read.unread, 0);
  for (const device of [alice, phone]) {
    await device.push("notify:updated", (u) => u.change === "read" && u.upTo === invite.id);
    await device.push("notify:badge", (b) => b.unread === 0);
  }
  await alice.ask("notify:delete", { ids: [invite.id] });
  assert.deepEqual((await phone.ask("notify:list", {})).notifications, []);
});

test("a reconnecting user receives unacknowledged notifications, and no acknowledged ones", async () => {
  const invited = (to) => (n) => n.notification.type === "lobby.invited" && n.notification.data.lobbyId === to.id;
  const here = async () => {
    const dave = stack.direct("dave", "server-1");
    await dave.push("session:ready");
    return dave;
  };
  const leave = async (dave) => {
    dave.close();
    await poll("dave away", async () =>
      (await alice.ask("presence:get", { userIds: [id(dave)] })).presences[0].status === "offline");
  };
  let dave = await here();
  await bob.ask("lobby:invite", { lobbyId: lobby.id, userId: id(dave) });
  await dave.push("notify:new", invited(lobby));
  await leave(dave);
  dave = await here();
  const { notification } = await dave.push("notify:new", invited(lobby));
  await dave.ask("notify:ack", { ids: [notification.id] });
  await leave(dave);
  dave = await here();
  const { lobby: next } = await bob.ask("lobby:create", { type: "casual" });
  await bob.ask("lobby:invite", { lobbyId: next.id, userId: id(dave) });
  await dave.push("notify:new", invited(next));
  assert.equal(dave.pushes.filter((p) => p.event === "notify:new").length, 1);
  assert.deepEqual(dave.faults, []);
  dave.close();
});

test("topics belong to the user, on every device", async () => {
  assert.deepEqual((await alice.ask("notify:subscribe", { topics: ["news", "sport"] })).topics, ["news", "sport"]);
  assert.deepEqual((await phone.ask("notify:unsubscribe", { topics: ["sport"] })).topics, ["news"]);
});

test("invalid requests are refused with a code and the invalid field", async () => {
  const cases = [
    ["presence:set", { status: "in_match" }, "status"],
    ["presence:set", { text: "x".repeat(129) }, "text"],
    ["presence:set", { data: "x".repeat(1100) }, "data"],
    ["presence:get", { userIds: "bob" }, "userIds"],
    ["presence:subscribe", { userIds: Array(201).fill("x") }, "userIds"],
    ["presence:subscribe", { list: "nothing" }, "list"],
    ["presence:unsubscribe", {}, "userIds"],
    ["notify:list", { limit: 101 }, "limit"],
    ["notify:list", { cursor: "!" }, "cursor"],
    ["notify:ack", {}, "ids"],
    ["notify:read", {}, "ids"],
    ["notify:delete", { ids: [7] }, "ids"],
    ["notify:subscribe", { topics: ["no topic"] }, "topics[0]"],
    ["notify:unsubscribe", { topics: [] }, "topics"],
  ];
  for (const [event, request, field] of cases) {
    const refusal = await alice.refused(event, request);
    assert.deepEqual([refusal.code, refusal.field], ["invalid_argument", field], `${event} ${JSON.stringify(request)}`);
  }
});

test("bob's server dies with his connection: he is offline, and a reconnecting user receives that", async () => {
  await alice.ask("presence:subscribe", { userIds: [id(bob)] });
  bob.socket.io.reconnection(false);
  phone.socket.io.reconnection(false);
  const since = alice.pushes.length; // he appeared offline before
  stack.kill("server-2");
  await update(alice, id(bob), (c) => c.status === "offline" && c.lastSeen > 0, { patience: LEASE_MS, since });
  for (const user of [alice, bob, carol]) assert.deepEqual(user.faults, []);
});
