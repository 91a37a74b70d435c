// A proxy without stickiness: each request, and each upgrade, goes to the next server
// that accepts it. It sets no cookie and passes none on.
import http from "node:http";
import net from "node:net";
import { buffer } from "node:stream/consumers";

export class RoundRobin {
  #next = 0;
  #sockets = new Set();

  /** @param {import("./stack.mjs").Stack} stack */
  constructor(stack) {
    this.stack = stack;
    this.opened = []; // names of the servers that received a handshake, in order
    this.agent = new http.Agent({ keepAlive: true });
    this.server = http.createServer((req, res) => void this.#whole(req, res));
    this.server.on("upgrade", (req, socket, head) => this.#upgrade(req, socket, head));
  }

  async listen() {
    await new Promise((done) => this.server.listen(0, "127.0.0.1", done));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  close() {
    this.server.close();
    this.server.closeAllConnections();
    this.#sockets.forEach((socket) => socket.destroy());
    this.agent.destroy();
  }

  #turn(req) {
    const servers = this.stack.state.servers;
    const server = servers[this.#next++ % servers.length];
    if (!req.url.includes("sid=")) this.opened.push(server.name);
    const { hostname, port } = new URL(server.url);
    const headers = { ...req.headers };
    delete headers.cookie;
    return { hostname, port, headers, method: req.method, path: req.url };
  }

  // Reads the body of a request first, so that the request can be repeated on another
  // server.
  async #whole(req, res) {
    try {
      this.#request(req, res, await buffer(req));
    } catch {
      res.destroy(); // the client disconnected
    }
  }

  #request(req, res, body, tries = 0) {
    const onward = http.request({ ...this.#turn(req), agent: this.agent }, (answer) => {
      const headers = { ...answer.headers };
      delete headers["set-cookie"];
      res.writeHead(answer.statusCode, headers);
      answer.pipe(res);
      answer.on("error", () => res.destroy());
    });
    onward.on("error", (error) => {
      // Without an answer, the next server gets the request, like behind a real proxy.
      if (error.code === "ECONNREFUSED" && tries < this.stack.state.servers.length) {
        if (!req.url.includes("sid=")) this.opened.pop();
        this.#request(req, res, body, tries + 1);
      } else if (res.headersSent) res.destroy();
      else res.writeHead(502).end();
    });
    res.on("close", () => onward.destroy());
    onward.end(body);
  }

  #upgrade(req, socket, head) {
    const { hostname, port, headers } = this.#turn(req);
    const onward = net.connect(port, hostname, () => {
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
      onward.write(`GET ${req.url} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
      onward.write(head);
      onward.pipe(socket);
      socket.pipe(onward);
    });
    for (const [one, other] of [[socket, onward], [onward, socket]]) {
      this.#sockets.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
  }
}
