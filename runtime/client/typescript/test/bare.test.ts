// The client in an environment like React Native: a WebSocket and timers, without a window,
// a document, Node's modules or crypto.
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { createContext, Script } from "node:vm";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { state, token } from "./stack.js";

/** Bundles the package with socket.io-client for an environment without Node. */
async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("../src/index.ts", import.meta.url))],
    bundle: true,
    write: false,
    format: "iife",
    globalName: "anteroom",
    platform: "browser",
    target: "es2020",
  });
  return outputFiles[0]!.text;
}

const program = `(async () => {
  const client = anteroom.connect({ url, token: () => token, socket: { transports: ["websocket"] } });
  const lobby = await client.lobby.create({ type: "casual" });
  const chat = await client.chat.join("lobby:" + lobby.id);
  client.cut();
  const received = new Promise((resolve) => client.on("chat:message", resolve));
  await chat.send("from afar");
  const { text, userId } = await received;
  await client.lobby.close();
  client.close();
  return JSON.stringify({ text, userId });
})()`;

test("the client needs only a WebSocket and timers", async () => {
  const { WebSocket } = createRequire(import.meta.url)("ws") as { WebSocket: unknown };
  const timers = { setTimeout, clearTimeout, setInterval, clearInterval };
  const context = createContext({
    ...timers,
    WebSocket,
    console,
    navigator: { product: "ReactNative" },
    url: state().front.url,
    token: token("dave"),
  });
  const kindOf = (name: string) => new Script(`typeof ${name}`).runInContext(context) as string;
  expect(["window", "document", "process", "crypto", "fetch", "URL", "XMLHttpRequest"].map(kindOf)).toEqual(Array(7).fill("undefined"));
  new Script(await bundle()).runInContext(context);
  const answer = (await new Script(program).runInContext(context)) as string;
  expect(JSON.parse(answer)).toEqual({ text: "from afar", userId: "dave" });
});
