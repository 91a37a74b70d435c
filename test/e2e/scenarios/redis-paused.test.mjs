// Redis hangs for a while. Connected clients stay connected and get retryable refusals;
// disconnected clients reconnect by themselves; no client misses an event.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Stack } from "../lib/stack.mjs";

const HANG_MS = 60_000; // for the refusals and retries under a hanging Redis

const stack = new Stack();
let alice, bob, channel;

before(async () => {
  alice = stack.direct("alice", "server-1");
  bob = stack.direct("bob", "server-2", { transports: ["polling", "websocket"] });
  await Promise.all([alice, bob].map((user) => user.push("session:ready")));
  const { lobby } = await alice.ask("lobby:create", { type: "casual" });
  await bob.ask("lobby:join", { lobbyId: lobby.id });
  channel = `lobby:${lobby.id}`;
  await Promise.all([alice, bob].map((user) => user.ask("chat:join", { channel })));
});

after(() => [alice, bob].forEach((user) => user?.close()));

test("a hanging Redis loses no message, and every connection recovers", async () => {
  await alice.ask("chat:send", { channel, text: "before", key: "1" });
  const { pid } = stack.state.redis;
  process.kill(pid, "SIGSTOP");
  try {
    bob.cut();
    await bob.push("disconnect");
    const refusal = await alice.refused("chat:send", { channel, text: "while", key: "2" });
    assert.deepEqual([refusal.code, refusal.retryable], ["unavailable", true]);
    // bob fails at least once: the server refuses his connection.
    await bob.until("a vain try", () => bob.pushes.filter((p) => p.event === "disconnect").length > 1, HANG_MS);
    assert.equal(bob.sessions.length, 1);
  } finally {
    process.kill(pid, "SIGCONT");
  }
  await bob.until("bob's second session", () => bob.sessions[1], HANG_MS);
  await again(() => alice.ask("chat:send", { channel, text: "while", key: "2" }));
  for (const user of [alice, bob]) {
    await user.push("chat:message", (m) => m.text === "while");
    assert.deepEqual(user.messages().map((m) => m.text), ["before", "while"]);
    assert.deepEqual(user.faults, []);
  }
  assert.equal(alice.sessions.length, 1, "alice was never disconnected");
});

/** Repeats a retryable request until it succeeds. */
async function again(attempt) {
  for (let tries = 0; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!error.wire?.retryable || tries === 100) throw error;
      await new Promise((later) => setTimeout(later, 100));
    }
  }
}
