import { expect, test } from "vitest";
import { Documents } from "../src/documents.js";

const at = (version: number) => ({ id: "a", version, epoch: "e" });

test("a removal is about the membership that ended with it, and about no later one", () => {
  const documents = new Documents();
  documents.enter(at(3));
  documents.patch("a", 4, "e", []);
  expect(documents.cameBack("a", 4)).toBe(false); // patches after the departure do not count
  documents.drop("a");
  documents.enter(at(6));
  expect(documents.cameBack("a", 4)).toBe(true);
  expect(documents.cameBack("a", 6)).toBe(true);
  expect(documents.cameBack("a", 7)).toBe(false);
  expect(documents.cameBack("a", undefined)).toBe(false); // lost with the server's memory
});
