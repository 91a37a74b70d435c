import type { ComponentChildren } from "preact";
import { lobbiesOf, sum, type Fleet } from "./fleet";
import { count, short } from "./format";

export function Totals({ fleet: { pods } }: { fleet: Fleet }) {
  const ready = sum(pods, (s) => (s.ready ? 1 : 0));
  const cut = pods.filter(({ status }) => status && !status.redis.healthy).length;
  const lobbies = lobbiesOf(pods);
  const revisions = [...new Set(pods.flatMap(({ status }) => (status ? [status.policyRevision] : [])))];
  return (
    <dl class="totals">
      <Total name="Servers ready" bad={ready < pods.length}>
        {ready} of {pods.length}
      </Total>
      <Total name="Connections">{count(sum(pods, (s) => s.connections))}</Total>
      <Total name="Lobbies">{lobbies ? count(Object.values(lobbies).reduce((a, b) => a + b, 0)) : "unknown"}</Total>
      <Total name="Tickets waiting">{count(sum(pods, (s) => Object.values(s.queues ?? {}).reduce((a, q) => a + q.depth, 0)))}</Total>
      <Total name="Redis" bad={cut > 0}>
        {cut === 0 ? "serves" : `away for ${cut}`}
      </Total>
      <Total name="Policies" bad={revisions.length > 1}>
        {revisions.length === 1 ? <code>{short(revisions[0])}</code> : `${revisions.length} revisions`}
      </Total>
    </dl>
  );
}

function Total({ name, bad = false, children }: { name: string; bad?: boolean; children: ComponentChildren }) {
  return (
    <div class="card">
      <dt>{name}</dt>
      <dd class={bad ? "bad" : ""}>{children}</dd>
    </div>
  );
}
