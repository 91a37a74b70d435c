// A real browser on the servers' pages, which tells of every fault that a page may have.
import AxeBuilder from "@axe-core/playwright";
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

/** Opens a browser that ends with the test. */
export async function openBrowser(t) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: process.getuid() === 0 ? ["--no-sandbox"] : [], // Chromium has none for root
  });
  t.after(() => browser.close());
  return browser;
}

/** Opens the playground. */
export const openPlayground = (t, browser, url, options) => openPage(t, browser, `${url}/playground/`, options);

/** What the browser says when a client leaves, as it may, while its upgrade to WebSocket is under way. */
const leftWhileUpgrading = /WebSocket is closed before the connection is established/;

/** Opens a page; after the test its console has to be without errors, but for those expected, and its policy kept. */
export async function openPage(t, browser, url, { expected = /^$/, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const faults = [];
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`));
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on("console", (message) => {
    const text = message.text();
    if (["error", "warning"].includes(message.type()) && ![expected, leftWhileUpgrading].some((known) => known.test(text))) faults.push(text);
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  await page.goto(url);
  t.after(async () => {
    await context.close();
    assert.deepEqual(faults, [], "what the browser complained of");
  });
  return page;
}

/** What one of the two users sees. */
export const pane = (page, label) => page.getByRole("region", { name: label, exact: true });

/** Signs the user in that the page proposes, and waits until it is online. */
export async function signIn(user) {
  await user.getByRole("button", { name: "Sign in", exact: true }).click();
  await user.getByText("Online", { exact: true }).waitFor();
}

export const tab = (user, name) => user.getByRole("tab", { name: new RegExp(`^${name}`) }).click();

/** Fills a field that has this label in its form, and sends it. */
export async function send(user, label, text, action) {
  const field = user.getByLabel(label, { exact: true });
  await field.fill(text);
  await field.locator("xpath=ancestor::form").getByRole("button", { name: action, exact: true }).click();
}

/** Has the page looked through by axe, all of WCAG 2.2 up to AA. */
export async function accessible(page, when) {
  const { violations } = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
    .analyze();
  const told = violations.map((v) => `${v.id}: ${v.help}\n  ${v.nodes.map((n) => `${n.target} ${n.failureSummary}`).join("\n  ")}`);
  assert.deepEqual(told, [], `accessibility, ${when}`);
}

/** Sees to it that the page is no wider than its window. */
export async function fits(page, when) {
  const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(wide <= room, `${when}: ${wide} px wide in ${room}`);
}

/** Keeps a picture in the folder that PICTURES names, to be looked at. */
export async function picture(page, name) {
  if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/${name}.png`, fullPage: true });
}
