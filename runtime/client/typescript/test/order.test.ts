// The order of one client's requests on real servers: above the chat's rate, over lost
// connections and over a killed server.
import { expect, test } from "vitest";
import { server, until, user, value } from "./stack.js";

const texts = (count: number) => Array.from({ length: count }, (_, i) => `m${i}`);

/** Alice and Bob in a lobby whose chat allows three messages in two seconds. */
async function slow() {
  const alice = user("alice", { server: "server-1" });
  const bob = user("bob", { server: "server-2" });
  const lobby = await alice.lobby.create({ type: "slow" });
  await bob.lobby.join({ lobbyId: lobby.id });
  const [hers, his] = await Promise.all([alice.chat.join(`lobby:${lobby.id}`), bob.chat.join(`lobby:${lobby.id}`)]);
  return { alice, bob, hers, his };
}

test("nine messages sent concurrently arrive in order", async () => {
  const { alice, hers, his } = await slow();
  await Promise.all(texts(9).map((text) => hers.send(text)));
  await value("nine messages", his.state, (s) => s.messages.length === 9);
  expect(his.state.value.messages.map(({ text }) => text)).toEqual(texts(9));
  await alice.lobby.close();
});

test("twelve messages above the rate arrive in order, without a refusal before timeoutMs", async () => {
  const { alice, hers, his } = await slow();
  const results = await Promise.allSettled(texts(12).map((text) => hers.send(text)));
  expect(results.map(({ status }) => status)).toEqual(Array(12).fill("fulfilled"));
  await value("twelve messages", his.state, (s) => s.messages.length === 12);
  expect(his.state.value.messages.map(({ text }) => text)).toEqual(texts(12));
  await alice.lobby.close();
});

test("messages above the rate arrive once and in order over a lost connection and a killed server", async () => {
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
  await value("nine messages at the sender", his.state, (s) => s.messages.length === 9);
  await until("server-2 to be ready again", () => server("server-2").ready && server("server-2").pid !== before);
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

test("messages above the rate are pending until they are in the log, never in both lists", async () => {
  const { alice, hers } = await slow();
  const seen: string[][] = [];
  let most = 0;
  hers.state.subscribe(({ messages, pending, failed }) => {
    most = Math.max(most, pending.length);
    seen.push([...messages, ...pending, ...failed].map(({ text }) => text ?? ""));
  });
  const sending = Promise.all(texts(5).map((text) => hers.send(text)));
  await value("a refused message that waits", hers.state, ({ pending }) => pending.some(({ attempts }) => attempts > 1));
  alice.cut();
  await sending;
  await value("no pending message", hers.state, ({ pending }) => pending.length === 0);
  expect(most).toBe(5);
  for (const all of seen) expect(all).toEqual(texts(5).slice(0, all.length));
  await alice.lobby.close();
});

test("a muted user's message fails, and retry sends it with its key", async () => {
  const { alice, hers, his } = await slow();
  await hers.mute("bob");
  await expect(his.send("am I muted?")).rejects.toMatchObject({ code: "muted" });
  const [failed] = his.failed;
  expect(failed).toMatchObject({ text: "am I muted?", error: { code: "muted" } });
  await hers.unmute("bob");
  await his.retry(failed!.key);
  await value("the message", hers.state, ({ messages }) => messages.at(-1)?.key === failed!.key);
  await value("empty lists", his.state, ({ pending, failed }) => pending.length + failed.length === 0);
  expect(his.state.value.messages).toHaveLength(1);
  await alice.lobby.close();
});
