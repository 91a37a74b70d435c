import { lobbiesOf, nameOf, type Pod } from "./fleet";
import { count } from "./format";
import { Table } from "./table";

export function Lobbies({ pods }: { pods: Pod[] }) {
  const rows = Object.entries(lobbiesOf(pods) ?? {}).sort();
  return (
    <Table
      title="Lobbies by type"
      columns={[{ name: "Type" }, { name: "Living", numeric: true }]}
      rows={rows.map(([type, n]) => ({ key: type, cells: [type, count(n)] }))}
      empty={lobbiesOf(pods) ? "No policy names a type." : "They cannot be counted now."}
    />
  );
}

const queueColumns = [
  { name: "Queue" },
  { name: "Waiting", numeric: true },
  { name: "Oldest", numeric: true },
  { name: "Wait p50", numeric: true },
  { name: "Wait p95", numeric: true },
  { name: "Matches/min", numeric: true },
  { name: "Matcher" },
];

export function Queues({ pods }: { pods: Pod[] }) {
  const queues = pods.flatMap((pod) => Object.entries(pod.status?.queues ?? {}).map(([name, queue]) => ({ name, queue, matcher: nameOf(pod) })));
  queues.sort((a, b) => a.name.localeCompare(b.name));
  return (
    <Table
      title="Queues"
      columns={queueColumns}
      rows={queues.map(({ name, queue, matcher }) => ({
        key: `${name} ${matcher}`,
        cells: [
          name,
          count(queue.depth),
          `${queue.oldestTicketSeconds} s`,
          `${queue.waitSecondsP50} s`,
          `${queue.waitSecondsP95} s`,
          count(queue.matchesPerMinute),
          matcher,
        ],
      }))}
      empty="No server makes matches now."
    />
  );
}

// Streams shows the sums over all servers; a stream that several servers follow counts
// several times.
export function Streams({ pods }: { pods: Pod[] }) {
  const kinds = new Map<string, number>();
  for (const { status } of pods) {
    for (const [kind, n] of Object.entries(status?.streams ?? {})) kinds.set(kind, (kinds.get(kind) ?? 0) + n);
  }
  return (
    <Table
      title="Streams followed, by kind"
      columns={[{ name: "Kind" }, { name: "Followed", numeric: true }]}
      rows={[...kinds].sort().map(([kind, n]) => ({ key: kind, cells: [kind, count(n)] }))}
      empty="None: nobody is connected."
    />
  );
}
