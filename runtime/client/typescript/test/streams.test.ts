import { expect, test } from "vitest";
import { Streams } from "../src/streams.js";
import type { StreamResumed } from "../src/wire.js";

const STREAM = "chat:lobby:1";

const push = (seq: number, epoch = "e") => ({ meta: { stream: STREAM, epoch, seq, ts: 1 } });

function follower() {
  const received: string[] = [];
  const asked: string[][] = [];
  const lost: [string, boolean][] = [];
  const streams = new Streams({
    deliver: (event, data) => void received.push(`${event} ${(data as ReturnType<typeof push>).meta.epoch}${(data as ReturnType<typeof push>).meta.seq}`),
    ask: (names) => {
      streams.asking(names);
      asked.push(names);
    },
    lost: (stream, refused) => void lost.push([stream, refused]),
  });
  const live = (seq: number, epoch = "e", event = "m") => streams.push(event, push(seq, epoch));
  const resumed = (of: Partial<StreamResumed>) =>
    streams.resumed([{ stream: STREAM, recovered: true, epoch: "e", seq: 0, events: [], ...of }]);
  const missed = (...places: [number, string?][]) => places.map(([seq, epoch]) => ({ event: "m", data: push(seq, epoch) }));
  return { streams, received, asked, lost, live, resumed, missed };
}

test("a duplicate and an older event are dropped", () => {
  const f = follower();
  f.live(4);
  f.live(5);
  f.live(5);
  f.live(4);
  f.live(6);
  expect(f.received).toEqual(["m e4", "m e5", "m e6"]);
  expect(f.asked).toEqual([]);
});

test("a gap is resumed, and events during the resume are delivered once", () => {
  const f = follower();
  f.live(1);
  f.live(3);
  f.live(4);
  expect(f.asked).toEqual([[STREAM]]);
  f.resumed({ seq: 4, events: f.missed([2], [3], [4]) });
  f.live(5);
  expect(f.received).toEqual(["m e1", "m e2", "m e3", "m e4", "m e5"]);
});

test("another epoch is resumed, and its events are accepted", () => {
  const f = follower();
  f.live(1);
  f.live(3, "f");
  f.resumed({ epoch: "f", seq: 3, events: f.missed([2, "e"], [3, "f"]) });
  f.live(4, "f");
  expect(f.received).toEqual(["m e1", "m e2", "m f3", "m f4"]);
  expect(f.asked).toHaveLength(1);
});

test("a stream without an event accepts its first event of any epoch", () => {
  const f = follower();
  f.streams.follow({ stream: STREAM, epoch: "", seq: 0 });
  f.live(1, "f");
  f.live(2, "f");
  expect(f.received).toEqual(["m f1", "m f2"]);
  expect(f.asked).toEqual([]);
});

test("a lost past continues from the snapshot, or is reported", () => {
  const f = follower();
  f.live(1);
  f.streams.asking([STREAM]);
  f.resumed({ recovered: false, epoch: "f", seq: 7, snapshot: {} });
  expect(f.received.at(-1)).toBe("chat:snapshot f7");
  f.streams.asking([STREAM]);
  f.resumed({ recovered: false, epoch: "f", seq: 9 });
  expect(f.lost).toEqual([[STREAM, false]]);
  f.live(10, "f");
  expect(f.received.at(-1)).toBe("m f10");
});

test("a refused stream is forgotten; a retryable error is resumed again", () => {
  const f = follower();
  f.live(1);
  f.resumed({ error: { code: "unavailable", message: "", retryable: true } });
  expect(f.asked).toHaveLength(1);
  f.resumed({ error: { code: "permission_denied", message: "", retryable: false } });
  expect(f.lost).toEqual([[STREAM, true]]);
  expect(f.streams.knows(STREAM)).toBe(false);
});

test("a snapshot moves a stream forward, never back", () => {
  const f = follower();
  f.live(5);
  f.live(4, "e", "lobby:snapshot");
  f.live(9, "e", "lobby:snapshot");
  f.live(10);
  expect(f.received).toEqual(["m e5", "lobby:snapshot e9", "m e10"]);
});

test("an outdated answer does not move a stream and is reported as outdated", () => {
  const f = follower();
  f.live(5);
  expect(f.streams.follow({ stream: STREAM, epoch: "e", seq: 3 })).toBe(false);
  expect(f.streams.follow({ stream: STREAM, epoch: "e", seq: 8 })).toBe(true);
  f.live(6);
  expect(f.received).toEqual(["m e5", "m e6"]);
});

test("a stream without access is forgotten and reported once", () => {
  const f = follower();
  f.live(1);
  f.streams.refused(STREAM);
  f.streams.refused(STREAM);
  expect(f.lost).toEqual([[STREAM, true]]);
  expect(f.streams.knows(STREAM)).toBe(false);
});

test("streams without room in an answer are resumed again in one request, from their positions", () => {
  const f = follower();
  f.streams.follow({ stream: STREAM, epoch: "e", seq: 1 });
  for (const stream of ["a:1", "a:2"]) f.streams.follow({ stream, epoch: "e", seq: 1 });
  const full = { code: "rate_limited", message: "", retryable: true, retryAfterMs: 50 } as const;
  const none = { recovered: false, epoch: "", seq: 0, error: full };
  f.streams.resumed([
    { stream: STREAM, recovered: true, epoch: "e", seq: 3, events: f.missed([2], [3]), more: true },
    { stream: "a:1", ...none },
    { stream: "a:2", ...none },
  ]);
  expect(f.asked).toEqual([[STREAM, "a:1", "a:2"]]);
  f.live(9); // also in the answer
  expect(f.streams.asking([STREAM])).toEqual([{ stream: STREAM, epoch: "e", seq: 3 }]);
  f.resumed({ seq: 9, events: f.missed([4], [5], [6], [7], [8], [9]) });
  f.live(10);
  expect(f.received).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10].map((n) => `m e${n}`));
  expect(f.asked).toHaveLength(1);
});
