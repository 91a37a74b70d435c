import { expect, test } from "vitest";
import { directChannel } from "../src/chat.js";

test.each([
  ["ann", "bob", "direct:ann:bob"],
  ["bob", "ann", "direct:ann:bob"],
  ["us-east-1:1b2c", "steam:7656", "direct:steam%3A7656:us-east-1%3A1b2c"],
  [":", "::", "direct:%3A:%3A%3A"],
  ["100%", "a%b", "direct:100%:a%b"],
  ["%3A", ":", "direct:%253A:%3A"],
  ["%25", "%", "direct:%:%2525"],
])("%s and %s have the channel %s", (one, other, name) => expect(directChannel(one, other)).toBe(name));
