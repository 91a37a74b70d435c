// Three servers behind a proxy without stickiness: every request of a client may reach a
// server that does not have its session.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { io as newest } from "socket.io-client";
import { io as older } from "socket.io-client-4.5";
import { io as oldest } from "socket.io-client-4.1";
import { RoundRobin } from "../lib/roundrobin.mjs";
import { Stack } from "../lib/stack.mjs";

const stack = new Stack();
const users = [];
let front;

before(async () => {
  assert.equal(stack.state.servers.length, 3);
  front = await new RoundRobin(stack).listen();
});

after(() => {
  users.forEach((user) => user.close());
  front?.close();
});

async function connect(name, options) {
  const user = stack.user(name, { url: front.url, ...options });
  users.push(user);
  await user.push("session:ready");
  return user;
}

async function forwarded() {
  let sum = 0;
  for (const { adminUrl } of stack.state.servers) {
    const text = await (await fetch(`${adminUrl}/metrics`)).text();
    sum += Number(text.match(/^anteroom_forwards_total\{outcome="served"\} (\d+)/m)[1]);
  }
  return sum;
}

const transports = {
  polling: ["polling"],
  upgrade: ["polling", "websocket"],
  websocket: ["websocket"],
};

for (const [version, client] of Object.entries({ "4.8": newest, "4.5": older, "4.1": oldest })) {
  for (const [way, list] of Object.entries(transports)) {
    test(`client ${version}, ${way}`, async () => {
      const before = await forwarded();
      const alice = await connect("alice", { client, transports: list });
      const bob = await connect("bob", { client, transports: list });
      if (way === "upgrade") {
        await alice.until("the upgrade", () => alice.socket.io.engine.transport.name === "websocket");
      }

      const { lobby } = await alice.ask("lobby:create", { type: "casual" });
      await bob.ask("lobby:join", { lobbyId: lobby.id });
      const channel = `lobby:${lobby.id}`;
      for (const user of [alice, bob]) await user.ask("chat:join", { channel });
      for (let n = 0; n < 10; n++) await alice.ask("chat:send", { channel, text: `${n}` });
      for (const user of [alice, bob]) {
        await user.until("ten messages", () => user.messages().length === 10);
        assert.deepEqual(user.messages().map((m) => m.text), [..."0123456789"]);
        assert.deepEqual(user.faults, []);
        assert.equal(user.sessions.length, 1, "the connection held");
        await user.ask("lobby:leave", { lobbyId: lobby.id });
        user.close();
      }
      if (way !== "websocket") assert.ok((await forwarded()) > before, "nothing was forwarded");
    });
  }
}

test("kill -9 of the server that has a polling session", async () => {
  const carol = await connect("alice", { transports: ["polling"] });
  const owner = front.opened.at(-1);
  const { lobby } = await carol.ask("lobby:create", { type: "casual" });
  const channel = `lobby:${lobby.id}`;
  await carol.ask("chat:join", { channel });
  await carol.ask("chat:send", { channel, text: "before" });

  const killed = Date.now();
  stack.kill(owner);
  await carol.until("a new session", () => carol.sessions.length === 2, 40_000);
  // The next request gets the answer that the session is unknown, before a ping timeout
  // (45 s). The bound has a margin for a busy machine.
  assert.ok(Date.now() - killed < 40_000, `back after ${Date.now() - killed} ms`);
  await carol.ask("chat:send", { channel, text: "after" });
  await carol.until("both", () => carol.messages().length === 2);
  assert.deepEqual(carol.messages().map((m) => m.text), ["before", "after"]);
  assert.deepEqual(carol.faults, []);
});
