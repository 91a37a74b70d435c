// The official Admin UI of Socket.IO, from its package, on two servers.
import assert from "node:assert/strict";
import { createReadStream, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { dirname, extname, join, normalize } from "node:path";
import { test } from "node:test";
import { openBrowser, openPage, picture } from "../lib/browser.mjs";
import { Stack } from "../lib/stack.mjs";

const stack = new Stack();
const token = readFileSync(stack.state.apiTokenFile, "utf8").trim();
const files = join(dirname(createRequire(import.meta.url).resolve("@socket.io/admin-ui/package.json")), "ui", "dist");
const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".png": "image/png" };

/** Serves the package's page on a separate port, like an installation. */
async function servePage() {
  const server = createServer((request, answer) => {
    const path = normalize(request.url === "/" ? "/index.html" : request.url);
    createReadStream(join(files, path))
      .once("open", () => answer.setHeader("Content-Type", types[extname(path)] ?? "application/octet-stream"))
      .once("error", () => answer.writeHead(404).end())
      .pipe(answer);
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  server.unref(); // it ends with the test's process
  return `http://localhost:${server.address().port}/`;
}

async function openUI(t, options) {
  const page = await openPage(t, await openBrowser(t), "about:blank", options);
  await page.context().route(/^https:/, (route) => route.fulfill({ contentType: "text/css", body: "" })); // its fonts
  await page.goto(await servePage());
  return page;
}

async function signIn(page, server, password) {
  await page.getByLabel("Server URL").fill(stack.server(server).adminUrl);
  await page.getByLabel("Username").fill("ops");
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Connect" }).click();
}

const row = (page, ...texts) => texts.reduce((rows, hasText) => rows.filter({ hasText }), page.getByRole("row"));
const inState = (page, state) => page.getByRole("row").filter({ has: page.getByText(state, { exact: true }) });
const open = (page, name) => page.getByRole("navigation").getByRole("link", { name, exact: true }).click();

test("a wrong password is refused in the page's own words", async (t) => {
  const page = await openUI(t);
  await signIn(page, "server-1", "wrong");
  await page.getByText("Invalid credentials").waitFor();
});

test("both servers with their clients, and the connections of one of them", async (t) => {
  const users = [stack.direct("alice", "server-1"), stack.direct("bob", "server-2"), stack.direct("carol", "server-1", { transports: ["polling"] })];
  t.after(() => users.forEach((user) => user.close()));
  await Promise.all(users.map((user) => user.push("session:ready")));

  const page = await openUI(t);
  await signIn(page, "server-1", token);
  const [one, two] = await Promise.all(["server-1", "server-2"].map((name) => stack.status(name)));
  await open(page, "Servers");
  await inState(page, "Healthy").filter({ hasText: one.pod }).getByRole("cell", { name: "2", exact: true }).waitFor();
  await inState(page, "Healthy").filter({ hasText: two.pod }).getByRole("cell", { name: "1", exact: true }).waitFor();
  await picture(page, "adminui-servers");

  await open(page, "Dashboard");
  await row(page, "WebSocket").getByRole("heading", { name: "2", exact: true }).waitFor();
  await row(page, "HTTP long-polling").getByRole("heading", { name: "1", exact: true }).waitFor();
  await picture(page, "adminui-dashboard");

  await open(page, "Clients");
  await row(page, "alice", "WebSocket").waitFor();
  await row(page, "carol", "HTTP long-polling").waitFor();
  assert.equal(await row(page, "bob").count(), 0); // it is connected to the other server
  await open(page, "Sockets");
  assert.equal(await page.getByRole("row").count(), 3); // a heading, and two
  await picture(page, "adminui-sockets");

  users[0].close(); // and the list is updated
  await row(page, "WebSocket").waitFor({ state: "detached" });
  await row(page, "HTTP long-polling").click();
  await page.getByText('"userId": "carol"').waitFor();
  await picture(page, "adminui-socket");

  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }));
  assert.ok(!kept.includes(token) && kept.includes("session_id"), kept);
  await page.reload(); // with the stored credentials
  await open(page, "Servers");
  await inState(page, "Healthy").filter({ hasText: two.pod }).waitFor();
});

test("a dead server becomes unhealthy, and its replacement is listed", async (t) => {
  const page = await openUI(t);
  await signIn(page, "server-1", token);
  const { pod } = await stack.status("server-2");
  await open(page, "Servers");
  await inState(page, "Healthy").filter({ hasText: pod }).waitFor();
  page.setDefaultTimeout(30_000);
  stack.kill("server-2");
  await inState(page, "Unhealthy").filter({ hasText: pod }).waitFor();
  await inState(page, "Healthy").nth(1).waitFor(); // make run has started a replacement
  await picture(page, "adminui-died");
});
