// The end of sessions, and bans of users.
import assert from "node:assert/strict";
import { test } from "node:test";
import { alice, api, bob, stack } from "./stand.mjs";

test("requests without the token are refused", async () => {
  const answer = await api("server-1", "/v1/events", {}, { authorization: "Bearer guess" });
  assert.deepEqual([answer.status, answer.error.code], [401, "unauthenticated"]);
});

test("a session is ended on any server, and the client reconnects by itself", async () => {
  const before = bob.sessions.length;
  const { online } = await api("server-1", "/v1/sessions:disconnect", { userId: "bob", message: "new rules" });
  assert.equal(online, true);
  const end = await bob.push("session:terminated");
  assert.deepEqual([end.code, end.message, end.reconnect], ["disconnected", "new rules", true]);
  await bob.until("bob is back", () => bob.sessions.length > before);
});

test("a revoked user is disconnected, refused on every server, and admitted again afterwards", async () => {
  await api("server-2", "/v1/users/alice:revoke", { message: "logged out everywhere", ttlMs: 600_000 });
  const refusal = await alice.push("connect_error");
  assert.deepEqual([refusal.code, refusal.message], ["unauthenticated", "logged out everywhere"]);
  const again = stack.direct("alice", "server-2");
  assert.equal((await again.push("connect_error")).code, "unauthenticated");
  again.close();
  await api("server-1", "/v1/users/alice:revoke", { lift: true });
  const back = stack.direct("alice", "server-1");
  await back.push("session:ready");
  back.close();
});
