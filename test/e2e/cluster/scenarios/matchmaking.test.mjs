// Two pairs with the stock client, each on both pods, queue through the ingress, are
// matched by skill, and meet in the lobbies of their matches.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Stack } from "../../lib/stack.mjs";

const stack = new Stack();
let strong, weak;

before(async () => {
  const [one, other] = ["server-1", "server-2"].map((server) => ({ server }));
  strong = [stack.fronted("alice", { transports: ["polling"], ...one }), stack.fronted("bob", other)];
  weak = [stack.fronted("carol", one), stack.fronted("dave", { transports: ["polling"], ...other })];
  await Promise.all([...strong, ...weak].map((user) => user.push("session:ready")));
});

after(() => [...(strong ?? []), ...(weak ?? [])].forEach((user) => user.close()));

test("players of equal skill are matched and meet", async () => {
  const queue = (skill) => (user) => user.ask("mm:enqueue", { queue: "duel", attributes: { skill }, key: "queue" });
  await Promise.all([...strong.map(queue(2000)), ...weak.map(queue(1000))]);
  for (const pair of [strong, weak]) {
    const matches = await Promise.all(pair.map((user) => user.push("mm:matched")));
    assert.equal(matches[0].matchId, matches[1].matchId);
    const players = matches[0].teams.flatMap((team) => team.players).sort();
    assert.deepEqual(players, pair.map((user) => user.ready.userId).sort());
    for (const user of pair) {
      const { lobby } = await user.ask("lobby:get", { lobbyId: matches[0].handoff.lobbyId });
      assert.deepEqual(Object.keys(lobby.members).sort(), players);
    }
  }
});

test("no stream has a gap or a duplicate", () => {
  for (const user of [...strong, ...weak]) assert.deepEqual(user.faults, []);
});
