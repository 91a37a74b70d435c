import { createAdapter } from "@socket.io/redis-adapter";
import { createAdapter as createStreamsAdapter } from "@socket.io/redis-streams-adapter";
import { Redis } from "ioredis";

/** A connection to Redis that pipelines the commands of a turn of the event loop. */
export function connect(address) {
  const [host, port] = address.split(":");
  return new Redis({ host, port: Number(port), enableAutoPipelining: true });
}

/** The adapter of socket.io over two connections, subscribed before its use. */
export async function adapter(address) {
  const pub = connect(address);
  const sub = pub.duplicate();
  await Promise.all([pub.ping(), sub.ping()]);
  return createAdapter(pub, sub);
}

/** The adapter over a Redis stream; it opens its other connections itself. */
export async function streamsAdapter(address) {
  const client = connect(address);
  await client.ping();
  return createStreamsAdapter(client, { onlyPlaintext: true });
}
