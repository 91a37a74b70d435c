// The running stack, described by the state file of the local runner.
import { readFileSync } from "node:fs";
import { User } from "./user.mjs";

export class Stack {
  constructor(path = process.env.ANTEROOM_STATE) {
    if (!path) throw new Error("ANTEROOM_STATE names no state file; run this through `make test`");
    this.path = path;
  }

  get state() {
    return JSON.parse(readFileSync(this.path, "utf8"));
  }

  server(name) {
    const found = this.state.servers.find((s) => s.name === name);
    if (!found) throw new Error(`no server ${name} in ${this.path}`);
    return found;
  }

  /** A user connected to a server directly, bypassing the proxy. */
  direct(user, server, options = {}) {
    return this.user(user, { url: this.server(server).url, ...options });
  }

  /** A user connected through the sticky proxy; `server` selects its first server. */
  fronted(user, { server, ...options } = {}) {
    const { url, cookieName } = this.state.front;
    const cookie = server ? `${cookieName}=${this.server(server).cookie}` : undefined;
    return this.user(user, { url, cookie, ...options });
  }

  /** Alice and carol, who begin on server-1, bob and dave on server-2; they are ready. */
  async four() {
    const users = ["alice", "bob", "carol", "dave"].map((name, i) => this.fronted(name, { server: `server-${1 + (i % 2)}` }));
    await Promise.all(users.map((user) => user.push("session:ready")));
    return users;
  }

  user(user, options) {
    const token = this.state.tokens.find((t) => t.user === user)?.token;
    if (!token) throw new Error(`no token for ${user} in ${this.path}`);
    return new User({ token, ...options });
  }

  /** Kills a server like a crash. */
  kill(server) {
    process.kill(this.server(server).pid, "SIGKILL");
  }

  async status(server) {
    const answer = await fetch(`${this.server(server).adminUrl}/statusz`);
    return answer.json();
  }
}
