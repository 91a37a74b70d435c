// Four users with the stock client, one for each way to connect, meet in a lobby through
// the ingress and chat. Each receives every message exactly once.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Stack } from "../../lib/stack.mjs";

const stack = new Stack();
// The first two users begin on separate pods. The last has no cookie: any pod may receive
// its requests and forwards them to the pod of its session.
const ways = {
  alice: { transports: ["polling"], server: "server-1" },
  bob: { transports: ["websocket"], server: "server-2" },
  carol: { transports: ["polling", "websocket"], withCredentials: true },
  dave: { transports: ["polling"] },
};
let users, lobby, channel;

before(async () => {
  users = Object.entries(ways).map(([name, how]) => stack.fronted(name, how));
  await Promise.all(users.map((user) => user.push("session:ready")));
});

after(() => users?.forEach((user) => user.close()));

test("each user is connected by its transport", async () => {
  const [alice, bob, carol, dave] = users;
  await carol.until("an upgrade", () => carol.transport === "websocket");
  assert.deepEqual([alice, bob, carol, dave].map((user) => user.transport), ["polling", "websocket", "websocket", "polling"]);
});

test("they meet in a lobby", async () => {
  const [alice, ...others] = users;
  ({ lobby } = await alice.ask("lobby:create", { key: "create", type: "casual", name: "Friday night" }));
  for (const user of others) await user.ask("lobby:join", { key: "join", code: lobby.code });
  const { lobby: seen } = await alice.ask("lobby:get", { lobbyId: lobby.id });
  assert.deepEqual(Object.keys(seen.members).sort(), users.map((user) => user.ready.userId).sort());
});

test("they chat, and each has every message once, in the same order", async () => {
  channel = `lobby:${lobby.id}`;
  for (const user of users) await user.ask("chat:join", { channel });
  for (const round of [1, 2, 3]) {
    await Promise.all(users.map((user) => user.ask("chat:send", { channel, text: `${user.ready.userId} ${round}`, key: `m-${round}` })));
  }
  for (const user of users) await user.until("all messages", () => user.messages().length === 3 * users.length);
  const [first, ...rest] = users.map((user) => user.messages().map((m) => m.text));
  assert.equal(new Set(first).size, 3 * users.length);
  for (const other of rest) assert.deepEqual(other, first);
});

test("a cut client reconnects and receives the missed messages", async () => {
  const [alice, bob, , dave] = users;
  for (const user of [bob, dave]) {
    user.cut();
    await user.push("disconnect");
  }
  await alice.ask("chat:send", { channel, text: "while you were away", key: "away" });
  for (const user of [bob, dave]) {
    await user.until("a second session", () => user.sessions[1]);
    await user.push("chat:message", (m) => m.text === "while you were away");
  }
});

test("no stream has a gap or a duplicate", () => {
  for (const user of users) assert.deepEqual(user.faults, []);
});
