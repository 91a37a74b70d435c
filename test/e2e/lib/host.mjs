// A host of stock Socket.IO clients for a test in another language. Each line of standard
// input is a command, each line of standard output an event, both JSON:
//
//   {"do": "dial", "id", "url", "auth", "transports"}   {"do": "emit", "id", "event", "body", "ack"}
//   {"do": "close" | "cut" | "vanish" | "pause" | "unpause", "id"}
//
//   {"is": "connected", "id"}   {"is": "event", "id", "event", "args"}   {"is": "ack", "id", "ack", "args"}
//   {"is": "ended", "id", "why"}: the last of a client
//
// The host ends with its standard input.
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const clients = new Map();

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

function dial({ id, url, auth, transports }) {
  const socket = io(url, { auth, transports, reconnection: false, forceNew: true });
  clients.set(id, socket);
  const ended = (why) => {
    if (!clients.delete(id)) return;
    say({ is: "ended", id, why });
    socket.disconnect();
  };
  socket.on("connect", () => say({ is: "connected", id }));
  socket.onAny((event, ...args) => say({ is: "event", id, event, args }));
  socket.on("connect_error", (error) => ended(`connect_error: ${error.message} ${JSON.stringify(error.data ?? {})}`));
  socket.on("disconnect", ended);
}

const engineOf = (socket) => socket.io.engine;

/** The TCP socket of a WebSocket; undefined while a client polls. */
const tcpOf = (socket) => engineOf(socket)?.transport?.ws?._socket;

/** Ends the connection like a lost network, without a packet. */
function cut(socket) {
  const engine = engineOf(socket);
  if (!engine) return;
  if (tcpOf(socket)) {
    tcpOf(socket).destroy();
    return;
  }
  engine.transport.doClose = () => {};
  engine._onClose("cut by the test");
}

/** Stops sending and reading without a packet to the server. A polling client is cut. */
function vanish(socket) {
  const tcp = tcpOf(socket);
  if (!tcp) {
    cut(socket);
    return;
  }
  tcp.pause();
  tcp.write = () => true;
}

const commands = {
  emit: (socket, { id, event, body, ack }) => {
    if (ack) socket.emit(event, body, (...args) => say({ is: "ack", id, ack, args }));
    else socket.emit(event, body);
  },
  close: (socket) => socket.disconnect(),
  cut,
  vanish,
  pause: (socket) => tcpOf(socket)?.pause(),
  unpause: (socket) => tcpOf(socket)?.resume(),
};

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const command = JSON.parse(line);
  if (command.do === "dial") dial(command);
  else if (clients.has(command.id)) commands[command.do](clients.get(command.id), command);
});
lines.on("close", () => process.exit(0));
