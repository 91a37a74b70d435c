// The README's examples do what the README describes.
import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { Stack } from "../lib/stack.mjs";

const stack = new Stack();

const examples = [...readFileSync("../../README.md", "utf8").matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code);
const files = [];
const said = []; // the output of the examples
const log = console.log;

before(() => {
  console.log = (...words) => said.push(words);
});

after(() => {
  console.log = log;
  files.forEach((file) => rmSync(file));
});

/** Runs an example unchanged, except for the address and the token. */
async function run(example, user) {
  assert.ok(example.includes("http://127.0.0.1:8080"), "the example connects to the default address");
  const file = `readme-example-${process.pid}-${files.length}.mjs`;
  files.push(file);
  const { token } = stack.state.tokens.find((t) => t.user === user);
  const code = example.replace("http://127.0.0.1:8080", stack.state.front.url);
  writeFileSync(file, `const token = ${JSON.stringify(token)};\n${code}\nexport { socket };\n`);
  return (await import(pathToFileURL(file))).socket;
}

async function printed(what, match, times = 1) {
  for (let tries = 0; tries < 400; tries++) {
    const received = said.filter(match);
    if (received.length >= times) return received;
    await new Promise((again) => setTimeout(again, 50));
  }
  throw new Error(`${what} was not printed; printed was ${JSON.stringify(said)}`);
}

test("the first client creates a lobby and receives its own message, on each run", async () => {
  for (const times of [1, 2]) {
    const socket = await run(examples[0], "alice");
    const messages = (await printed("a message", ([event]) => event === "chat:message", times)).map(([, message]) => message);
    socket.close();
    assert.deepEqual(messages.map((m) => m.text), Array(times).fill("hello"));
    assert.equal(new Set(messages.map((m) => m.channel)).size, 1);
  }
});

test("two of the second client meet in a lobby", async () => {
  const sockets = await Promise.all(["carol", "dave"].map((user) => run(examples[1], user)));
  const played = await printed("the lobby", ([word]) => word === "playing in", 2);
  sockets.forEach((socket) => socket.close());
  assert.equal(played[0][1], played[1][1]);
  assert.deepEqual(played[0][2].flatMap((team) => team.players).sort(), ["carol", "dave"]);
});
