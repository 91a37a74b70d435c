import { KEYED } from "./wire.js";

/**
 * Mutations whose order does not matter: each creates or enters an object of its own, or
 * sets a mark that only grows.
 */
const INDEPENDENT: ReadonlySet<string> = new Set([
  "lobby:create",
  "lobby:quickJoin",
  "lobby:respondInvite",
  "party:create",
  "party:join",
  "party:respondInvite",
  "mm:enqueue",
  "notify:ack",
]);

/** The fields that name the target of a mutation, with the kind of the target. */
const TARGETS = [
  ["channel", "chat"],
  ["lobbyId", "lobby"],
  ["partyId", "party"],
  ["ticketId", "ticket"],
  ["proposalId", "proposal"],
] as const;

/** Subscriptions have no key, but subscribe and unsubscribe of one target must keep their order. */
const SUBSCRIPTIONS: Readonly<Record<string, (request: Record<string, unknown>) => string>> = {
  "chat:join": ({ channel }) => `subscription:chat:${String(channel)}`,
  "chat:leave": ({ channel }) => `subscription:chat:${String(channel)}`,
  "lobby:watch": ({ type }) => `subscription:lobbies:${String(type)}`,
  "lobby:unwatch": ({ type }) => `subscription:lobbies:${String(type)}`,
  "presence:subscribe": () => "subscription:presence",
  "presence:unsubscribe": () => "subscription:presence",
};

/**
 * The queue of a request; undefined when it waits for no other request. All mutations of a
 * channel, a lobby or a party share its queue. A mutation that this client does not know
 * gets the queue of its domain, so that order is the default.
 */
export function laneOf(event: string, request: object): string | undefined {
  const fields = request as Record<string, unknown>;
  const subscription = SUBSCRIPTIONS[event];
  if (subscription) return subscription(fields);
  if (!KEYED.has(event) || INDEPENDENT.has(event)) return undefined;
  for (const [field, kind] of TARGETS) {
    const id = fields[field];
    if (typeof id === "string" && id !== "") return `${kind}:${id}`;
  }
  return event.slice(0, event.indexOf(":"));
}
