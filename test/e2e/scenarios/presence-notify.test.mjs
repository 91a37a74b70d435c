// Two users on two servers see of each other who is there and what they do; one of them
// is invited, reads and clears an inbox on two devices; a server dies, and whoever was
// on it is offline soon after.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Stack } from "../lib/stack.mjs";

// A pod's lease lasts 15 s, and is looked at every 5 s.
const LEASE_MS = 30_000;

const stack = new Stack();
let alice, phone, bob, lobby, invite;

before(async () => {
  alice = stack.direct("alice", "server-1");
  phone = stack.direct("alice", "server-2");
  bob = stack.direct("bob", "server-2");
  await Promise.all([alice, phone, bob].map((user) => user.push("session:ready")));
});

after(() => [alice, phone, bob].forEach((user) => user?.close()));

const id = (user) => user.ready.userId;

const update = (user, of, match, patience) =>
  user.until(`presence of ${of}`, () => user.pushes.some((p) => p.event === "presence:update" &&
    p.data.changes.some((c) => c.userId === of && match(c))), patience);

test("alice follows bob, and sees what he says of himself", async () => {
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

test("a lobby shows: bob is in one, and alice follows its members", async () => {
  ({ lobby } = await bob.ask("lobby:create", { type: "casual" }));
  await update(alice, id(bob), (c) => c.status === "in_lobby");
  assert.equal((await alice.refused("presence:subscribe", { list: `lobby:${lobby.id}` })).code.length > 0, true);
  const { presences } = await bob.ask("presence:subscribe", { list: `lobby:${lobby.id}` });
  assert.deepEqual(presences.map((p) => p.userId), [id(bob)]);
  await alice.ask("presence:unsubscribe", { userIds: [id(bob)] });
});

test("an invite is in alice's inbox, and the badge is the same on both of her devices", async () => {
  await bob.ask("lobby:invite", { lobbyId: lobby.id, userId: id(alice) });
  for (const device of [alice, phone]) {
    ({ notification: invite } = await device.push("notify:new", (n) => n.notification.type === "lobby.invited"));
    await device.push("notify:badge", (b) => b.unread === 1);
  }
  const page = await phone.ask("notify:list", { unreadOnly: true });
  assert.deepEqual(page.notifications.map((n) => n.id), [invite.id]);
  await phone.ask("notify:ack", { ids: [invite.id] });
  const read = await alice.ask("notify:read", { all: true, key: "r-1" });
  assert.equal(read.unread, 0);
  for (const device of [alice, phone]) {
    await device.push("notify:updated", (u) => u.change === "read" && u.upTo === invite.id);
    await device.push("notify:badge", (b) => b.unread === 0);
  }
  await alice.ask("notify:delete", { ids: [invite.id] });
  assert.deepEqual((await phone.ask("notify:list", {})).notifications, []);
});

test("topics are the user's, on every device", async () => {
  assert.deepEqual((await alice.ask("notify:subscribe", { topics: ["news", "sport"] })).topics, ["news", "sport"]);
  assert.deepEqual((await phone.ask("notify:unsubscribe", { topics: ["sport"] })).topics, ["news"]);
});

test("bad requests are refused with a code, and with the field that is wrong", async () => {
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

test("bob's server dies and he with it: he is offline, and who comes back is told", async () => {
  await alice.ask("presence:subscribe", { userIds: [id(bob)] });
  bob.socket.io.reconnection(false);
  phone.socket.io.reconnection(false);
  stack.kill("server-2");
  await update(alice, id(bob), (c) => c.status === "offline" && c.lastSeen > 0, LEASE_MS);
  for (const user of [alice, bob]) assert.deepEqual(user.faults, []);
});
