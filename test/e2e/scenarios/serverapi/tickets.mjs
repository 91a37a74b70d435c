// Tickets that a back end creates for users.
import assert from "node:assert/strict";
import { test } from "node:test";
import { alice, bob, must } from "./stand.mjs";

let ticket;

test("a user is queued on any server, and receives the ticket", async () => {
  const request = { userId: "alice", queue: "duel", attributes: { skill: 1500 } };
  ({ ticket } = await must("server-2", "/v1/tickets", request, { "idempotency-key": "ticket-1" }));
  assert.equal((await must("server-1", "/v1/tickets", request, { "idempotency-key": "ticket-1" })).ticket.id, ticket.id);
  assert.deepEqual((await alice.ask("mm:status")).tickets.map((t) => t.id), [ticket.id]);
  assert.equal((await alice.refused("mm:enqueue", { queue: "duel" })).code, "already_queued");
  const { tickets } = await must("server-1", "/v1/tickets:query", { userId: "alice" });
  assert.deepEqual(tickets.map((t) => t.id), [ticket.id]);
});

test("the user's ticket is cancelled", async () => {
  await must("server-1", "/v1/tickets:cancel", { userId: "alice", ticketId: ticket.id });
  await alice.push("mm:cancelled", (c) => c.ticketId === ticket.id);
  assert.deepEqual((await must("server-2", "/v1/tickets:query", { userId: "alice" })).tickets, []);
});

test("two users that the back end queued are matched", async () => {
  for (const [server, userId] of [["server-1", "alice"], ["server-2", "bob"]]) await must(server, "/v1/tickets", { userId, queue: "duel" });
  const [one, other] = await Promise.all([alice, bob].map((user) => user.push("mm:matched")));
  assert.equal(one.matchId, other.matchId);
});
