// A new client restores the user's state: after a reload, on a second device, on another
// server, and after a server was killed.
import { expect, test } from "vitest";
import type { AnteroomClient } from "../src/index.js";
import { server, sign, until, user as connected, value } from "./stack.js";

/** A client of a user that no other test uses. */
function user(name: string, options: { server?: string } = {}): AnteroomClient {
  return connected(name, { ...options, token: () => sign(name, Math.floor(Date.now() / 1000) + 3600) });
}

/** A user in a lobby and in a party, with a ticket, on server-1. */
async function busy(name: string) {
  const alice = user(name, { server: "server-1" });
  const lobby = await alice.lobby.create({ type: "slow", name: "mine" });
  const party = await alice.party.create();
  const ticket = await alice.matchmaking.enqueue({ queue: "ranked" });
  return { alice, lobby, party, ticket };
}

async function expectRestored(client: AnteroomClient, { lobby, party, ticket }: Awaited<ReturnType<typeof busy>>) {
  await value("the lobby", client.lobby.current, (now) => now?.id === lobby.id);
  await value("the party", client.party.current, (now) => now?.id === party.id);
  await value("the ticket", client.matchmaking.tickets, (all) => all.some(({ id }) => id === ticket.id));
  expect(client.lobby.joined.value).toHaveLength(1);
  expect(client.matchmaking.tickets.value).toHaveLength(1);
}

async function leaveAll(client: AnteroomClient, { ticket }: Awaited<ReturnType<typeof busy>>) {
  await client.matchmaking.cancel(ticket.id);
  await client.lobby.close();
  await client.party.leave();
}

test("a reload restores the lobby, the party and the ticket, and follows them", async () => {
  const before = await busy("alice-1");
  before.alice.close();
  const reloaded = user("alice-1", { server: "server-1" });
  await expectRestored(reloaded, before);
  const bob = user("bob-1");
  await bob.lobby.join({ lobbyId: before.lobby.id });
  await value("bob in the lobby", reloaded.lobby.current, (lobby) => Boolean(lobby?.members["bob-1"]));
  await reloaded.lobby.update({ set: { name: "renamed" } });
  await value("the name", reloaded.lobby.current, (lobby) => lobby?.name === "renamed");
  const chat = await reloaded.chat.join(`lobby:${before.lobby.id}`);
  await chat.send("back");
  await leaveAll(reloaded, before);
  await value("no lobby", reloaded.lobby.current, (lobby) => lobby === undefined);
});

test("a second device on another server restores the same, and both stay equal", async () => {
  const before = await busy("alice-2");
  const tablet = user("alice-2", { server: "server-2" });
  await expectRestored(tablet, before);
  await before.alice.lobby.update({ set: { name: "of both" } });
  await value("the name on the tablet", tablet.lobby.current, (lobby) => lobby?.name === "of both");
  await value("the same version", before.alice.lobby.current, (lobby) => lobby?.version === tablet.lobby.current.value?.version);
  expect(tablet.lobby.current.value).toEqual(before.alice.lobby.current.value);
  await leaveAll(tablet, before);
  await value("no lobby on the first device", before.alice.lobby.current, (lobby) => lobby === undefined);
  await value("no ticket on the first device", before.alice.matchmaking.tickets, (all) => all.length === 0);
});

test("a new client restores on another server after its server was killed", async () => {
  const before = await busy("alice-3");
  const { pid } = server("server-1");
  process.kill(pid, "SIGKILL");
  before.alice.close();
  const reloaded = user("alice-3", { server: "server-2" });
  await expectRestored(reloaded, before);
  await leaveAll(reloaded, before);
  await until("server-1 to be ready again", () => server("server-1").ready && server("server-1").pid !== pid);
});

test("two lobbies are restored in the order of joining, once even after a lost connection", async () => {
  const alice = user("alice-4");
  const [first, second] = [await alice.lobby.create({ type: "slow" }), await alice.lobby.create({ type: "slow" })];
  alice.close();
  const reloaded = user("alice-4");
  let cut = false;
  reloaded.connection.subscribe(({ status }) => {
    if (status === "ready" && !cut) reloaded.cut(); // before any answer
    cut ||= status === "ready";
  });
  await value("both lobbies", reloaded.lobby.joined, (all) => all.length === 2);
  expect(reloaded.lobby.joined.value.map(({ id }) => id)).toEqual([first.id, second.id]);
  expect(reloaded.lobby.current.value?.id).toBe(second.id);
  for (const { id } of [first, second]) await reloaded.lobby.close({ lobbyId: id });
});

test("a proposal is restored and can be accepted after a reload", async () => {
  const [alice, bob] = [user("alice-5"), user("bob-5")];
  for (const player of [alice, bob]) await player.matchmaking.enqueue({ queue: "ranked" });
  const [proposal] = await value("a proposal", alice.matchmaking.proposals, (all) => all.length > 0);
  alice.close();
  const reloaded = user("alice-5");
  await value("the same proposal", reloaded.matchmaking.proposals, (all) => all[0]?.proposalId === proposal!.proposalId);
  await Promise.all([reloaded, bob].map((player) => player.matchmaking.accept(proposal!.proposalId)));
  const matched = await value("the match", reloaded.matchmaking.matched, (m) => m !== undefined);
  const lobby = await value("the lobby of the match", reloaded.lobby.current, (l) => l?.id === matched!.handoff.lobbyId);
  await Promise.all([reloaded, bob].map((player) => player.lobby.leave({ lobbyId: lobby!.id })));
});

test("a refusal because of an existing party names its id", async () => {
  const before = await busy("alice-6");
  await expect(before.alice.party.create()).rejects.toMatchObject({ reason: "in_party", current: [before.party.id] });
  await leaveAll(before.alice, before);
});
