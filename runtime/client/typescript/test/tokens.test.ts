import { expect, test } from "vitest";
import { sign, until, user, value } from "./stack.js";

const GRACE_MS = 1_000;

const seconds = () => Math.floor(Date.now() / 1000);

test("a token is replaced before it expires, and the session continues", async () => {
  let asked = 0;
  const first = seconds() + 4;
  const erin = user("erin", { token: () => sign("erin", asked++ === 0 ? first : seconds() + 3600) });
  const { sessionId, userId } = await erin.ready();
  expect(userId).toBe("erin");
  await until("another token", () => asked > 1);
  await until("the end of the first token", () => Date.now() > first * 1000 + GRACE_MS);
  await erin.request("sync:ping", {});
  expect(erin.connection.value).toMatchObject({ status: "ready", session: { sessionId } });
  expect(erin.connection.value.error).toBeUndefined();
});

test("an expired token is replaced", async () => {
  let asked = 0;
  const erin = user("erin", { token: () => sign("erin", asked++ === 0 ? seconds() - 3600 : seconds() + 3600) });
  await erin.ready();
  expect(asked).toBe(2);
});

test("a client with only expired tokens closes with that error", async () => {
  const erin = user("erin", { token: () => sign("erin", seconds() - 3600) });
  await expect(erin.ready()).rejects.toMatchObject({ code: "token_expired" });
  expect(erin.connection.value).toMatchObject({ status: "closed", error: { code: "token_expired" } });
});

test("an invalid token closes the client with the server's reason", async () => {
  const erin = user("erin", { token: () => sign("erin", seconds() + 3600, "another key, which the server does not know") });
  await expect(erin.ready()).rejects.toMatchObject({ code: "unauthenticated", retryable: false });
  await expect(erin.lobby.get("x")).rejects.toMatchObject({ code: "unauthenticated" });
});

test("a failed token() is called again", async () => {
  let asked = 0;
  const erin = user("erin", {
    token: () => (asked++ === 0 ? Promise.reject(new Error("the service is unavailable")) : sign("erin", seconds() + 3600)),
  });
  await value("the failure", erin.connection, ({ error }) => error?.code === "no_token");
  await erin.ready();
});
