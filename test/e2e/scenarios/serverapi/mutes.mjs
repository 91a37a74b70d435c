// A back end mutes a user in a channel, and ends the mute.
import assert from "node:assert/strict";
import { test } from "node:test";
import { alice, bob, lobby, must } from "./stand.mjs";

test("a user is muted and unmuted by the back end, on either server", async () => {
  const channel = `lobby:${lobby.id}`;
  for (const user of [alice, bob]) await user.ask("chat:join", { channel });
  const muted = await must("server-1", "/v1/chat:mute", { channel, userId: "bob", reason: "spam" });
  assert.deepEqual([muted.userId, muted.muted], ["bob", true]);
  await alice.push("chat:muted", (m) => m.channel === channel && m.userId === "bob" && m.muted);
  assert.equal((await bob.refused("chat:send", { channel, text: "hello" })).code, "muted");
  await must("server-2", "/v1/chat:unmute", { channel, userId: "bob" });
  await bob.push("chat:muted", (m) => m.channel === channel && m.userId === "bob" && !m.muted);
  const { seq } = await bob.ask("chat:send", { channel, text: "hello again" });
  await alice.push("chat:message", (m) => m.channel === channel && m.meta.seq === seq);
});
