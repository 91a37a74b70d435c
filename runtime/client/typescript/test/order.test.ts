// The order of what one client sends, against the servers: above the chat's rate, over cut
// connections and over a server that is killed.
import { expect, test } from "vitest";
import { server, until, user, value } from "./stack.js";

const texts = (count: number) => Array.from({ length: count }, (_, i) => `m${i}`);

/** Alice and Bob in a lobby whose chat takes three messages in two seconds. */
async function slow() {
  const alice = user("alice", { server: "server-1" });
  const bob = user("bob", { server: "server-2" });
  const lobby = await alice.lobby.create({ type: "slow" });
  await bob.lobby.join({ lobbyId: lobby.id });
  const [hers, his] = await Promise.all([alice.chat.join(`lobby:${lobby.id}`), bob.chat.join(`lobby:${lobby.id}`)]);
  return { alice, bob, hers, his };
}

test("nine messages that are sent without waiting arrive in order", async () => {
  const { alice, hers, his } = await slow();
  await Promise.all(texts(9).map((text) => hers.send(text)));
  await value("nine messages", his.state, (s) => s.messages.length === 9);
  expect(his.state.value.messages.map(({ text }) => text)).toEqual(texts(9));
  await alice.lobby.close();
});

test("twelve messages above the rate all arrive in order, and none is refused before timeoutMs", async () => {
  const { alice, hers, his } = await slow();
  const results = await Promise.allSettled(texts(12).map((text) => hers.send(text)));
  expect(results.map(({ status }) => status)).toEqual(Array(12).fill("fulfilled"));
  await value("twelve messages", his.state, (s) => s.messages.length === 12);
  expect(his.state.value.messages.map(({ text }) => text)).toEqual(texts(12));
  await alice.lobby.close();
});

test("messages above the rate keep their order over cuts and a killed server, each exactly once", async () => {
  const { alice, bob, hers, his } = await slow();
  const before = server("server-2").pid;
  const sending = Promise.allSettled(texts(9).map((text) => his.send(text)));
  await value("the first message", hers.state, (s) => s.messages.length > 0);
  bob.cut();
  await value("the fifth message", hers.state, (s) => s.messages.length > 4);
  process.kill(before, "SIGKILL");
  expect((await sending).map(({ status }) => status)).toEqual(Array(9).fill("fulfilled"));
  await value("nine messages", hers.state, (s) => s.messages.length === 9);
  expect(hers.state.value.messages.map(({ text }) => text)).toEqual(texts(9));
  await value("nine messages at their sender", his.state, (s) => s.messages.length === 9);
  await until("server-2 to be back", () => server("server-2").ready && server("server-2").pid !== before);
  await alice.lobby.close();
});

test("changes of one lobby take effect in the order of the calls", async () => {
  const { alice } = await slow();
  const names: string[] = [];
  alice.lobby.current.subscribe((lobby) => lobby && names.at(-1) !== lobby.name && names.push(lobby.name));
  const wanted = texts(20);
  await Promise.all([
    ...wanted.map((name) => alice.lobby.update({ set: { name } })),
    value("the cut", alice.connection, ({ status }) => status === "ready").then(() => alice.cut()),
  ]);
  await value("the last name", alice.lobby.current, (lobby) => lobby?.name === "m19");
  expect(names.slice(1)).toEqual(wanted);
  await alice.lobby.close();
});
