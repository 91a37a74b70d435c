import { expect, test } from "vitest";
import { AnteroomError } from "../src/index.js";
import { until, user, value } from "./stack.js";

test("two users join a lobby and chat", async () => {
  const alice = user("alice", { server: "server-1" });
  const bob = user("bob", { server: "server-2" });
  const made = await alice.lobby.create({ type: "casual", name: "ours" });
  await bob.lobby.join({ code: made.code! });
  await value("bob in alice's lobby", alice.lobby.current, (lobby) => Boolean(lobby?.members["bob"]));
  await bob.lobby.ready(true);
  const seen = await value("bob ready", alice.lobby.current, (lobby) => lobby?.members["bob"]?.ready === true);
  await value("bob at the same version", bob.lobby.current, (lobby) => lobby?.version === seen?.version);

  const [hers, his] = await Promise.all([alice.chat.join(`lobby:${made.id}`), bob.chat.join(`lobby:${made.id}`)]);
  const sent = await hers.send("hello");
  const [message] = (await value("the message", his.state, (s) => s.messages.length === 1)).messages;
  expect(message).toMatchObject({ id: sent.id, text: "hello", userId: "alice" });
  await his.react(message!, "👍");
  await hers.edit(message!, { text: "hello, bob" });
  const after = await value("the edit", his.state, (s) => s.messages[0]?.editedAt !== undefined);
  expect(after.messages[0]).toMatchObject({ text: "hello, bob", reactions: [{ reaction: "👍", userIds: ["bob"] }] });
  await his.read();
  await value("the read mark", hers.state, (s) => s.reads["bob"] === sent.seq);

  await bob.lobby.leave();
  expect(bob.lobby.current.value).toBeUndefined();
  await value("bob gone", alice.lobby.current, (lobby) => !lobby?.members["bob"]);
  await alice.lobby.close();
  await value("no current lobby", alice.lobby.current, (lobby) => lobby === undefined);
});

test("parties, invites and leaders", async () => {
  const alice = user("alice");
  const bob = user("bob");
  await bob.ready();
  const party = await alice.party.create();
  await alice.party.invite({ userId: "bob" });
  const [invite] = await value("the invite", bob.party.invites, (all) => all.length > 0);
  await bob.party.respondInvite({ inviteId: invite!.inviteId, accept: true });
  expect(bob.party.invites.value).toEqual([]);
  await value("bob in the party", alice.party.current, (p) => Boolean(p?.members["bob"]));
  const lobby = await alice.lobby.create({ type: "casual", partyId: party.id });
  await value("bob in the lobby", bob.lobby.current, (l) => l?.id === lobby.id && l.members["bob"]?.connected === true);
  await Promise.all([alice.lobby.leave(), bob.lobby.leave()]);
  await alice.party.promote({ userId: "bob" });
  await value("bob leads", bob.party.current, (p) => p?.leaderId === "bob");
  await bob.party.kick({ userId: "alice" });
  expect((await value("out", alice.party.removed, (r) => r !== undefined))?.reason).toBe("kicked");
  expect(alice.party.current.value).toBeUndefined();
  await bob.party.leave();
  expect(party.id).toBe(invite!.partyId);
});

test("presence of other users, also after a reconnect", async () => {
  const alice = user("alice");
  const carol = user("carol");
  await Promise.all([alice.ready(), carol.ready()]);
  const stop = await alice.presence.subscribe({ userIds: ["carol"] });
  await carol.presence.set({ status: "busy", text: "at work" });
  await value("carol busy", alice.presence.users, (users) => users.get("carol")?.status === "busy");
  alice.cut();
  await value("the cut", alice.connection, ({ status }) => status !== "ready");
  await alice.ready();
  await carol.presence.set({ status: "online", text: "" });
  await value("carol online", alice.presence.users, (users) => users.get("carol")?.status === "online");
  await stop();
  expect(alice.presence.users.value.has("carol")).toBe(false);
});

test("notifications are received, acknowledged, read and deleted", async () => {
  const dave = user("dave");
  const alice = user("alice");
  await dave.ready();
  await dave.notifications.read({ all: true });
  const lobby = await alice.lobby.create({ type: "casual" });
  await alice.lobby.invite({ userId: "dave" });
  const [newest] = await value("the notification", dave.notifications.items, (all) => all[0]?.type === "lobby.invited");
  await value("the badge", dave.notifications.unread, (n) => n === 1);
  await value("its invite", dave.lobby.invites, (all) => all.some((i) => i.lobbyId === lobby.id));
  await value("the acknowledgement", dave.notifications.items, (all) => all[0]?.acked === true);
  await dave.notifications.read({ ids: [newest!.id] });
  await value("an empty badge", dave.notifications.unread, (n) => n === 0);
  await value("read", dave.notifications.items, (all) => all[0]?.read === true);
  await dave.notifications.delete([newest!.id]);
  expect(dave.notifications.items.value.some((n) => n.id === newest!.id)).toBe(false);
  await alice.lobby.close();
});

test("a refusal rejects with code, reason and field", async () => {
  const alice = user("alice");
  const wrong = await alice.lobby.create({ type: "" }).catch((error: unknown) => error);
  expect(wrong).toBeInstanceOf(AnteroomError);
  expect(wrong).toMatchObject({ code: "invalid_argument", field: "type", retryable: false });
  await expect(alice.lobby.join({ code: "NOSUCH" })).rejects.toMatchObject({ code: "not_found" });
  const lobby = await alice.lobby.create({ type: "casual" });
  await expect(alice.lobby.start()).rejects.toMatchObject({ code: "failed_precondition", reason: expect.any(String) });
  await expect(alice.lobby.update({ expectedVersion: lobby.version + 7, set: { name: "x" } })).rejects.toMatchObject({
    code: "version_conflict",
    current: lobby.version,
  });
  await alice.lobby.close();
});

test("two users are matched, accept, and join the match's lobby", async () => {
  const alice = user("alice");
  const bob = user("bob");
  const queues = await alice.matchmaking.queues();
  expect(queues.map(({ name }) => name)).toEqual(["ranked"]);
  const ticket = await alice.matchmaking.enqueue({ queue: "ranked" });
  expect(alice.matchmaking.tickets.value.map(({ id }) => id)).toEqual([ticket.id]);
  await bob.matchmaking.enqueue({ queue: "ranked" });
  for (const player of [alice, bob]) {
    const [proposal] = await value("a proposal", player.matchmaking.proposals, (all) => all.length > 0);
    await value("the ticket's state", player.matchmaking.tickets, ([only]) => only?.state === "proposed");
    await player.matchmaking.accept(proposal!.proposalId);
  }
  const matches = await Promise.all([alice, bob].map((p) => value("the match", p.matchmaking.matched, (m) => m !== undefined)));
  expect(matches[0]!.matchId).toBe(matches[1]!.matchId);
  expect(alice.matchmaking.tickets.value).toEqual([]);
  expect(alice.matchmaking.proposals.value).toEqual([]);
  const lobby = await alice.lobby.get(matches[0]!.handoff.lobbyId!);
  expect(Object.keys(lobby.members).sort()).toEqual(["alice", "bob"]);
  expect(alice.lobby.current.value?.id).toBe(lobby.id);
});

test("lobbies are found, and a watcher receives additions and removals", async () => {
  const alice = user("alice");
  const carol = user("carol");
  const received: string[] = [];
  const stop = await carol.lobby.watch("casual", ({ added, removed }) => {
    received.push(...(added ?? []).map(({ id }) => `added ${id}`), ...(removed ?? []).map((id) => `removed ${id}`));
  });
  const lobby = await alice.lobby.create({ type: "casual", name: "seen" });
  await until("the new lobby", () => received.includes(`added ${lobby.id}`));
  await alice.lobby.close();
  await until("the removal of the lobby", () => received.includes(`removed ${lobby.id}`));
  await stop();
});
