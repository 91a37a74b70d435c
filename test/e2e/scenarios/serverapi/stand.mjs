// The shared part of the scenario: two users on two servers, in one lobby, and the server
// API.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before } from "node:test";
import { Stack } from "../../lib/stack.mjs";

export const stack = new Stack();
export let alice, bob, lobby;

export const token = readFileSync(stack.state.apiTokenFile, "utf8").trim();
const done = []; // "POST /v1/events" of each successful request

before(async () => {
  alice = stack.direct("alice", "server-1", { transports: ["polling"] });
  bob = stack.direct("bob", "server-2");
  await Promise.all([alice, bob].map((user) => user.push("session:ready")));
  ({ lobby } = await alice.ask("lobby:create", { type: "casual" }));
  await bob.ask("lobby:join", { code: lobby.code });
});

after(() => [alice, bob].forEach((user) => user?.close()));

/** A request to the API of a server, POST when it has a body; returns the status and the answer. */
export async function api(server, path, body, headers = {}) {
  const method = body ? "POST" : "GET";
  const answer = await fetch(stack.server(server).apiUrl + path, {
    method, headers: { authorization: `Bearer ${token}`, ...headers }, body: body && JSON.stringify(body),
  });
  if (answer.ok) done.push(`${method} ${path}`);
  return { status: answer.status, ...(await answer.json()) };
}

/** A request that must succeed; returns the answer. */
export async function must(...request) {
  const answer = await api(...request);
  assert.equal(answer.status, 200, JSON.stringify(answer));
  return answer;
}

export const emit = (server, target, event, data = {}) => must(server, "/v1/events", { target, event, data });

/** The operations in a server's own OpenAPI document that no request has called so far. */
export async function uncalled(server) {
  const { paths } = await (await fetch(`${stack.server(server).apiUrl}/openapi.json`)).json();
  const operations = Object.entries(paths).flatMap(([path, item]) => Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`));
  assert.ok(operations.length > 10, `the document describes ${operations}`);
  return operations.filter((operation) => {
    const pattern = new RegExp(`^${operation.replace(/\{\w+\}/g, "[^/:]+")}$`);
    return !done.some((request) => pattern.test(request));
  });
}
