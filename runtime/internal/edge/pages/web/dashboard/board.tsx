import { useEffect, useState } from "preact/hooks";
import type { Fleet } from "./fleet";
import { Notes } from "./notes";
import { Servers } from "./servers";
import { Lobbies, Queues, Streams } from "./domains";
import { Totals } from "./totals";
import { useFleet } from "./usefleet";

export function Board({ token, signOut }: { token: string; signOut: (why?: string) => void }) {
  const [paused, setPaused] = useState(false);
  const { fleet, before, failure } = useFleet(token, paused, signOut);
  return (
    <>
      <header class="top bar">
        <div>
          <h1>{fleet ? `${fleet.cluster.namespace}/${fleet.cluster.name}` : "Anteroom dashboard"}</h1>
          {fleet && <Age fleet={fleet} paused={paused} />}
        </div>
        <div class="row">
          <button aria-pressed={paused} onClick={() => setPaused(!paused)}>
            Pause
          </button>
          <button onClick={() => signOut()}>Sign out</button>
        </div>
      </header>
      <main>
        <div role="status">
          {failure && <p class="card call bad">The server does not answer: {failure}. What is below is the last that it said; it is asked again.</p>}
          {fleet && <Notes fleet={fleet} />}
          {!fleet && !failure && <p>Asking the servers …</p>}
        </div>
        {fleet && (
          <>
            <Totals fleet={fleet} />
            <Servers fleet={fleet} before={before} />
            <div class="columns">
              <Queues pods={fleet.pods} />
              <Lobbies pods={fleet.pods} />
              <Streams pods={fleet.pods} />
            </div>
          </>
        )}
      </main>
    </>
  );
}

// Age shows the age of the displayed reports.
function Age({ fleet, paused }: { fleet: Fleet; paused: boolean }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    setNow(Date.now());
    const tick = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(tick);
  }, [fleet]);
  // Only this machine's clock is used, because the server's clock may differ.
  const [shownAt, setShownAt] = useState(now);
  useEffect(() => setShownAt(Date.now()), [fleet]);
  const age = Math.max(Math.round((now - shownAt) / 1000), 0);
  return (
    <p>
      {age < 2 ? "As of now" : `As of ${age} s ago`}
      {paused && ", paused"}
    </p>
  );
}
