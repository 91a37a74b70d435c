// Two users on the servers' page /playground/, in a real browser.
import assert from "node:assert/strict";
import { test } from "node:test";
import { accessible, fits, openBrowser, openPlayground, pane, picture, send, signIn, tab } from "../lib/browser.mjs";
import { Stack } from "../lib/stack.mjs";

const { url } = new Stack().state.front;

/** Alice and Bob, signed in side by side, with the casual lobbies open. */
async function both(t, options) {
  const page = await openPlayground(t, await openBrowser(t), url, options);
  const alice = pane(page, "First user");
  const bob = pane(page, "Second user");
  await signIn(alice);
  await signIn(bob);
  for (const user of [alice, bob]) await user.getByLabel("Type").selectOption("casual");
  return { page, alice, bob };
}

const say = (user, text) => send(user, "Message", text, "Send");

test("a lobby: listed live, joined, chat with history, ready, started", async (t) => {
  const { page, alice, bob } = await both(t);
  await bob.getByText("There is no open lobby").waitFor();
  await send(alice, "New lobby", "Duel at noon", "Create");
  const own = alice.getByRole("group", { name: "Your lobby" });
  await own.getByRole("heading", { name: "Duel at noon" }).waitFor();
  await say(alice, "the first word");
  await alice.getByRole("log").getByText("the first word").waitFor();

  await bob.getByRole("button", { name: "Join Duel at noon" }).click();
  await bob.getByRole("log").getByText("the first word").waitFor(); // history
  await say(bob, "here I am");
  await alice.getByRole("log").getByText("here I am").waitFor();
  await alice.getByRole("list", { name: "Members" }).getByText("Bob").waitFor();

  await alice.getByRole("button", { name: "Start", exact: true }).click();
  await alice.getByRole("alert").filter({ hasText: "ready" }).waitFor(); // refused: not all members are ready
  for (const user of [alice, bob]) await user.getByRole("button", { name: "Ready", exact: true }).click();
  await alice.getByRole("list", { name: "Members" }).getByText("ready", { exact: true }).nth(1).waitFor();
  await accessible(page, "in a lobby");
  await picture(page, "lobby-light");
  await alice.getByRole("button", { name: "Start", exact: true }).click();
  await bob.getByRole("group", { name: "Your lobby" }).getByText("in match").waitFor();

  const log = bob.getByRole("group", { name: "Event log" });
  const line = log.getByRole("listitem").filter({ hasText: "chat:message" }).first();
  await line.locator("summary").click();
  assert.match(await line.locator("pre").innerText(), /"text": "here I am"/);
  assert.match(await line.innerText(), /chat #2/);

  await alice.getByRole("button", { name: "Leave", exact: true }).click();
  await bob.getByRole("button", { name: "Leave", exact: true }).click();
  await alice.getByRole("heading", { name: "Lobbies" }).waitFor();
});

test("a cut connection recovers and receives the missed events", async (t) => {
  const { page, alice, bob } = await both(t);
  await send(alice, "New lobby", "Tunnel", "Create");
  await bob.getByRole("button", { name: "Join Tunnel" }).click();
  await bob.getByRole("button", { name: "Cut the connection" }).click();
  await bob.getByText("Connection cut").waitFor();
  await alice.getByRole("list", { name: "Members" }).getByText("disconnected").waitFor();
  for (const text of ["one", "two", "three"]) await say(alice, text);
  await alice.getByRole("log").getByText("three").waitFor();
  assert.equal(await bob.getByRole("log").getByText("three").count(), 0);
  for (const text of ["four", "five"]) await say(bob, text);
  const waiting = bob.getByRole("log").getByRole("listitem").filter({ hasText: "waiting" });
  await waiting.filter({ hasText: "five" }).waitFor();
  assert.equal(await waiting.count(), 2);
  await accessible(page, "with messages that wait");
  await picture(page, "cut-light");

  await bob.getByRole("button", { name: "Connect again" }).click();
  for (const user of [alice, bob]) {
    await user.getByRole("log").getByText("five").waitFor();
    await user.getByRole("log").getByText("waiting").first().waitFor({ state: "detached" });
    const shown = await user.getByRole("log").locator("li .grow").allInnerTexts();
    assert.deepEqual(shown, ["Alice one", "Alice two", "Alice three", "Bob four", "Bob five"]);
  }
  await alice.getByText("disconnected").waitFor({ state: "detached" });

  // A reloaded page finds its lobby.
  await page.reload();
  await signIn(pane(page, "First user"));
  await pane(page, "First user").getByRole("log").getByText("two").waitFor();
  await signIn(pane(page, "Second user"));
  for (const user of [alice, bob]) await user.getByRole("button", { name: "Leave", exact: true }).click();
});

test("messages are edited, reacted to, deleted, and their author muted", async (t) => {
  const { page, alice, bob } = await both(t);
  for (const user of [alice, bob]) {
    assert.deepEqual(await user.getByLabel("Type").locator("option").allInnerTexts(), ["blitz", "casual"]);
    await user.getByLabel("Type").selectOption("blitz");
  }
  await send(alice, "New lobby", "Word play", "Create");
  await bob.getByRole("button", { name: "Join Word play" }).click();
  const log = (user) => user.getByRole("log");
  const about = async (user, text) => {
    await log(user).getByRole("button", { name: `More on: ${text}` }).click();
    return log(user).getByRole("group", { name: `About: ${text}` });
  };
  await say(bob, "helo");
  await (await about(bob, "helo")).getByRole("button", { name: "Edit" }).click();
  await log(bob).getByLabel("New text").fill("hello");
  await page.keyboard.press("Enter");
  await log(alice).getByText("hello (edited)").waitFor();

  await (await about(alice, "hello")).getByRole("button", { name: "React with 👍" }).click();
  const chip = (user, n) => log(user).getByRole("button", { name: `👍 ${n}`, exact: true });
  await chip(bob, 1).click();
  await chip(alice, 2).waitFor();
  await accessible(page, "with reactions");
  await chip(alice, 2).click(); // removes the reaction
  await chip(bob, 1).waitFor();

  const own = await about(bob, "hello");
  assert.equal(await own.getByRole("button", { name: /Mute/ }).count(), 0, "bob is not a moderator");
  const hers = await about(alice, "hello");
  assert.equal(await hers.getByRole("button", { name: "Edit" }).count(), 0, "the message is not hers");
  await picture(page, "chat-actions-light");
  await hers.getByRole("button", { name: "Mute Bob" }).click();
  await bob.getByText("You are muted here.").waitFor();
  await say(bob, "am I muted?");
  await bob.getByRole("alert").filter({ hasText: "muted" }).waitFor();
  const unsent = log(bob).getByRole("listitem").filter({ hasText: "am I muted?" });
  await unsent.getByText("not sent").waitFor();
  await accessible(page, "with a message that failed");
  await picture(page, "chat-failed-light");
  await say(bob, "never mind");
  await log(bob).getByRole("button", { name: "Discard: never mind" }).click();
  await (await about(alice, "hello")).getByRole("button", { name: "Unmute Bob" }).click();
  await bob.getByText("You are muted here.").waitFor({ state: "detached" });
  await log(bob).getByRole("button", { name: "Send again: am I muted?" }).click();
  await log(alice).getByText("am I muted?").waitFor();
  await unsent.getByText("not sent").waitFor({ state: "detached" });
  assert.equal(await unsent.count(), 1);
  assert.equal(await log(bob).getByText("never mind").count(), 0);
  await say(bob, "again");
  await (await about(alice, "again")).getByRole("button", { name: "Delete" }).click();
  await log(bob).getByRole("listitem").filter({ hasText: "deleted" }).waitFor();
  assert.equal(await log(bob).getByText("again").count(), 0);
  for (const user of [bob, alice]) await user.getByRole("button", { name: "Leave", exact: true }).click();
});

test("a party, presence, and an invite that waits in the inbox", async (t) => {
  const { page, alice, bob } = await both(t);
  await tab(alice, "People");
  const seen = alice.getByRole("list", { name: "Presence of others" });
  await seen.getByRole("listitem").filter({ hasText: "bob" }).getByText("online").waitFor();
  await tab(bob, "People");
  await bob.getByLabel("I am").selectOption("busy");
  await seen.getByRole("listitem").filter({ hasText: "bob" }).getByText("busy").waitFor();
  await accessible(page, "with people");

  await tab(alice, "Party");
  await alice.getByRole("button", { name: "Create a party" }).click();
  await bob.getByRole("button", { name: "Sign out" }).click();
  await tab(alice, "People");
  await seen.getByRole("listitem").filter({ hasText: "bob" }).getByText("offline").waitFor();
  await tab(alice, "Party");
  await send(alice, "Invite to party", "bob", "Invite");
  await alice.getByRole("status").getByText("bob is invited").waitFor();

  await signIn(bob);
  await bob.getByRole("tab", { name: /^Inbox *1 unread/ }).click();
  await bob.getByRole("list", { name: "Inbox" }).getByRole("listitem").first().waitFor();
  await accessible(page, "with an inbox");
  await picture(page, "inbox-light");
  await bob.getByRole("button", { name: "Accept: party invited" }).click();
  await bob.getByRole("tab", { name: "Inbox", exact: true }).waitFor(); // the badge is removed

  await tab(bob, "Party");
  await alice.getByRole("list", { name: "Party members" }).getByText("Bob").waitFor();
  await say(bob.getByRole("group", { name: "Party chat" }), "ready for a duel");
  await alice.getByRole("group", { name: "Party chat" }).getByRole("log").getByText("ready for a duel").waitFor();
  for (const user of [bob, alice]) await user.getByRole("button", { name: "Leave party" }).click();
});

test("a queue, a match that both accept, and its lobby", async (t) => {
  const { page, alice, bob } = await both(t, { colorScheme: "dark" });
  for (const user of [alice, bob]) {
    await tab(user, "Match");
    await user.getByLabel("Skill").fill("1480");
    await user.getByRole("button", { name: "Search", exact: true }).click();
  }
  await bob.getByRole("button", { name: "Accept match" }).waitFor();
  await accessible(page, "with a proposal, dark");
  await picture(page, "match-dark");
  for (const user of [alice, bob]) await user.getByRole("button", { name: "Accept match" }).click();
  for (const user of [alice, bob]) {
    await user.getByRole("heading", { name: "Matched in duel" }).waitFor();
    await tab(user, "Lobby");
    await user.getByRole("list", { name: "Members" }).getByRole("listitem").nth(1).waitFor();
  }
  await say(alice, "good luck");
  await bob.getByRole("log").getByText("good luck").waitFor();
  await picture(page, "lobby-dark");
  for (const user of [alice, bob]) await user.getByRole("button", { name: "Leave", exact: true }).click();
});

test("a phone's width, and a keyboard alone", async (t) => {
  const browser = await openBrowser(t);
  const page = await openPlayground(t, browser, url, { viewport: { width: 360, height: 740 } });
  await fits(page, "signed out");
  await accessible(page, "signed out");
  const alice = pane(page, "First user");
  await alice.getByRole("button", { name: "Sign in", exact: true }).press("Enter");
  await alice.getByText("Online", { exact: true }).waitFor();
  await alice.getByRole("tab", { name: "Lobby" }).focus();
  for (const name of ["Party", "Match", "People", "Inbox"]) {
    await page.keyboard.press("ArrowRight");
    await alice.getByRole("tabpanel", { name }).waitFor();
    await fits(page, name);
  }
  await page.keyboard.press("Home");
  await alice.getByLabel("New lobby").fill("A name that is as long as names of lobbies may be, 64 characters");
  await page.keyboard.press("Enter");
  await alice.getByRole("group", { name: "Your lobby" }).waitFor();
  await say(alice, "w".repeat(200));
  await alice.getByRole("log").getByText("www").waitFor();
  await fits(page, "in a lobby");
  await accessible(page, "on a phone");
  await picture(page, "phone");
  await alice.getByRole("button", { name: "Leave", exact: true }).click();
});

test("a refused token shows a message", async (t) => {
  const page = await openPlayground(t, await openBrowser(t), url);
  const user = pane(page, "First user");
  await user.getByText("Sign in with a token").click();
  await send(user, "Token", "not-a-token", "Use it");
  await user.getByText("Signed out by the server").waitFor();
  await user.getByRole("button", { name: "Sign out" }).click();
  await user.getByRole("button", { name: "Sign in", exact: true }).waitFor();
});
