import { expect, test } from "vitest";
import { applyPatch } from "../src/patch.js";

test("a patch returns a new document and keeps the old one", () => {
  const before = { name: "a", members: { "x/y": { ready: false }, z: {} }, list: [1, 2] };
  const copy = structuredClone(before);
  const after = applyPatch(before, [
    { op: "replace", path: "/name", value: "b" },
    { op: "replace", path: "/members/x~1y/ready", value: true },
    { op: "remove", path: "/members/z" },
    { op: "add", path: "/members/__proto__", value: { ready: true } },
    { op: "add", path: "/list/0", value: 0 },
    { op: "replace", path: "/list/1", value: null },
    { op: "remove", path: "/list/2" },
    { op: "add", path: "/list/-", value: 3 },
  ]);
  expect(before).toEqual(copy);
  expect(after.name).toBe("b");
  expect(after.list).toEqual([0, null, 3]);
  expect(Object.keys(after.members)).toEqual(["x/y", "__proto__"]);
  expect(after.members["x/y"]).toEqual({ ready: true });
  expect(({} as { ready?: boolean }).ready).toBeUndefined();
});
