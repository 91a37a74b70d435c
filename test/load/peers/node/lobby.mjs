// A hand-written Node handler for lobbies with chat: socket.io, its Redis adapter and
// ioredis, with the events and payloads of Anteroom. Each request is checked and
// rate-limited, gets an id, a seq and an entry in a bounded log in Redis, and is
// acknowledged afterwards. One optimized script per request does the work in Redis.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import jwt from "jsonwebtoken";
import { Server } from "socket.io";
import { adapter, connect } from "./redis.mjs";

const { REDIS, PUBLIC_KEY } = process.env;
const publicKey = readFileSync(PUBLIC_KEY, "utf8");
const RATE = { events: 1000, windowMs: 1000 };
const MAX = { members: 1000, text: 200, mood: 12 };
const LOG = { size: 300, ttlMs: 86_400_000 };
const LOBBY_TTL_MS = 900_000;

const redis = connect(REDIS);
// KEYS: members, seq, log, rate. ARGV: user, events, window ms, entry, log size, ttl ms.
redis.defineCommand("commitChat", {
  numberOfKeys: 4,
  lua: `
    if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return {'not_member'} end
    local n = redis.call('INCR', KEYS[4])
    if n == 1 then redis.call('PEXPIRE', KEYS[4], ARGV[3]) end
    if n > tonumber(ARGV[2]) then return {'rate_limited'} end
    local seq = redis.call('INCR', KEYS[2])
    if redis.call('RPUSH', KEYS[3], seq .. ' ' .. ARGV[4]) > tonumber(ARGV[5]) then
      redis.call('LTRIM', KEYS[3], -ARGV[5], -1)
    end
    redis.call('PEXPIRE', KEYS[2], ARGV[6])
    redis.call('PEXPIRE', KEYS[3], ARGV[6])
    return {'ok', seq}`,
});
// KEYS: members, version, log. ARGV: user, member, max members or 0 when the member must
// exist, entry, log size, ttl.
redis.defineCommand("commitMember", {
  numberOfKeys: 3,
  lua: `
    local is = redis.call('HEXISTS', KEYS[1], ARGV[1])
    if ARGV[3] == '0' and is == 0 then return {'not_member'} end
    if ARGV[3] ~= '0' and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then return {'lobby_full'} end
    redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
    local version = redis.call('INCR', KEYS[2])
    if redis.call('RPUSH', KEYS[3], version .. ' ' .. ARGV[4]) > tonumber(ARGV[5]) then
      redis.call('LTRIM', KEYS[3], -ARGV[5], -1)
    end
    for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ARGV[6]) end
    return {'ok', version}`,
});

const http = createServer();
const io = new Server(http, { transports: ["websocket"], adapter: await adapter(REDIS) });

io.use((socket, next) => {
  jwt.verify(socket.handshake.auth.token, publicKey, { algorithms: ["ES256"] }, (error, claims) => {
    if (error) return next(new Error("unauthenticated"));
    socket.data.user = claims.sub;
    socket.data.name = claims.name;
    next();
  });
});

class Refusal extends Error {}
const refuse = (code) => {
  throw new Refusal(code);
};
const isText = (value, max) => typeof value === "string" && value.length > 0 && value.length <= max;
const key = (kind, id) => `node:{${id}}:${kind}`;

async function commitMember(user, id, member, max) {
  const ts = Date.now();
  const patch = { lobbyId: id, ops: [{ op: "add", path: `/members/${user}`, value: member }] };
  const [code, version] = await redis.commitMember(
    key("members", id), key("version", id), key("log", id),
    user, JSON.stringify(member), max, JSON.stringify(patch), LOG.size, LOBBY_TTL_MS,
  );
  if (code !== "ok") refuse(code);
  return {
    push: { ...patch, from: version - 1, to: version, meta: { stream: `lobby:${id}`, epoch: "1", seq: version, ts } },
    data: { lobbyId: id, version },
  };
}

async function enter(socket, id) {
  const { user, name } = socket.data;
  const { push } = await commitMember(user, id, { name, joinedAt: Date.now(), attributes: {} }, MAX.members);
  io.to(`lobby:${id}`).emit("lobby:patch", push);
  await socket.join(`lobby:${id}`);
  return { data: { lobby: { id } } };
}

const requests = {
  "lobby:create": (socket) => enter(socket, randomUUID()),

  "lobby:join": (socket, { lobbyId }) => enter(socket, isText(lobbyId, 64) ? lobbyId : refuse("invalid_argument")),

  "lobby:setMember": async (socket, { lobbyId, attributes }) => {
    const { user, name } = socket.data;
    if (!isText(lobbyId, 64) || !isText(attributes?.mood, MAX.mood)) refuse("invalid_argument");
    const { push, data } = await commitMember(user, lobbyId, { name, attributes: { mood: attributes.mood } }, 0);
    io.to(`lobby:${lobbyId}`).emit("lobby:patch", push);
    return { data };
  },

  "chat:join": async (socket, { channel }) => {
    if (!isText(channel, 128) || !channel.startsWith("lobby:")) refuse("invalid_argument");
    if (!(await redis.hexists(key("members", channel.slice(6)), socket.data.user))) refuse("not_member");
    await socket.join(`chat:${channel}`);
    return { data: { channel } };
  },

  "chat:send": async (socket, { channel, text }) => {
    if (!isText(channel, 128) || !isText(text, MAX.text)) refuse("invalid_argument");
    const { user, name } = socket.data;
    const id = channel.slice(6);
    const ts = Date.now();
    const message = { channel, id: randomUUID(), userId: user, name, type: "text", text };
    const [code, seq] = await redis.commitChat(
      key("members", id), key("chat-seq", id), key("chat-log", id), key(`rate:${user}`, id),
      user, RATE.events, RATE.windowMs, JSON.stringify(message), LOG.size, LOG.ttlMs,
    );
    if (code !== "ok") refuse(code);
    io.to(`chat:${channel}`).emit("chat:message", { ...message, meta: { stream: `chat:${channel}`, epoch: "1", seq, ts } });
    return { data: { id: message.id, seq, ts } };
  },
};

io.on("connection", (socket) => {
  for (const [event, handle] of Object.entries(requests)) {
    socket.on(event, async (request, ack) => {
      try {
        ack({ ok: true, ...(await handle(socket, request ?? {})) });
      } catch (error) {
        ack({ ok: false, error: { code: error instanceof Refusal ? error.message : "internal" } });
        if (!(error instanceof Refusal)) console.error(error);
      }
    });
  }
  socket.emit("session:ready", { userId: socket.data.user });
});

http.listen(0, "127.0.0.1", () => console.log(`127.0.0.1:${http.address().port}`));
