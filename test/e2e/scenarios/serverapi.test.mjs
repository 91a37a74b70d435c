// A back end reaches users on two servers: it sends every request of the server API over
// HTTP, and stock clients receive the effects.
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

test("every event arrived exactly once", () => {
  for (const user of [alice, bob]) assert.deepEqual(user.faults, []);
});

test("the scenario called each request of the server's OpenAPI document", async () => {
  for (const server of ["server-1", "server-2"]) assert.deepEqual(await uncalled(server), []);
});
