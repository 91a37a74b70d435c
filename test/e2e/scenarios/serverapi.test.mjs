// A back end talks to users on two servers: every request of the server API is sent over
// HTTP, and stock clients see what it does.
import assert from "node:assert/strict";
import { test } from "node:test";
import "./serverapi/events.mjs";
import "./serverapi/rooms.mjs";
import "./serverapi/mutes.mjs";
import "./serverapi/lobbies.mjs";
import "./serverapi/tickets.mjs";
import "./serverapi/inbox.mjs";
import "./serverapi/readme.mjs";
import "./serverapi/sessions.mjs";
import { alice, bob, uncalled } from "./serverapi/stand.mjs";

test("nobody missed an event or saw one twice", () => {
  for (const user of [alice, bob]) assert.deepEqual(user.faults, []);
});

test("each request that the server describes was carried out here", async () => {
  for (const server of ["server-1", "server-2"]) assert.deepEqual(await uncalled(server), []);
});
