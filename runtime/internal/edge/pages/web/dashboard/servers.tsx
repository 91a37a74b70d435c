import { nameOf, perSecond, type Fleet, type Pod, type Status } from "./fleet";
import { count, short } from "./format";
import { Table } from "./table";

const columns = [
  { name: "Server" },
  { name: "State" },
  { name: "Connections", numeric: true },
  { name: "Users", numeric: true },
  { name: "Rooms", numeric: true },
  { name: "Streams", numeric: true },
  { name: "Requests/s", numeric: true },
  { name: "Memory", numeric: true },
  { name: "Policies" },
  { name: "Redis" },
  { name: "Version" },
  { name: "Up", numeric: true },
];

export function Servers({ fleet, before }: { fleet: Fleet; before: Fleet | undefined }) {
  const rows = fleet.pods.map((pod, i) => ({
    key: pod.status?.pod ?? pod.address ?? "",
    cells: [<Name pod={pod} first={i === 0} />, <State pod={pod} />, ...figures(pod, fleet, before)],
  }));
  return <Table title="Servers" columns={columns} rows={rows} empty="There is none." />;
}

function Name({ pod, first }: { pod: Pod; first: boolean }) {
  return (
    <span title={pod.status?.pod}>
      {nameOf(pod)}
      <span class="hint under">{first ? "answers this page" : pod.status && pod.address}</span>
    </span>
  );
}

function State({ pod: { status } }: { pod: Pod }) {
  if (!status) return <span class="tag bad">no answer</span>;
  if (status.drained) return <span class="tag warn">drained</span>;
  if (status.draining) return <span class="tag warn">draining</span>;
  if (!status.ready) return <span class="tag bad">not ready</span>;
  return <span class="tag good">ready</span>;
}

function figures(pod: Pod, fleet: Fleet, before: Fleet | undefined) {
  const { status } = pod;
  if (!status) return columns.slice(2).map(() => <span class="hint">–</span>);
  const rate = perSecond("requests_total", fleet, before, pod);
  return [
    count(status.connections),
    count(status.users),
    count(status.streams?.["room"] ?? 0),
    count(Object.values(status.streams ?? {}).reduce((a, b) => a + b, 0)),
    rate === undefined ? "…" : rate.toFixed(1),
    memory(pod.figures?.["memory_used_bytes"]),
    <code title={status.policyRevision}>{short(status.policyRevision)}</code>,
    <Redis status={status} />,
    status.version,
    uptime(status.uptimeSeconds),
  ];
}

function Redis({ status: { redis } }: { status: Status }) {
  return redis.healthy ? <>{redis.version || "serves"}</> : <span class="tag bad">away</span>;
}

const memory = (bytes: number | undefined) => (bytes === undefined ? "…" : `${count(bytes / 2 ** 20)} MiB`);

function uptime(seconds: number): string {
  const parts: [number, string][] = [[86400, "d"], [3600, "h"], [60, "min"]];
  const part = parts.find(([length]) => seconds >= length);
  return part ? `${Math.floor(seconds / part[0])} ${part[1]}` : `${seconds} s`;
}
