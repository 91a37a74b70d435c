// The client matrix: each client connects, meets another one in a lobby, chats, is cut,
// and resumes; and each version of the stock client receives session:terminated before
// the close.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { io as v48 } from "socket.io-client";
import { io as v45 } from "socket.io-client-4.5";
import { io as v41 } from "socket.io-client-4.1";
import { io as v40 } from "socket.io-client-4.0";
import { Stack } from "../lib/stack.mjs";

const stack = new Stack();
const users = [];
const versions = { 4.8: v48, 4.5: v45, 4.1: v41, "4.0": v40 };
const ways = { websocket: ["websocket"], polling: ["polling"], upgrade: ["polling", "websocket"] };

after(() => users.forEach((user) => user.close()));

function connect(name, server, options) {
  const user = stack.direct(name, server, options);
  users.push(user);
  return user;
}

async function revoke(user, lift) {
  const answer = await fetch(`${stack.server("server-2").apiUrl}/v1/users/${user}:revoke`, {
    method: "POST",
    headers: { authorization: `Bearer ${readFileSync(stack.state.apiTokenFile, "utf8").trim()}` },
    body: JSON.stringify(lift ? { lift } : {}),
  });
  assert.equal(answer.status, 200);
}

for (const [version, client] of Object.entries(versions)) {
  for (const [way, transports] of Object.entries(ways)) {
    test(`socket.io-client ${version}, ${way}: lobby, chat, cut, resume`, async () => {
      const alice = connect("alice", "server-1", { client, transports });
      const bob = connect("bob", "server-2", { client, transports });
      await Promise.all([alice, bob].map((user) => user.push("session:ready")));
      const { lobby } = await alice.ask("lobby:create", { type: "casual" });
      await bob.ask("lobby:join", { lobbyId: lobby.id });
      const channel = `lobby:${lobby.id}`;
      for (const user of [alice, bob]) await user.ask("chat:join", { channel });
      await bob.ask("chat:send", { channel, text: "before" });
      await alice.until("a message", () => alice.messages().length === 1);
      alice.cut();
      await bob.ask("chat:send", { channel, text: "after" });
      await alice.until("both messages", () => alice.messages().length === 2);
      assert.deepEqual(alice.messages().map((m) => m.text), ["before", "after"]);
      for (const user of [alice, bob]) {
        assert.deepEqual(user.faults, []);
        await user.ask("lobby:leave", { lobbyId: lobby.id });
        user.close();
      }
    });

    test(`socket.io-client ${version}, ${way}: session:terminated arrives before the close`, async () => {
      const rounds = 8;
      for (let n = 0; n < rounds; n++) {
        await revoke("carol", true);
        const carol = connect("carol", "server-1", { client, transports });
        await carol.push("session:ready");
        await revoke("carol");
        await carol.until("the end", () => carol.pushes.some((p) => p.event === "disconnect"));
        const events = carol.pushes.map((p) => p.event);
        const end = events.indexOf("session:terminated");
        assert.ok(end >= 0 && end < events.indexOf("disconnect"), `round ${n}: ${events}`);
        carol.close();
      }
    });
  }
}

const run = promisify(execFile);
for (const [kind, of] of Object.entries({ sync: Object.keys(ways), async: Object.keys(ways), raw: ["websocket"] })) {
  for (const way of of) {
    test(`client.py ${kind}, ${way}: lobby, chat, cut, resume`, async () => {
      const script = new URL("../lib/client.py", import.meta.url).pathname;
      await run("/usr/bin/python3", [script, kind, way, stack.path], { timeout: 120_000 });
    });
  }
}
