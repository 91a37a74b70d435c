// Players and a party queue on two servers, get a proposal, accept and decline, and meet
// in the lobby of their match, even when the matcher dies.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Stack } from "../lib/stack.mjs";

// A dead matcher's lease lasts 5 s; other servers try to acquire it every 2 s.
const LEASE_MS = 30_000;

const stack = new Stack();
let alice, bob, carol, dave, everybody;

before(async () => {
  everybody = [alice, bob, carol, dave] = await stack.four();
});

after(() => everybody?.forEach((user) => user.close()));

/** Waits for the n-th push of this name to a user. */
const nth = (user, event, n, patience) =>
  user.until(`${event} number ${n}`, () => user.pushes.filter((p) => p.event === event)[n - 1]?.data, patience);

/** Waits until other users see a status of a user. */
async function presence(user, status) {
  await dave.ask("presence:subscribe", { userIds: [user.ready.userId] }).then(({ presences }) => {
    dave.seen = presences[0].status;
  });
  await dave.until(`${status} of ${user.ready.userId}`, () => {
    const changes = dave.pushes.filter((p) => p.event === "presence:update").flatMap((p) => p.data.changes);
    return (changes.findLast((c) => c.userId === user.ready.userId)?.status ?? dave.seen) === status;
  });
}

/** Waits until a user received a state of a ticket. */
const reaches = (user, id, state, attempt = 0) =>
  user.push("mm:ticket", ({ ticket: t }) => t.id === id && t.state === state && t.attempt === attempt);

async function meet(matched, ...users) {
  assert.equal(matched.handoff.type, "lobby");
  for (const user of users) {
    const { lobby } = await user.ask("lobby:get", { lobbyId: matched.handoff.lobbyId });
    assert.equal(Object.keys(lobby.members).length, matched.teams.flatMap((t) => t.players).length);
    assert.equal(lobby.members[user.ready.userId].connected, true);
  }
  for (const user of users) await user.ask("lobby:leave", { lobbyId: matched.handoff.lobbyId });
}

test("mm:queues lists the queues", async () => {
  const { queues } = await alice.ask("mm:queues");
  assert.deepEqual(queues.map((q) => [q.name, q.readyCheck, q.maxParty, q.population]), [
    ["duel", false, 1, 0],
    ["ranked", true, 2, undefined],
  ]);
});

test("invalid requests are refused with a code and the invalid field", async () => {
  const cases = [
    ["mm:enqueue", {}, "invalid_argument", "queue"],
    ["mm:enqueue", { queue: "nope" }, "not_found"],
    ["mm:enqueue", { queue: 3 }, "invalid_argument", "queue"],
    ["mm:enqueue", { queue: "duel", attributes: { skill: "best" } }, "invalid_argument", "attributes.skill"],
    ["mm:enqueue", { queue: "duel", partyId: "x" }, "not_found"],
    ["mm:enqueue", { queue: "duel", latencies: { eu: -1 } }, "invalid_argument", "latencies[eu]"],
    ["mm:cancel", {}, "invalid_argument", "ticketId"],
    ["mm:cancel", { ticketId: "x" }, "not_found"],
    ["mm:accept", { proposalId: "x" }, "not_found"],
    ["mm:decline", {}, "invalid_argument", "proposalId"],
  ];
  for (const [event, request, code, field] of cases) {
    const refusal = await dave.refused(event, request);
    assert.deepEqual([refusal.code, refusal.field], [code, field], `${event} ${JSON.stringify(request)}`);
  }
  assert.deepEqual(await dave.ask("mm:status"), { tickets: [], proposals: [] });
});

test("two players on two servers are matched and meet", async () => {
  const { ticket } = await alice.ask("mm:enqueue", { queue: "duel", attributes: { skill: 1500 }, key: "q-1" });
  const again = await alice.ask("mm:enqueue", { queue: "duel", attributes: { skill: 1500 }, key: "q-1" });
  assert.equal(again.ticket.id, ticket.id);
  const mismatch = await alice.refused("mm:enqueue", { queue: "duel", attributes: { skill: 1 }, key: "q-1" });
  assert.equal(mismatch.code, "idempotency_mismatch");
  assert.equal((await alice.refused("mm:enqueue", { queue: "duel" })).code, "already_queued");
  await carol.ask("mm:enqueue", { queue: "duel", attributes: { skill: 3000 } }); // outside the window
  await bob.ask("mm:enqueue", { queue: "duel", attributes: { skill: 1550 } });
  const [toAlice, toBob] = await Promise.all([alice, bob].map((user) => nth(user, "mm:matched", 1)));
  assert.equal(toAlice.matchId, toBob.matchId);
  assert.deepEqual(toAlice.teams.map((t) => t.players), [[alice.ready.userId], [bob.ready.userId]]);
  await reaches(alice, ticket.id, "assigned");
  await meet(toAlice, alice, bob);

  const { tickets } = await carol.ask("mm:status");
  assert.equal(tickets[0].state, "searching");
  await presence(carol, "in_queue");
  const { ticket: waits } = await carol.push("mm:ticket", ({ ticket: { estimateMs } }) => estimateMs > 0); // earlier matches allow an estimate
  assert.deepEqual([waits.id, waits.state], [tickets[0].id, "searching"]);
  await carol.ask("mm:cancel", { ticketId: tickets[0].id });
  assert.equal((await nth(carol, "mm:cancelled", 1)).reason, "cancelled");
  await reaches(carol, tickets[0].id, "cancelled");
  await presence(carol, "online");
});

test("a party queues; an opponent declines, and the others get another proposal", async () => {
  const { party } = await alice.ask("party:create", {});
  await bob.ask("party:join", { code: party.code });
  assert.equal((await bob.refused("mm:enqueue", { queue: "ranked", partyId: party.id })).reason, "not_leader");
  const { ticket } = await alice.ask("mm:enqueue", { queue: "ranked", partyId: party.id });
  assert.deepEqual(ticket.players.sort(), [alice.ready.userId, bob.ready.userId].sort());
  await reaches(bob, ticket.id, "searching"); // alice queued the party
  await carol.ask("mm:enqueue", { queue: "ranked" });
  await dave.ask("mm:enqueue", { queue: "ranked" });

  const { proposalId, players } = await dave.push("mm:proposal");
  assert.equal(players, 4);
  await alice.push("mm:proposal");
  await alice.ask("mm:accept", { proposalId });
  await dave.ask("mm:decline", { proposalId });
  const toDave = await dave.push("mm:cancelled");
  assert.deepEqual([toDave.reason, toDave.requeued], ["declined", false]);
  assert.ok(toDave.cooldownUntil > 0);
  const refused = await dave.refused("mm:enqueue", { queue: "ranked" });
  assert.deepEqual([refused.code, refused.reason], ["failed_precondition", "cooldown"]);
  for (const user of [alice, bob]) {
    const news = await user.push("mm:cancelled", (c) => c.ticketId === ticket.id);
    assert.deepEqual([news.reason, news.requeued], ["others_declined", true]);
    await reaches(user, ticket.id, "proposed");
    await reaches(user, ticket.id, "searching", 1);
  }

  // Without dave there are three players: after a second that is enough.
  const next = await carol.push("mm:proposal", (p) => p.proposalId !== proposalId && p.players === 3);
  await Promise.all([alice, bob, carol].map((user) => user.ask("mm:accept", { proposalId: next.proposalId })));
  const matched = await carol.push("mm:matched");
  await reaches(alice, ticket.id, "accepted", 1);
  await reaches(bob, ticket.id, "assigned", 1);
  const { tickets } = await alice.ask("mm:status");
  assert.deepEqual(tickets, []);
  await meet(matched, alice, bob, carol);
});

test("a party that changes during a proposal loses its ticket", async () => {
  await carol.ask("mm:enqueue", { queue: "ranked" });
  const { party } = await alice.ask("party:get");
  const before = carol.pushes.length;
  const toCarol = (event, match = () => true) =>
    carol.until(event, () => carol.pushes.slice(before).find((p) => p.event === event && match(p.data))?.data);
  await alice.ask("mm:enqueue", { queue: "ranked", partyId: party.id });
  await toCarol("mm:proposal");
  await bob.ask("party:leave", { partyId: party.id });
  const news = await alice.push("mm:cancelled", (c) => c.reason === "party_changed");
  assert.deepEqual([news.requeued, news.cooldownUntil], [false, undefined]);
  const left = await toCarol("mm:cancelled", (c) => c.reason === "others_declined");
  assert.equal(left.requeued, true);
  const { tickets } = await carol.ask("mm:status");
  await carol.ask("mm:cancel", { ticketId: tickets[0].id });
});

test("after either server dies, the other one matches the waiting tickets", async () => {
  for (const server of ["server-1", "server-2"]) {
    const request = { queue: "duel", attributes: { skill: 5000 }, key: `while ${server} dies` };
    const before = bob.pushes.length;
    await retried(alice, "mm:enqueue", request);
    stack.kill(server);
    await retried(bob, "mm:enqueue", request);
    const news = (user, match) => user.pushes.slice(before).find((p) => p.event === "mm:matched" && match(p.data))?.data;
    const matched = await bob.until("bob's match", () => news(bob, () => true), LEASE_MS);
    await alice.push("mm:matched", (m) => m.matchId === matched.matchId, LEASE_MS);
    await connected(alice, bob);
    await meet(matched, alice, bob);
  }
  for (const user of everybody) assert.deepEqual(user.faults, []);
});

/** Waits until users are connected again. */
const connected = (...users) =>
  Promise.all(users.map((user) => user.until("a connection", () => user.socket.connected, LEASE_MS)));

/** Repeats the request until it succeeds: the server may die during the request. */
async function retried(user, event, request) {
  for (;;) {
    try {
      return await user.ask(event, request);
    } catch (error) {
      if (error.wire && !error.wire.retryable) throw error;
      await connected(user);
    }
  }
}
