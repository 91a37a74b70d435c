// The running servers, from the state file of the local runner, and their users.
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterEach } from "vitest";
import { connect, type AnteroomClient, type ConnectOptions, type Observable } from "../src/index.js";

const KEY = "a key that only the tests of the client use"; // also in testdata/cluster.yaml
const PATIENCE_MS = 20_000;

interface Instance {
  name: string;
  url: string;
  adminUrl: string;
  apiUrl: string;
  pid: number;
  cookie: string;
  ready: boolean;
}

interface State {
  front: { url: string; cookieName: string };
  servers: Instance[];
  tokens: { user: string; token: string }[];
  apiTokenFile: string;
}

export function state(): State {
  const path = process.env["ANTEROOM_STATE"];
  if (!path) throw new Error("ANTEROOM_STATE names no state file; run this through `go test ./runtime/client`");
  return JSON.parse(readFileSync(path, "utf8")) as State;
}

export function server(name: string): Instance {
  const found = state().servers.find((one) => one.name === name);
  if (!found) throw new Error(`there is no server ${name}`);
  return found;
}

export function token(user: string): string {
  const found = state().tokens.find((one) => one.user === user);
  if (!found) throw new Error(`there is no token for ${user}`);
  return found.token;
}

/** A token of any user that expires at a time, in seconds. */
export function sign(name: string, exp: number, key = KEY): string {
  const part = (of: object) => Buffer.from(JSON.stringify(of)).toString("base64url");
  const body = `${part({ alg: "HS256", typ: "JWT" })}.${part({ sub: name, exp })}`;
  return `${body}.${createHmac("sha256", key).update(body).digest("base64url")}`;
}

/** The token of the server API. */
export function apiToken(): string {
  return readFileSync(state().apiTokenFile, "utf8").trim();
}

const open: AnteroomClient[] = [];

afterEach(() => {
  for (const client of open.splice(0)) client.close();
});

/**
 * A user over the sticky front, on the given server if any. The client is closed after the
 * test.
 */
export function user(name: string, options: Partial<ConnectOptions> & { server?: string } = {}): AnteroomClient {
  const { front } = state();
  const { server: on, ...rest } = options;
  const cookie = on ? { extraHeaders: { cookie: `${front.cookieName}=${server(on).cookie}` } } : {};
  const client = connect({
    url: front.url,
    token: () => token(name),
    ...rest,
    socket: { transports: ["websocket"], reconnectionDelay: 50, ...cookie, ...rest.socket },
  });
  open.push(client);
  return client;
}

/** Waits until find returns a truthy value. */
export async function until<T>(what: string, find: () => T | undefined | false | null): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = find();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`timeout while waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Waits until a value fulfils a condition. */
export function value<T>(what: string, of: Observable<T>, wanted: (value: T) => boolean): Promise<T> {
  return new Promise((resolve, reject) => {
    const over = setTimeout(() => {
      stop();
      reject(new Error(`timeout while waiting for ${what}; the value is ${JSON.stringify(of.value)}`));
    }, PATIENCE_MS);
    const stop = of.subscribe((now) => {
      if (!wanted(now)) return;
      clearTimeout(over);
      resolve(now);
      Promise.resolve().then(() => stop());
    });
  });
}
