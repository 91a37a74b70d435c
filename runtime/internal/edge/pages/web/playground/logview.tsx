import { useId, useState } from "preact/hooks";
import { useSeat, useValue } from "./hooks";
import type { Line } from "./log";

const arrows = { push: "↓", request: "↑", answer: "✓", refusal: "✗", connection: "•" };

// LogView shows the traffic of the connection, newest first. It is no live region, because
// a screen reader would have to read hundreds of lines.
export function LogView() {
  const { player } = useSeat();
  const lines = useValue(player.log);
  const [filter, setFilter] = useState("");
  const id = useId();
  const shown = lines.filter((line) => line.event.includes(filter) || line.stream?.includes(filter));
  return (
    <div role="group" class="card" aria-label="Event log">
      <h3>Event log</h3>
      <div class="row">
        <label for={id}>Filter</label>
        <input id={id} value={filter} autocomplete="off" placeholder="event or stream" onInput={(e) => setFilter(e.currentTarget.value.trim())} />
        <button onClick={() => player.log.clear()}>Clear</button>
      </div>
      <ol class="log" tabIndex={0} aria-label="Events, newest first">
        {shown.map((line) => (
          <LogLine key={line.id} line={line} />
        ))}
      </ol>
    </div>
  );
}

function LogLine({ line }: { line: Line }) {
  const [open, setOpen] = useState(false);
  return (
    <li class={line.kind}>
      <details onToggle={(e) => setOpen(e.currentTarget.open)}>
        <summary>
          <span aria-hidden="true">{arrows[line.kind]}</span>
          <span class="visually-hidden">{line.kind}</span>
          <span class="event">{line.event}</span>
          {line.seq !== undefined && (
            <span class="seq" title={line.stream}>
              {line.stream?.split(":")[0]} #{line.seq}
            </span>
          )}
          <time dateTime={line.at.toISOString()}>{line.at.toLocaleTimeString()}</time>
        </summary>
        {open && <pre tabIndex={0}>{JSON.stringify(line.payload ?? null, null, 2)}</pre>}
      </details>
    </li>
  );
}
