// Redis dies and loses its data. Clients that only receive are notified as well, without
// a silent gap.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Stack } from "../lib/stack.mjs";

const stack = new Stack();
let alice, bob;

before(async () => {
  alice = stack.direct("alice", "server-1");
  bob = stack.direct("bob", "server-2");
  await Promise.all([alice, bob].map((user) => user.push("session:ready")));
});

after(() => [alice, bob].forEach((user) => user?.close()));

test("both members are notified of their lost lobby, and create a new one", async () => {
  const { lobby } = await alice.ask("lobby:create", { type: "casual" });
  await bob.ask("lobby:join", { lobbyId: lobby.id });
  await bob.ask("chat:join", { channel: `lobby:${lobby.id}` });
  process.kill(stack.state.redis.pid, "SIGKILL");

  for (const user of [alice, bob]) {
    const removed = await user.push("lobby:removed", (r) => r.lobbyId === lobby.id, 60_000);
    assert.equal(removed.reason, "lost");
    assert.equal(user.pushes.filter((p) => p.event === "lobby:removed").length, 1, "pushed once");
    assert.equal(user.sessions.length, 1, "and stayed connected");
  }
  const { lobby: fresh } = await bob.ask("lobby:create", { type: "casual" });
  await alice.ask("lobby:join", { lobbyId: fresh.id });
});
