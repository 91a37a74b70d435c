// Notifications, topics, stored events, and the presence of users.
import assert from "node:assert/strict";
import { test } from "node:test";
import { alice, api, bob, must } from "./stand.mjs";

const notified = (user, type) => user.push("notify:new", (n) => n.notification.type === type);

test("users are notified, and an offline user finds the notification in the inbox", async () => {
  const request = { userIds: ["alice", "nobody"], type: "gift", title: "A gift", data: { gold: 5 } };
  const { ids, onlineRecipients } = await must("server-2", "/v1/notifications", request, { "idempotency-key": "gift-1" });
  assert.deepEqual([ids.length, onlineRecipients], [2, 1]);
  assert.deepEqual((await must("server-1", "/v1/notifications", request, { "idempotency-key": "gift-1" })).ids, ids);
  const { notification } = await notified(alice, "gift");
  assert.deepEqual([notification.id, notification.title, notification.data], [ids[0], "A gift", { gold: 5 }]);
  await alice.push("notify:badge", (b) => b.unread > 0);
});

test("subscribers of a topic receive a notification and an event", async () => {
  await bob.ask("notify:subscribe", { topics: ["news"] });
  await must("server-1", "/v1/notifications", { topic: "news", type: "paper", body: "today" });
  assert.equal((await notified(bob, "paper")).notification.topic, "news");
  await must("server-1", "/v1/events", { target: { topic: "news" }, event: "game:paper", data: { page: 1 } });
  assert.deepEqual((await notified(bob, "game:paper")).notification.data, { page: 1 });
  assert.equal(alice.pushes.some((p) => p.data?.notification?.topic === "news"), false);
});

test("a stored event is in the inbox, and replaces the previous one with its key", async () => {
  for (const level of [1, 2]) {
    await must("server-2", "/v1/events",
      { target: { user: "bob" }, event: "game:level", data: { level }, persistent: true, collapseKey: "level", ttlMs: 60_000 });
  }
  await bob.push("notify:new", (n) => n.notification.data?.level === 2 && n.replaces);
  const { notifications } = await bob.ask("notify:list");
  assert.deepEqual(notifications.filter((n) => n.type === "game:level").map((n) => n.data.level), [2]);
});

test("the back end sees the presence that other users see", async () => {
  const ask = async (server) => (await must(server, "/v1/presence:query", { userIds: ["alice", "nobody"] })).presences;
  await alice.ask("presence:set", { status: "busy", text: "dinner" });
  const [her, nobody] = await ask("server-2");
  assert.deepEqual([her.text, nobody.status], ["dinner", "offline"]);
  await alice.ask("presence:set", { status: "invisible" });
  assert.deepEqual((await ask("server-2")).map((p) => p.status), ["offline", "offline"]);
  await alice.ask("presence:set", { status: "online", text: "" });
  const refusal = await api("server-1", "/v1/presence:query", { userIds: [] });
  assert.deepEqual([refusal.status, refusal.error.field], [400, "userIds"]);
});
