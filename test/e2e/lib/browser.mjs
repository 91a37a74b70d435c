// A real browser on the servers' pages, which reports every fault of a page.
import AxeBuilder from "@axe-core/playwright";
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

/** Opens a browser that ends with the test. */
export async function openBrowser(t) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: process.getuid() === 0 ? ["--no-sandbox"] : [], // Chromium has no sandbox for root
  });
  t.after(() => browser.close());
  return browser;
}

/** Opens the playground. */
export const openPlayground = (t, browser, url, options) => openPage(t, browser, `${url}/playground/`, options);

/** The browser's message when a client leaves during its upgrade to WebSocket, as it may. */
const leftWhileUpgrading = /WebSocket is closed before the connection is established/;

/** Opens a page; after the test its console must have no errors except the expected ones, and no violation of its policy. */
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

/** The pane of one of the two users. */
export const pane = (page, label) => page.getByRole("region", { name: label, exact: true });

/** Signs in the user that the page proposes, and waits until the user is online. */
export async function signIn(user) {
  await user.getByRole("button", { name: "Sign in", exact: true }).click();
  await user.getByText("Online", { exact: true }).waitFor();
}

export const tab = (user, name) => user.getByRole("tab", { name: new RegExp(`^${name}`) }).click();

/** Fills the field with this label in its form, and sends it. */
export async function send(user, label, text, action) {
  const field = user.getByLabel(label, { exact: true });
  await field.fill(text);
  await field.locator("xpath=ancestor::form").getByRole("button", { name: action, exact: true }).click();
}

/** Checks the page with axe for all rules of WCAG 2.2 up to AA. */
export async function accessible(page, when) {
  const { violations } = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
    .analyze();
  const messages = violations.map((v) => `${v.id}: ${v.help}\n  ${v.nodes.map((n) => `${n.target} ${n.failureSummary}`).join("\n  ")}`);
  assert.deepEqual(messages, [], `accessibility, ${when}`);
}

/** Checks that the page is no wider than its window. */
export async function fits(page, when) {
  const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(wide <= room, `${when}: ${wide} px wide in ${room}`);
}

/** Saves a screenshot in the folder that PICTURES names. */
export async function picture(page, name) {
  if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/${name}.png`, fullPage: true });
}
