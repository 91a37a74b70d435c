// The commands of runtime/README.md's section on the server API, unchanged.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { alice, stack, token } from "./stand.mjs";

test("the example of the README has the described effect", async () => {
  const readme = readFileSync("../../runtime/README.md", "utf8");
  const part = readme.split("\n## Server API\n")[1].split("\n### ")[0];
  const [, command, promised] = part.match(/```sh\n(curl [\s\S]+?)```\s+answers `(.+?)`/);
  const env = { ...process.env, API: stack.server("server-2").apiUrl, TOKEN: token };
  const answer = JSON.parse(execFileSync("bash", ["-euo", "pipefail", "-c", command], { env, encoding: "utf8" }));
  const { epoch, seq, ...rest } = JSON.parse(promised);
  assert.deepEqual(answer, { epoch: answer.epoch, seq: answer.seq, ...rest });
  assert.deepEqual([typeof answer.epoch, typeof answer.seq], [typeof epoch, typeof seq]);
  const { gold, meta } = await alice.push("game:reward");
  assert.deepEqual([gold, meta.stream, meta.epoch, meta.seq], [5, answer.stream, answer.epoch, answer.seq]);
});
