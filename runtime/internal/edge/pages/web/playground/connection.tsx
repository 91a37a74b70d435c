import { useState } from "preact/hooks";
import { useSeat, useValue } from "./hooks";

const words = {
  connecting: "Connecting",
  ready: "Online",
  draining: "Online; the server goes away soon",
  reconnecting: "Connecting again",
  closed: "Signed out by the server",
};

// ConnectionBar shows the user and the state of the connection, with a button to cut it.
export function ConnectionBar({ signOut }: { signOut: () => void }) {
  const { player } = useSeat();
  const { status, session, error } = useValue(player.connection);
  const [cut, setCut] = useState(false);
  const toggle = () => {
    if (cut) player.release();
    else player.stayAway();
    setCut(!cut);
  };
  return (
    <div class="card connection">
      <p>
        <strong>{session ? (session.name ?? session.userId) : "…"}</strong>{" "}
        <span class={`state ${status}`} role="status">
          {cut ? "Connection cut" : words[status]}
        </span>
        {status === "closed" && error && <span class="why"> {error.message}</span>}
      </p>
      <div class="row">
        <button onClick={toggle} disabled={status === "closed"}>
          {cut ? "Connect again" : "Cut the connection"}
        </button>
        <button onClick={signOut}>Sign out</button>
      </div>
    </div>
  );
}
