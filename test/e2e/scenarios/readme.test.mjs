// The README's example does what the README says.
import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { Stack } from "../lib/stack.mjs";

const stack = new Stack();

test("the README's client makes a lobby and hears its own message", async () => {
  const readme = readFileSync("../../README.md", "utf8");
  const [, example] = readme.match(/```js\n([\s\S]*?)```/);
  assert.ok(example.includes("http://127.0.0.1:8080"), "the example connects to the default address");

  // Run as it stands, but for the address, the token, and an end.
  const program = `readme-example-${process.pid}.mjs`;
  const { url } = stack.state.front;
  const { token } = stack.state.tokens.find((t) => t.user === "alice");
  writeFileSync(program, `const token = ${JSON.stringify(token)};\n${example.replace("http://127.0.0.1:8080", url)}\nexport { socket };\n`);
  const said = [];
  const log = console.log;
  console.log = (...words) => said.push(words);
  try {
    const { socket } = await import(pathToFileURL(program));
    for (let tries = 0; tries < 100 && !said.some(([event]) => event === "chat:message"); tries++) {
      await new Promise((again) => setTimeout(again, 50));
    }
    socket.close();
  } finally {
    console.log = log;
    rmSync(program);
  }
  const heard = said.find(([event]) => event === "chat:message");
  assert.equal(heard?.[1].text, "hello", JSON.stringify(said.map(([event]) => event)));
});
