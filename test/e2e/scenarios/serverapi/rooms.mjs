// Rooms of a back end.
import assert from "node:assert/strict";
import { test } from "node:test";
import { alice, api, bob, emit } from "./stand.mjs";

test("the back end adds users to a room, and a reconnecting user is still a member", async () => {
  assert.equal((await api("server-1", "/v1/rooms/red:join", { userIds: ["alice", "bob"] })).users, 2);
  await Promise.all([alice, bob].map((user) => user.push("room:joined", (r) => r.room === "red")));
  assert.equal((await emit("server-2", { room: "red" }, "game:room", { n: 1 })).onlineRecipients, 2);
  await Promise.all([alice, bob].map((user) => user.push("game:room", (e) => e.n === 1)));

  bob.cut();
  await bob.until("bob's second session", () => bob.sessions.length === 2);
  await emit("server-1", { room: "red" }, "game:room", { n: 2 });
  await bob.push("game:room", (e) => e.n === 2);

  await api("server-1", "/v1/rooms/red:leave", { userIds: ["bob"] });
  await bob.push("room:left");
  await emit("server-1", { room: "red" }, "game:room", { n: 3 });
  await alice.push("game:room", (e) => e.n === 3);
  assert.deepEqual((await api("server-2", "/v1/rooms/red")).userIds, ["alice"]);
  assert.equal(bob.pushes.some((p) => p.event === "game:room" && p.data.n === 3), false);
});
