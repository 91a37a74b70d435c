// Chat on two servers: changes of messages, read marks, permissions, and channels outside
// lobbies. One server dies during the scenario.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { poll } from "../lib/poll.mjs";
import { Stack } from "../lib/stack.mjs";

const stack = new Stack();
let alice, bob, carol, channel, lobby, first;

before(async () => {
  alice = stack.direct("alice", "server-1");
  bob = stack.fronted("bob", { server: "server-2" });
  carol = stack.direct("carol", "server-1", { transports: ["polling"] });
  await Promise.all([alice, bob, carol].map((user) => user.push("session:ready")));
  ({ lobby } = await alice.ask("lobby:create", { key: "l-1", type: "chatty" }));
  for (const user of [bob, carol]) await user.ask("lobby:join", { lobbyId: lobby.id });
  channel = `lobby:${lobby.id}`;
  for (const user of [alice, bob]) await user.ask("chat:join", { channel });
});

after(() => [alice, bob, carol].forEach((user) => user?.close()));

const say = (user, text, more = {}) => user.ask("chat:send", { channel, text, ...more });
const page = async (user, request = {}) => (await user.ask("chat:history", { channel, ...request })).messages;

test("an edited message is pushed to all, and the history has the new text", async () => {
  first = await say(alice, "helo", { key: "s-1" });
  const target = { channel, seq: first.seq, id: first.id };
  const edit = { ...target, text: "hello", key: "e-1" };
  assert.deepEqual(await alice.ask("chat:edit", edit), { seq: first.seq, id: first.id });
  assert.deepEqual(await alice.ask("chat:edit", edit), { seq: first.seq, id: first.id });
  const edited = await bob.push("chat:edited");
  assert.deepEqual([edited.seq, edited.text, edited.meta.seq], [first.seq, "hello", first.seq + 1]);
  const [message] = await page(bob);
  assert.deepEqual([message.text, message.editedAt, message.meta.seq], ["hello", edited.meta.ts, first.seq]);
  assert.equal((await bob.refused("chat:edit", { ...target, text: "mine" })).code, "permission_denied");
  assert.equal((await alice.refused("chat:edit", { ...edit, text: "other" })).code, "idempotency_mismatch");
});

test("reactions are counted and removed", async () => {
  const target = { channel, seq: first.seq };
  assert.equal((await alice.ask("chat:react", { ...target, reaction: "👍", key: "r-1" })).count, 1);
  assert.equal((await bob.ask("chat:react", { ...target, reaction: "👍" })).count, 2);
  assert.equal((await bob.ask("chat:react", { ...target, reaction: "👍" })).count, 2, "once is enough");
  await alice.push("chat:reaction", (r) => r.userId === bob.ready.userId && r.count === 2);
  assert.equal((await alice.ask("chat:react", { ...target, reaction: "👍", remove: true })).count, 1);
  await bob.push("chat:reaction", (r) => r.removed && r.count === 1);
  const [message] = await page(alice);
  assert.deepEqual(message.reactions, [{ reaction: "👍", userIds: [bob.ready.userId] }]);
});

test("a deleted message remains as an empty entry", async () => {
  const bad = await say(bob, "regret", { key: "s-2" });
  await bob.ask("chat:delete", { channel, seq: bad.seq, key: "d-1" });
  await alice.push("chat:deleted", (d) => d.seq === bad.seq && d.userId === bob.ready.userId);
  const stone = (await page(alice)).at(-1);
  assert.deepEqual([stone.deleted, stone.text, stone.id], [true, undefined, bad.id]);
  assert.equal((await bob.refused("chat:edit", { channel, seq: bad.seq, text: "x" })).code, "not_found");
  // The host moderates.
  const spam = await say(bob, "spam");
  await alice.ask("chat:delete", { channel, seq: spam.seq, reason: "spam" });
  await bob.push("chat:deleted", (d) => d.reason === "spam" && d.userId === alice.ready.userId);
});

test("history pages both ways past edits and reactions", async () => {
  for (const n of [1, 2, 3]) await say(alice, `line ${n}`);
  const all = await page(bob);
  assert.deepEqual(all.slice(-3).map((m) => m.text), ["line 1", "line 2", "line 3"]);
  const newest = await bob.ask("chat:history", { channel, limit: 2 });
  assert.deepEqual([newest.messages.map((m) => m.text), newest.hasMore], [["line 2", "line 3"], true]);
  const older = await page(bob, { before: newest.messages[0].meta.seq, limit: 100 });
  assert.deepEqual(older.map((m) => m.id), all.slice(0, -2).map((m) => m.id));
  const newer = await page(bob, { after: all[0].meta.seq, limit: 1 });
  assert.deepEqual(newer.map((m) => m.id), [all[1].id]);
});

test("read marks are kept, only move forward, and count unread messages", async () => {
  const last = (await page(alice)).at(-1).meta.seq;
  const { unread } = await bob.ask("chat:history", { channel });
  assert.equal(unread, 4, "hello and three lines; own and deleted messages do not count");
  assert.deepEqual(await bob.ask("chat:read", { channel, seq: last - 1 }), { readTo: last - 1 });
  assert.deepEqual(await alice.push("chat:read"), { channel, userId: bob.ready.userId, readTo: last - 1 });
  assert.deepEqual(await bob.ask("chat:read", { channel, seq: 1 }), { readTo: last - 1 });
  const joined = await carol.ask("chat:join", { channel });
  assert.deepEqual([joined.readTo, joined.reads], [0, { [bob.ready.userId]: last - 1 }]);
  assert.equal((await bob.ask("chat:history", { channel })).unread, 1);
  assert.equal((await bob.refused("chat:read", { channel, seq: last + 100 })).field, "seq");
});

test("typing is pushed without an acknowledgement, and not stored", async () => {
  bob.socket.emit("chat:typing", { channel });
  for (let n = 0; n < 5; n++) bob.socket.emit("chat:typing", { channel });
  const typing = await alice.push("chat:typing");
  assert.deepEqual([typing.channel, typing.userId, typing.typing, typing.meta], [channel, bob.ready.userId, true, undefined]);
  bob.socket.emit("chat:typing", { channel, typing: false });
  await alice.push("chat:typing", (t) => !t.typing);
  assert.equal(alice.pushes.filter((p) => p.event === "chat:typing" && p.data.typing).length, 1, "five more are one");
});

test("mentioned users receive a notice, even without a subscription to the channel", async () => {
  await carol.ask("chat:leave", { channel });
  const sent = await say(alice, "carol, look", { mentions: [carol.ready.userId], key: "m-1" });
  const notice = await carol.push("chat:notice");
  assert.deepEqual([notice.cause, notice.channel, notice.id, notice.seq, notice.text],
    ["mention", channel, sent.id, sent.seq, "carol, look"]);
  const stranger = await alice.refused("chat:send", { channel, text: "x", mentions: ["nobody"] });
  assert.deepEqual([stranger.code, stranger.field], ["invalid_argument", "mentions[0]"]);
});

test("the notice of a deleted message is removed", async () => {
  const sent = await say(alice, "carol, never mind", { mentions: [carol.ready.userId], key: "m-2" });
  await alice.ask("chat:delete", { channel, seq: sent.seq });
  const removed = await carol.push("chat:noticeRemoved");
  assert.deepEqual([removed.channel, removed.seq, removed.id], [channel, sent.seq, sent.id]);
});

test("whole words are masked in any case", async () => {
  await say(bob, "What a DARN day in Darnstadt");
  await alice.push("chat:message", (m) => m.text === "What a **** day in Darnstadt");
  const refusal = await bob.refused("chat:send", { channel, text: "you ЖАБА" });
  assert.deepEqual([refusal.code, refusal.field], ["invalid_argument", "text"]);
});

test("the host mutes bob on every server; the mute expires, or the host ends it", async () => {
  await bob.ask("chat:send", { channel, text: "before", key: "mute-0" });
  assert.equal((await bob.refused("chat:mute", { channel, userId: alice.ready.userId })).code, "permission_denied");
  const muted = await alice.ask("chat:mute", { channel, userId: bob.ready.userId, forMs: 60_000, key: "mute-1" });
  assert.ok(muted.until > Date.now());
  await bob.push("chat:muted", (m) => m.muted && m.userId === bob.ready.userId);
  const refusal = await bob.refused("chat:send", { channel, text: "hello?" });
  assert.equal(refusal.code, "muted");
  assert.ok(refusal.retryAfterMs > 0 && refusal.retryAfterMs <= 60_000);
  await alice.ask("chat:unmute", { channel, userId: bob.ready.userId });
  await bob.push("chat:muted", (m) => !m.muted);
  await say(bob, "thanks");

  await alice.ask("chat:mute", { channel, userId: bob.ready.userId, forMs: 1_000 });
  const soon = await bob.refused("chat:send", { channel, text: "now?" });
  assert.ok(soon.code === "muted" && soon.retryAfterMs <= 1_000, JSON.stringify(soon));
  await poll("bob's voice", () => say(bob, "time heals").catch((refusal) => assert.equal(refusal.wire.code, "muted")));
  await alice.push("chat:message", (m) => m.text === "time heals");
});

test("two users use a direct channel; the user without a subscription receives a notice", async () => {
  const direct = `direct:${[alice.ready.userId, bob.ready.userId].sort().join(":")}`;
  await alice.ask("chat:join", { channel: direct });
  const sent = await alice.ask("chat:send", { channel: direct, text: "psst", key: "dm-1" });
  const notice = await bob.push("chat:notice", (n) => n.cause === "direct");
  assert.deepEqual([notice.channel, notice.id, notice.userId, notice.text], [direct, sent.id, alice.ready.userId, "psst"]);
  const joined = await bob.ask("chat:join", { channel: direct });
  assert.equal(joined.unread, 1);
  await bob.ask("chat:send", { channel: direct, text: "yes?" });
  await alice.push("chat:message", (m) => m.channel === direct && m.text === "yes?");
  assert.equal((await carol.refused("chat:join", { channel: direct })).code, "not_found");
  const reversed = `direct:${[alice.ready.userId, bob.ready.userId].sort().reverse().join(":")}`;
  assert.equal((await alice.refused("chat:join", { channel: reversed })).code, "not_found");
});

test("a user lists its channels with their unread counts", async () => {
  const direct = `direct:${[alice.ready.userId, bob.ready.userId].sort().join(":")}`;
  await bob.ask("chat:send", { channel: direct, text: "read me" });
  const { channels, cursor } = await alice.ask("chat:channels", {});
  const [own, last] = [channels.find((c) => c.channel === channel), channels.find((c) => c.channel === direct)];
  assert.ok(own && last && !cursor, JSON.stringify(channels));
  assert.deepEqual([last.peer, last.last.text, last.last.userId], [bob.ready.userId, "read me", bob.ready.userId]);
  assert.ok(last.unread >= 1);
});

test("a party has a channel; a topic needs a scope", async () => {
  const { party } = await alice.ask("party:create", { key: "p-1" });
  await bob.ask("party:join", { code: party.code });
  const of = `party:${party.id}`;
  for (const user of [alice, bob]) await user.ask("chat:join", { channel: of });
  await alice.ask("chat:send", { channel: of, text: "us two" });
  await bob.push("chat:message", (m) => m.channel === of && m.text === "us two");
  assert.equal((await carol.refused("chat:join", { channel: of })).code, "not_found");
  assert.equal((await carol.refused("chat:join", { channel: "topic:news" })).code, "permission_denied");
  assert.equal((await carol.refused("chat:join", { channel: "topic:a b" })).code, "not_found");
});

test("invalid requests are refused with a code and the invalid field, without an effect", async () => {
  const before = (await page(alice)).at(-1).meta.seq;
  const none = { channel: "lobby:01JD8Q3V9Z0000000000000000", seq: 1 };
  const cases = [
    ["chat:join", {}, "invalid_argument", "channel"],
    ["chat:join", { channel: "nowhere" }, "not_found"],
    ["chat:leave", { channel: 7 }, "invalid_argument", "channel"],
    ["chat:send", { channel, text: "x".repeat(201) }, "invalid_argument", "text"],
    ["chat:send", { channel, text: ["x"] }, "invalid_argument", "text"],
    ["chat:send", { channel, text: "x", mentions: Array(21).fill("a") }, "invalid_argument", "mentions"],
    ["chat:send", { ...none, text: "x" }, "not_found"],
    ["chat:edit", { channel, text: "x" }, "invalid_argument", "seq"],
    ["chat:edit", { channel, seq: "1", text: "x" }, "invalid_argument", "seq"],
    ["chat:edit", { channel, seq: first.seq, text: "x".repeat(201) }, "invalid_argument", "text"],
    ["chat:edit", { channel, seq: first.seq, id: "other", text: "x" }, "not_found"],
    ["chat:edit", { ...none, text: "x" }, "not_found"],
    ["chat:delete", { channel }, "invalid_argument", "seq"],
    ["chat:delete", { channel, seq: 1_000_000 }, "not_found"],
    ["chat:delete", { channel, seq: first.seq, reason: "x".repeat(201) }, "invalid_argument", "reason"],
    ["chat:delete", none, "not_found"],
    ["chat:react", { channel, seq: first.seq }, "invalid_argument", "reaction"],
    ["chat:react", { channel, seq: first.seq, reaction: "a b" }, "invalid_argument", "reaction"],
    ["chat:react", { channel, seq: first.seq, reaction: "x".repeat(33) }, "invalid_argument", "reaction"],
    ["chat:react", { ...none, reaction: "x" }, "not_found"],
    ["chat:history", { channel, limit: 101 }, "invalid_argument", "limit"],
    ["chat:history", { channel, before: 1, after: 1 }, "invalid_argument", "after"],
    ["chat:history", { channel: "lobby:nope" }, "not_found"],
    ["chat:read", { channel }, "invalid_argument", "seq"],
    ["chat:read", none, "not_found"],
    ["chat:typing", { channel: 1 }, "invalid_argument", "channel"],
    ["chat:typing", none, "failed_precondition"],
    ["chat:mute", { channel, userId: bob.ready.userId, forMs: 1 }, "invalid_argument", "forMs"],
    ["chat:mute", { channel, userId: alice.ready.userId }, "invalid_argument", "userId"],
    ["chat:mute", { channel, userId: "stranger" }, "invalid_argument", "userId"],
    ["chat:unmute", { channel }, "invalid_argument", "userId"],
    ["chat:unmute", { channel: "direct:a:b", userId: "a" }, "not_found"],
  ];
  for (const [event, request, code, field] of cases) {
    const refusal = await alice.refused(event, request);
    assert.deepEqual([refusal.code, refusal.field], [code, field], `${event} ${JSON.stringify(request)}`);
    // The rate limit is 20 requests a second.
    await new Promise((again) => setTimeout(again, 25));
  }
  assert.equal((await page(alice)).at(-1).meta.seq, before);
});

test("bob's server dies between an edit and its answer; his repeat has no second effect", async () => {
  const mine = await say(bob, "draft", { key: "k-1" });
  const edit = { channel, seq: mine.seq, text: "final", key: "k-2" };
  const answer = bob.ask("chat:edit", edit).catch(() => undefined);
  stack.kill("server-2");
  await say(alice, "meanwhile");
  await bob.until("bob on server-1", () => bob.sessions.length >= 2);
  await bob.push("chat:message", (m) => m.text === "meanwhile");
  await bob.ask("chat:edit", edit);
  await answer;
  await alice.push("chat:edited", (e) => e.seq === mine.seq);
  const now = (await page(alice)).find((m) => m.meta.seq === mine.seq);
  assert.equal(now.text, "final");
  assert.equal(alice.pushes.filter((p) => p.event === "chat:edited" && p.data.seq === mine.seq).length, 1);
  for (const user of [alice, bob, carol]) assert.deepEqual(user.faults, []);
});
