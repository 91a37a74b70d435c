// Broadcasts each message to the sender's room with socket.io, with or without its Redis
// adapter (REDIS=host:port), or its adapter over Redis streams (STREAMS=1). Prints its
// address.
import { createServer } from "node:http";
import { Server } from "socket.io";
import { adapter, streamsAdapter } from "./redis.mjs";

const http = createServer();
const makeAdapter = process.env.STREAMS ? streamsAdapter : adapter;
const io = new Server(http, {
  transports: ["websocket"],
  adapter: process.env.REDIS ? await makeAdapter(process.env.REDIS) : undefined,
});

io.on("connection", (socket) => {
  const room = `room:${socket.handshake.query.room}`;
  socket.join(room);
  socket.on("say", (text) => io.to(room).emit("say", text));
  socket.emit("joined"); // the socket is in the room
});

http.listen(0, "127.0.0.1", () => console.log(`127.0.0.1:${http.address().port}`));
