import { nameOf, type Fleet, type Pod } from "./fleet";

// Notes lists the problems of the cluster in words.
export function Notes({ fleet }: { fleet: Fleet }) {
  const notes = [...fleet.pods.flatMap(ofPod), ...ofFleet(fleet)];
  if (notes.length === 0) return null;
  return (
    <ul class="card call notes" aria-label="Problems">
      {notes.map((note) => (
        <li key={note}>{note}</li>
      ))}
    </ul>
  );
}

function ofPod(pod: Pod): string[] {
  const { status } = pod;
  if (!status) return [`${nameOf(pod)}: ${pod.error}. If it died, its lease lapses and it goes from here.`];
  const notes: string[] = [];
  if (!status.redis.healthy) notes.push(`${nameOf(pod)} does not reach Redis: ${status.redis.error}.`);
  else if (!status.ready && !status.draining) notes.push(`${nameOf(pod)} is not ready: ${status.notReady?.join("; ")}.`);
  return notes;
}

function ofFleet({ alone, pods }: Fleet): string[] {
  const notes: string[] = [];
  const revisions = new Set(pods.flatMap(({ status }) => (status ? [status.policyRevision] : [])));
  if (revisions.size > 1) notes.push(`The servers apply ${revisions.size} different revisions of the policies; a change takes up to a minute or two to reach all.`);
  const versions = new Set(pods.flatMap(({ status }) => (status ? [status.version] : [])));
  if (versions.size > 1) notes.push(`The servers run different versions: ${[...versions].join(", ")}.`);
  if (alone) notes.push(`Only the server that answers this page is shown: ${alone}.`);
  return notes;
}
