import type { PresenceSet } from "@anteroom/client";
import { useEffect, useId, useState } from "preact/hooks";
import { Field } from "./field";
import { useSeat, useValue } from "./hooks";

const statuses = ["online", "away", "busy", "invisible"] as const;

// PeopleTab shows other users' presence and sets the user's own.
export function PeopleTab() {
  const { player, act, others } = useSeat();
  const users = useValue(player.presence.users);
  const follow = (userIds: string[]) => act(() => player.presence.subscribe({ userIds }));
  useEffect(() => {
    if (others.length > 0) void follow(others);
  }, [player, others]);
  return (
    <div role="group" class="card" aria-label="People">
      <h3>People</h3>
      <OwnPresence />
      <ul class="list" aria-label="Presence of others">
        {[...users.values()].map((p) => (
          <li key={p.userId}>
            <span class="grow">
              {p.userId} {p.text && <span class="hint">{p.text}</span>}
            </span>
            <span class={p.status === "offline" ? "tag" : "tag good"}>{p.status.replace("_", " ")}</span>
          </li>
        ))}
      </ul>
      <Field label="User" action="Follow" clears send={(id) => follow([id])} />
    </div>
  );
}

function OwnPresence() {
  const { player, act } = useSeat();
  const [status, setStatus] = useState<PresenceSet["status"]>("online");
  const id = useId();
  const choose = (next: string) => {
    const chosen = statuses.find((s) => s === next);
    if (!chosen) return;
    setStatus(chosen);
    void act(() => player.presence.set({ status: chosen }));
  };
  return (
    <>
      <div class="row">
        <label for={id}>I am</label>
        <select id={id} value={status} onChange={(e) => choose(e.currentTarget.value)}>
          {statuses.map((s) => (
            <option key={s}>{s}</option>
          ))}
        </select>
      </div>
      <Field label="Doing" action="Say so" required={false} send={(text) => act(() => player.presence.set({ text }))} />
    </>
  );
}
