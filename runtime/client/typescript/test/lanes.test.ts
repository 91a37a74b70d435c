import { expect, test } from "vitest";
import { laneOf } from "../src/lanes.js";
import { KEYED } from "../src/wire.js";

const target = { channel: "c", lobbyId: "l", partyId: "p", ticketId: "t", proposalId: "x" };

test("every mutation of the contract has a queue, or is listed here", () => {
  const without = [...KEYED].filter((event) => laneOf(event, target) === undefined);
  expect(without.sort()).toEqual([
    "lobby:create",
    "lobby:quickJoin",
    "lobby:respondInvite",
    "mm:enqueue",
    "notify:ack",
    "party:create",
    "party:join",
    "party:respondInvite",
  ]);
});

test("a queue has one target", () => {
  expect(laneOf("chat:send", { channel: "lobby:1" })).toBe("chat:lobby:1");
  expect(laneOf("chat:delete", { channel: "lobby:1" })).toBe("chat:lobby:1");
  expect(laneOf("chat:send", { channel: "lobby:2" })).toBe("chat:lobby:2");
  expect(laneOf("lobby:update", { lobbyId: "1" })).toBe("lobby:1");
  expect(laneOf("mm:backfill", { lobbyId: "1" })).toBe("lobby:1");
  expect(laneOf("party:kick", { partyId: "1" })).toBe("party:1");
  expect(laneOf("mm:accept", { proposalId: "1" })).toBe("proposal:1");
  expect(laneOf("presence:set", {})).toBe("presence");
});

test("subscribe and unsubscribe of one target share a queue; reads have none", () => {
  expect(laneOf("chat:join", { channel: "c" })).toBe(laneOf("chat:leave", { channel: "c" }));
  expect(laneOf("chat:join", { channel: "c" })).not.toBe(laneOf("chat:send", { channel: "c" }));
  expect(laneOf("lobby:watch", { type: "a" })).toBe(laneOf("lobby:unwatch", { type: "a" }));
  expect(laneOf("chat:history", { channel: "c" })).toBeUndefined();
  expect(laneOf("sync:ping", {})).toBeUndefined();
});
