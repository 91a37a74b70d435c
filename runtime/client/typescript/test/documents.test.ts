import { expect, test } from "vitest";
import { Documents } from "../src/documents.js";

const at = (version: number) => ({ id: "a", version, epoch: "e" });

test("a removal does not apply to a later membership", () => {
  const documents = new Documents();
  documents.enter(at(3));
  documents.patch("a", 4, "e", []);
  expect(documents.cameBack("a", 4)).toBe(false); // later patches do not count as a membership
  documents.drop("a");
  documents.enter(at(6));
  expect(documents.cameBack("a", 4)).toBe(true);
  expect(documents.cameBack("a", 6)).toBe(true);
  expect(documents.cameBack("a", 7)).toBe(false);
  expect(documents.cameBack("a", undefined)).toBe(false); // lost with the server's data
});
