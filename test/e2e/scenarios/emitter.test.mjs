// Another back end uses the stock Redis emitter with each of its targets, on two servers.
// Every addressed client receives each event once.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { Emitter } from "@socket.io/redis-emitter";
import Redis from "ioredis";
import { Stack } from "../lib/stack.mjs";

const stack = new Stack();
const redis = new Redis(`redis://${stack.state.redis.address}`);
const emitter = new Emitter(redis);
let alice, bob, carol, all;

before(async () => {
  alice = stack.direct("alice", "server-1", { transports: ["polling"] });
  bob = stack.direct("bob", "server-2");
  carol = stack.direct("carol", "server-2");
  all = [alice, bob, carol];
  await Promise.all(all.map((user) => user.push("session:ready")));
  const token = readFileSync(stack.state.apiTokenFile, "utf8").trim();
  const answer = await fetch(`${stack.server("server-1").apiUrl}/v1/rooms/red:join`, {
    method: "POST", headers: { authorization: `Bearer ${token}` }, body: JSON.stringify({ userIds: ["alice", "bob"] }),
  });
  assert.equal(answer.status, 200);
  await Promise.all([alice, bob].map((user) => user.push("room:joined")));
});

after(() => {
  all.forEach((user) => user?.close());
  redis.disconnect();
});

/** The users that received an event, and how often; all of them have received the fence that was sent afterwards. */
let fences = 0;
async function received(event) {
  const fence = `fence-${++fences}`;
  emitter.emit(fence, {});
  await Promise.all(all.map((user) => user.push(fence)));
  return all.map((user) => user.pushes.filter((p) => p.event === event).length);
}

test("to all", async () => {
  emitter.emit("game:all", { n: 1 });
  assert.deepEqual(await received("game:all"), [1, 1, 1]);
  assert.deepEqual(alice.pushes.find((p) => p.event === "game:all").data, { n: 1 });
});

test("to a room, by its name or by its stream's name", async () => {
  emitter.to("red").emit("game:room");
  assert.deepEqual(await received("game:room"), [1, 1, 0]);
  emitter.to("room:red").emit("game:stream");
  assert.deepEqual(await received("game:stream"), [1, 1, 0]);
});

test("to a user, to a session, and to several at once, each once", async () => {
  emitter.to("user:carol").emit("game:user");
  assert.deepEqual(await received("game:user"), [0, 0, 1]);
  emitter.to(bob.socket.id).emit("game:session");
  assert.deepEqual(await received("game:session"), [0, 1, 0]);
  emitter.to(["red", "user:bob", "user:carol"]).emit("game:several");
  assert.deepEqual(await received("game:several"), [1, 1, 1]);
});

test("to all except some", async () => {
  emitter.except("red").emit("game:except");
  assert.deepEqual(await received("game:except"), [0, 0, 1]);
  emitter.to("red").except("user:alice").emit("game:rest");
  assert.deepEqual(await received("game:rest"), [0, 1, 0]);
});

test("to the members of a lobby", async () => {
  const { lobby } = await alice.ask("lobby:create", { type: "casual" });
  await carol.ask("lobby:join", { lobbyId: lobby.id });
  emitter.to(`lobby:${lobby.id}`).emit("game:lobby", "several", { arguments: true });
  assert.deepEqual(await received("game:lobby"), [1, 0, 1]);
});

test("the emitter cannot publish Anteroom's own events", async () => {
  emitter.emit("session:terminated", { code: "banned" });
  assert.deepEqual(await received("session:terminated"), [0, 0, 0]);
});
