// The operators' page on the admin port, in a real browser, on two servers.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { accessible, fits, openBrowser, openPage, picture, send } from "../lib/browser.mjs";
import { Stack } from "../lib/stack.mjs";

const stack = new Stack();
const token = readFileSync(stack.state.apiTokenFile, "utf8").trim();
const address = () => `${stack.server("server-1").adminUrl}/dashboard/`;

async function signedIn(t, options) {
  const page = await openPage(t, await openBrowser(t), address(), options);
  await send(page, "API token", token, "Sign in");
  await page.getByRole("heading", { name: "default/e2e" }).waitFor();
  return page;
}

/** A tile of the totals. */
const total = (page, name) => page.locator(".totals > div").filter({ has: page.getByText(name, { exact: true }) }).locator("dd");
const row = (page, table, text) => page.getByRole("table", { name: table }).getByRole("row").filter({ hasText: text });

test("a visitor without a token, or with a wrong one, sees nothing", async (t) => {
  const page = await openPage(t, await openBrowser(t), address(), { expected: /401 \(Unauthorized\)/ });
  await picture(page, "dashboard-signin");
  await accessible(page, "signed out");
  await send(page, "API token", "wrong", "Sign in");
  await page.getByRole("alert").filter({ hasText: "missing or wrong" }).waitFor();
  assert.equal(await page.getByRole("table").count(), 0);
  assert.ok(!page.url().includes("wrong"), page.url());
});

test("connections, lobbies, streams and queues of both servers, as they change", async (t) => {
  const page = await signedIn(t);
  await total(page, "Servers ready").filter({ hasText: "2 of 2" }).waitFor();
  const users = [stack.direct("alice", "server-1"), stack.direct("bob", "server-2"), stack.direct("carol", "server-1")];
  t.after(() => users.forEach((user) => user.close()));
  const [alice, bob, carol] = users;
  const { lobby } = await alice.ask("lobby:create", { type: "casual" });
  await bob.ask("lobby:join", { lobbyId: lobby.id });
  await carol.ask("mm:enqueue", { queue: "duel", attributes: { skill: 1480 } });

  await total(page, "Connections").filter({ hasText: "3" }).waitFor();
  await total(page, "Lobbies").filter({ hasText: "1" }).waitFor();
  await total(page, "Tickets waiting").filter({ hasText: "1" }).waitFor();
  await row(page, "Lobbies by type", "casual").getByRole("cell", { name: "1" }).waitFor();
  await row(page, "Queues", "duel").waitFor();
  await row(page, "Streams followed, by kind", "lobby").getByRole("cell", { name: "2" }).waitFor(); // both servers subscribe to it
  assert.equal(await row(page, "Servers", "ready").count(), 2);
  const [revision] = await total(page, "Policies").allInnerTexts();
  assert.ok((await stack.status("server-2")).policyRevision.startsWith(revision), revision);
  await accessible(page, "light");
  await picture(page, "dashboard-light");

  await page.reload(); // the tab keeps the token
  await total(page, "Connections").filter({ hasText: "3" }).waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.reload();
  await page.getByLabel("API token").waitFor();
});

test("a phone in the dark, by keyboard", async (t) => {
  const page = await openPage(t, await openBrowser(t), address(), { viewport: { width: 360, height: 740 }, colorScheme: "dark" });
  await page.getByLabel("API token").fill(token);
  await page.keyboard.press("Enter");
  await page.getByRole("table", { name: "Servers" }).waitFor();
  await page.getByRole("button", { name: "Pause" }).press("Enter");
  await page.getByText(", paused").waitFor();
  await fits(page, "on a phone");
  await accessible(page, "on a phone, dark");
  await picture(page, "dashboard-phone");
});

test("a dead server is shown as missing until its lease expires", async (t) => {
  const page = await signedIn(t);
  await total(page, "Servers ready").filter({ hasText: "2 of 2" }).waitFor();
  page.setDefaultTimeout(30_000);
  stack.kill("server-2");
  await page.getByRole("listitem").filter({ hasText: "does not answer" }).waitFor();
  await row(page, "Servers", "no answer").waitFor();
  await total(page, "Servers ready").filter({ hasText: /1 of 2|2 of 3/ }).waitFor(); // make run may have started a replacement
  await accessible(page, "with a server that died");
  await picture(page, "dashboard-died");
  await total(page, "Servers ready").filter({ hasText: "2 of 2" }).waitFor();
});
