// Matches and waiting tickets: free places are filled, players who do not answer lose
// their place, queues change, and the matcher dies in each of a ticket's states.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { poll } from "../lib/poll.mjs";
import { Stack } from "../lib/stack.mjs";

// A dead matcher's lease expires within 10 s, and a server that dies often restarts after
// the same time; the rest is a margin for a busy machine.
const PATIENCE_MS = 60_000;

const stack = new Stack();
let alice, bob, carol, dave, everybody;

before(async () => {
  everybody = [alice, bob, carol, dave] = await stack.four();
});

after(() => everybody?.forEach((user) => user.close()));

const id = (user) => user.ready.userId;
const enqueue = async (user, queue, attributes) => (await retried(user, "mm:enqueue", { queue, attributes, key: randomUUID() })).ticket;
const pushesOf = (user, event, match) => user.pushes.filter((p) => p.event === event && match(p.data)).map((p) => p.data);
const matchedOf = (user, ticket) => user.push("mm:matched", (m) => m.ticketId === ticket.id, PATIENCE_MS);

/** Waits for the n-th proposal of a ticket. */
const asked = (user, ticket, n = 1) =>
  user.until(`proposal ${n}`, () => {
    const ids = new Set(pushesOf(user, "mm:proposal", (p) => p.ticketId === ticket.id).map((p) => p.proposalId));
    return ids.size >= n && pushesOf(user, "mm:proposal", (p) => p.ticketId === ticket.id).at(-1);
  }, PATIENCE_MS);

/** Waits until carol sees a status of a user. */
async function presence(user, status) {
  await poll(`${status} of ${id(user)}`, async () => {
    const { presences } = await carol.ask("presence:get", { userIds: [id(user)] });
    return presences[0].status === status;
  });
}

/** The server whose status has the queue: its matcher. */
async function matcher(queue) {
  return poll(`a matcher of ${queue}`, async () => {
    for (const server of ["server-1", "server-2"]) {
      const status = await stack.status(server).catch(() => undefined);
      if (status?.queues?.[queue]) return server;
    }
  }, PATIENCE_MS);
}

/** Kills the matcher of a queue, and waits until another server has its lease: the other server, or the replacement. */
async function killMatcher(queue) {
  stack.kill(await matcher(queue));
  await matcher(queue);
}

/** Both players are in one match, reported once to each, and have no waiting tickets. */
async function together(one, its, other, others) {
  const [a, b] = await Promise.all([matchedOf(one, its), matchedOf(other, others)]);
  assert.equal(a.matchId, b.matchId);
  assert.deepEqual(a.teams.flatMap((t) => t.players).sort(), [id(one), id(other)].sort());
  for (const [user, ticket] of [[one, its], [other, others]]) {
    assert.equal(pushesOf(user, "mm:matched", (m) => m.ticketId === ticket.id).length, 1);
    const { tickets } = await retried(user, "mm:status", {});
    assert.equal(tickets.find((t) => t.id === ticket.id), undefined);
  }
  return a;
}

/** Leaves a lobby; a returning user begins with a new position. */
async function leave(user, lobbyId) {
  await retried(user, "lobby:leave", { lobbyId });
  user.streams.delete(`lobby:${lobbyId}`);
}

async function part(matched, ...users) {
  for (const user of users) await leave(user, matched.handoff.lobbyId);
}

async function retried(user, event, request) {
  for (;;) {
    try {
      return await user.ask(event, request);
    } catch (error) {
      if (error.wire && !error.wire.retryable) throw error;
      await user.until("a connection", () => user.socket.connected, PATIENCE_MS);
    }
  }
}

test("a free place is filled, once, when the host requests it", async () => {
  const { queues } = await alice.ask("mm:queues");
  assert.deepEqual(queues.map((q) => [q.name, q.backfill]), [["asked", false], ["duel", true], ["hasty", false], ["served", false]]);
  const [its, others] = [await enqueue(alice, "duel"), await enqueue(bob, "duel")];
  const { matchId, handoff } = await together(alice, its, bob, others);
  const { lobbyId } = handoff;
  for (const user of [alice, bob]) await user.ask("lobby:get", { lobbyId });
  await alice.ask("lobby:start", { lobbyId });
  await presence(alice, "in_match");
  await presence(bob, "in_match");
  assert.equal((await bob.refused("mm:backfill", { lobbyId })).reason, "not_host");
  assert.equal((await dave.refused("mm:backfill", { lobbyId })).reason, "not_member");
  assert.equal((await dave.refused("mm:backfill", { lobbyId: "nowhere" })).code, "not_found");

  await leave(bob, lobbyId);
  await presence(bob, "online");
  const state = await alice.ask("mm:backfill", { lobbyId });
  assert.deepEqual([state.lobbyId, state.queue, state.open], [lobbyId, "duel", 1]);
  const far = await enqueue(carol, "duel", { skill: 3000 }); // outside alice's window
  const [dave1, bob1] = await Promise.all([enqueue(dave, "duel"), enqueue(bob, "duel")]);
  const [came, waits, ticket] = await Promise.race([
    matchedOf(dave, dave1).then((m) => [m, bob, bob1]),
    matchedOf(bob, bob1).then((m) => [m, dave, dave1]),
  ]);
  assert.deepEqual([came.matchId, came.backfill, came.handoff.lobbyId], [matchId, true, lobbyId]);
  const newcomer = waits === bob ? dave : bob;
  assert.deepEqual(came.teams.flatMap((t) => t.players).sort(), [id(alice), id(newcomer)].sort());
  const patch = await alice.push("lobby:patch", (p) => p.cause.reason === "backfill");
  assert.equal(patch.cause.type, "member_joined");
  const { lobby } = await newcomer.ask("lobby:get", { lobbyId });
  assert.deepEqual(Object.keys(lobby.members).sort(), [id(alice), id(newcomer)].sort());
  await presence(newcomer, "in_match");

  // The other ticket waits until the newcomer's place is free again.
  assert.equal((await waits.ask("mm:status")).tickets[0].state, "searching");
  await presence(waits, "in_queue");
  await leave(newcomer, lobbyId);
  assert.equal((await matchedOf(waits, ticket)).handoff.lobbyId, lobbyId);
  assert.equal((await alice.ask("mm:backfill", { lobbyId, stop: true })).expiresAt, undefined);
  await carol.ask("mm:cancel", { ticketId: far.id });
  for (const user of [alice, waits]) await leave(user, lobbyId);
});

test("a player who declines leaves with a cooldown; the other ticket keeps its waiting time", async () => {
  const [its, others] = [await enqueue(alice, "asked"), await enqueue(bob, "asked")];
  const { proposalId, players } = await asked(alice, its);
  assert.equal(players, 2);
  await alice.ask("mm:accept", { proposalId });
  await bob.ask("mm:decline", { proposalId });
  const toBob = await bob.push("mm:cancelled", (c) => c.ticketId === others.id);
  assert.deepEqual([toBob.reason, toBob.requeued], ["declined", false]);
  assert.ok(toBob.cooldownUntil > Date.now());
  assert.equal((await bob.refused("mm:enqueue", { queue: "asked" })).reason, "cooldown");
  const toAlice = await alice.push("mm:cancelled", (c) => c.ticketId === its.id);
  assert.deepEqual([toAlice.reason, toAlice.requeued, toAlice.cooldownUntil], ["others_declined", true, undefined]);
  const { tickets } = await alice.ask("mm:status");
  assert.deepEqual([tickets[0].id, tickets[0].enqueuedAt, tickets[0].attempt], [its.id, its.enqueuedAt, 1]);
  await alice.ask("mm:cancel", { ticketId: its.id });
});

test("a player who does not answer leaves with a cooldown; the other ticket searches on", async () => {
  const [its, others] = [await enqueue(alice, "hasty"), await enqueue(bob, "hasty")];
  const { proposalId } = await asked(alice, its);
  await alice.ask("mm:accept", { proposalId });
  const toBob = await bob.push("mm:cancelled", (c) => c.ticketId === others.id);
  assert.deepEqual([toBob.reason, toBob.requeued], ["timed_out", false]);
  assert.ok(toBob.cooldownUntil > 0);
  assert.equal((await bob.refused("mm:accept", { proposalId })).code, "not_found");
  const toAlice = await alice.push("mm:cancelled", (c) => c.ticketId === its.id);
  assert.deepEqual([toAlice.reason, toAlice.requeued], ["others_declined", true]);
  const { tickets } = await alice.ask("mm:status");
  assert.deepEqual([tickets[0].enqueuedAt, tickets[0].attempt], [its.enqueuedAt, 1]);
  const next = await enqueue(carol, "hasty");
  const again = await asked(carol, next);
  await Promise.all([alice, carol].map((user) => user.ask("mm:accept", { proposalId: again.proposalId })));
  await part(await together(alice, its, carol, next), alice, carol);
});

test("a user who searches several queues gets one match", async () => {
  // One ticket for two queues: the queue with an opponent makes the match.
  const { ticket } = await retried(alice, "mm:enqueue", { queues: ["asked", "duel"], key: randomUUID() });
  assert.deepEqual([...ticket.queues].sort(), ["asked", "duel"]);
  const first = await together(alice, ticket, bob, await enqueue(bob, "duel"));
  assert.equal((await alice.ask("mm:status")).tickets.length, 0);
  await part(first, alice, bob);

  // Two tickets: a match of one ticket ends the other, and only then.
  const [far, near] = [await enqueue(carol, "duel", { skill: 9000 }), await enqueue(carol, "asked")];
  const others = await enqueue(dave, "asked");
  const { proposalId } = await asked(carol, near);
  assert.deepEqual(pushesOf(carol, "mm:cancelled", (c) => c.ticketId === far.id), []);
  await Promise.all([carol, dave].map((user) => user.ask("mm:accept", { proposalId })));
  const second = await together(carol, near, dave, others);
  const cancelled = await carol.push("mm:cancelled", (c) => c.ticketId === far.id, PATIENCE_MS);
  assert.deepEqual([cancelled.reason, cancelled.requeued], ["matched_elsewhere", false]);
  await part(second, carol, dave);
});

test("a queue's matcher dies while tickets wait", async () => {
  const its = await enqueue(alice, "duel", { skill: 5000 });
  await killMatcher("duel");
  await part(await together(alice, its, bob, await enqueue(bob, "duel", { skill: 5000 })), alice, bob);
});

test("a queue's matcher dies during a proposal", async () => {
  const [its, others] = [await enqueue(alice, "asked"), await enqueue(bob, "asked")];
  const { proposalId } = await asked(alice, its);
  await asked(bob, others);
  await retried(alice, "mm:accept", { proposalId });
  await killMatcher("asked");
  await retried(bob, "mm:accept", { proposalId });
  await part(await together(alice, its, bob, others), alice, bob);
});

test("a queue's matcher dies during a hand-off", async () => {
  const tell = async (command) => Number(await (await fetch(`${process.env.ALLOCATOR_CONTROL}/${command}`)).text());
  await tell("hold");
  const [its, others] = [await enqueue(alice, "served"), await enqueue(bob, "served")];
  await poll("a caller for a game server", () => tell("waiting"));
  assert.equal((await alice.ask("mm:status")).tickets[0].state, "accepted");
  await killMatcher("served");
  await tell("release");
  const matched = await together(alice, its, bob, others);
  assert.deepEqual(matched.handoff, { type: "server", address: "192.0.2.1:7777" });
});

test("a queue's matcher dies when the first player receives the match", async () => {
  for (const queue of ["duel", "served"]) {
    const server = await matcher(queue);
    const [its, others] = [await enqueue(alice, queue), await enqueue(bob, queue)];
    await Promise.race([matchedOf(alice, its), matchedOf(bob, others)]);
    stack.kill(server);
    await together(alice, its, bob, others);
    await presence(alice, queue === "duel" ? "in_lobby" : "online");
    if (queue === "duel") await part(pushesOf(alice, "mm:matched", (m) => m.ticketId === its.id)[0], alice, bob);
  }
});

test("a queue changes while tickets wait", async () => {
  const change = (edit) => {
    const { file } = stack.state;
    writeFileSync(file, edit(readFileSync(file, "utf8")));
  };
  const [its, others] = [await enqueue(alice, "duel", { skill: 1000 }), await enqueue(bob, "duel", { skill: 2000 })];
  change((text) => text.replace('value: "100"', 'value: "1000"')); // now they are within each other's window
  await part(await together(alice, its, bob, others), alice, bob);

  const left = await enqueue(carol, "duel");
  change((text) => text.replace('- {name: skill, default: "1500"}', '- {name: skill, default: "1500"}\n  - {name: mode, type: String}'));
  const toCarol = await carol.push("mm:cancelled", (c) => c.ticketId === left.id, PATIENCE_MS);
  assert.deepEqual([toCarol.reason, toCarol.requeued], ["queue_changed", false]);

  const last = await enqueue(dave, "hasty");
  change((text) => text.split("---\n").filter((part) => !part.includes("name: hasty")).join("---\n"));
  const toDave = await dave.push("mm:cancelled", (c) => c.ticketId === last.id, PATIENCE_MS);
  assert.deepEqual([toDave.reason, toDave.requeued], ["queue_removed", false]);
  assert.equal((await dave.refused("mm:enqueue", { queue: "hasty" })).code, "not_found");
  for (const user of everybody) assert.deepEqual(user.faults, []);
});
