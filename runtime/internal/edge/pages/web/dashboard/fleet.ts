// Status is the answer of a server's /statusz.
export interface Status {
  version: string;
  pod: string;
  connections: number;
  users: number;
  policyRevision: string;
  ready: boolean;
  notReady?: string[];
  draining: boolean;
  drained: boolean;
  uptimeSeconds: number;
  redis: { healthy: boolean; error?: string; version?: string };
  lobbies?: Record<string, number>;
  streams?: Record<string, number>;
  queues?: Record<string, Queue>;
}

export interface Queue {
  depth: number;
  oldestTicketSeconds: number;
  waitSecondsP50: number;
  waitSecondsP95: number;
  matchesPerMinute: number;
}

// Pod is a server: its status and its metrics, each summed over its labels, or the error
// that replaces them.
export interface Pod {
  address?: string;
  status?: Status;
  figures?: Record<string, number>;
  error?: string;
}

// Fleet is the cluster as one server sees it; that server is the first of the pods.
export interface Fleet {
  cluster: { namespace: string; name: string };
  at: number;
  alone?: string;
  pods: Pod[];
}

// Refused is an answer that a retry would not change.
export class Refused extends Error {}

export async function loadFleet(token: string, signal: AbortSignal): Promise<Fleet> {
  const answer = await fetch(`${import.meta.env.BASE_URL}fleet.json`, {
    headers: { Authorization: `Bearer ${token}` },
    cache: "no-store",
    signal,
  });
  if (answer.ok) return answer.json();
  const why = (await answer.text()).trim();
  if (answer.status === 401 || answer.status === 403) throw new Refused(why);
  throw new Error(why || `HTTP ${answer.status}`);
}

// nameOf returns a pod's name without the suffix of its process.
export const nameOf = (pod: Pod) => pod.status?.pod.replace(/-[0-9A-Z]{26}$/, "") ?? pod.address ?? "";

export const sum = (pods: Pod[], of: (status: Status) => number) => pods.reduce((all, { status }) => all + (status ? of(status) : 0), 0);

// lobbiesOf returns the number of living lobbies of the cluster by type. Each server counts
// all lobbies, so the first server with a count is used.
export const lobbiesOf = (pods: Pod[]) => pods.find(({ status }) => status?.lobbies)?.status?.lobbies;

// perSecond returns the growth of a server's counter per second between two reports;
// undefined when the server's process has changed.
export function perSecond(name: string, now: Fleet, before: Fleet | undefined, pod: Pod): number | undefined {
  const then = before?.pods.find((p) => p.status && p.status.pod === pod.status?.pod);
  if (!then?.figures || !pod.figures || !before || now.at <= before.at) return undefined;
  const [to, from] = [pod.figures[name] ?? 0, then.figures[name] ?? 0];
  return (Math.max(to - from, 0) * 1000) / (now.at - before.at);
}
