import type { LobbyListed, LobbyListing } from "@anteroom/client";
import { useEffect, useId, useState } from "preact/hooks";
import { Field } from "./field";
import { useSeat } from "./hooks";

// LobbyFinder shows the public lobbies of a type, updated by lobby:watch, and the ways to
// join or create a lobby.
export function LobbyFinder() {
  const { lobbyTypes } = useSeat();
  if (lobbyTypes.length === 0) return <p class="card hint">There is no LobbyPolicy, and so no type of lobby.</p>;
  return <Finder />;
}

function Finder() {
  const { player, act, lobbyTypes } = useSeat();
  const [type, setType] = useState(lobbyTypes[0] ?? "");
  const id = useId();
  const lobbies = useLobbies(type);
  const join = (lobby: LobbyListing) => {
    const password = lobby.hasPassword ? prompt("The lobby's password") : undefined;
    if (password === null) return;
    void act(() => player.lobby.join({ lobbyId: lobby.id, ...(password && { password }) }));
  };
  return (
    <div role="group" class="card" aria-label="Lobbies">
      <h3>Lobbies</h3>
      <div class="row">
        <label for={id}>Type</label>
        <select id={id} value={type} onChange={(e) => setType(e.currentTarget.value)}>
          {lobbyTypes.map((t) => (
            <option key={t}>{t}</option>
          ))}
        </select>
      </div>
      {lobbies.length === 0 ? (
        <p class="hint">There is no open lobby of type {type} yet. Create one.</p>
      ) : (
        <ul class="list" aria-label="Public lobbies">
          {lobbies.map((lobby) => (
            <li key={lobby.id}>
              <span class="grow">
                {lobby.name || "Unnamed"} {lobby.hasPassword && <span class="tag">password</span>}
                <span class="tag">
                  {lobby.players}/{lobby.maxMembers}
                </span>
                {lobby.status !== "open" && <span class="tag">{lobby.status.replace("_", " ")}</span>}
              </span>
              <button class="small" aria-label={`Join ${lobby.name || lobby.id}`} onClick={() => join(lobby)}>
                Join
              </button>
            </li>
          ))}
        </ul>
      )}
      <Field label="New lobby" action="Create" required={false} maxLength={64} send={(name) => act(() => player.lobby.create({ type, name }))} />
      <Field label="Code" action="Join by code" maxLength={16} send={(code) => act(() => player.lobby.join({ code }))} />
      <div class="row">
        <button onClick={() => act(() => player.lobby.quickJoin({ type, createIfNone: {} }))}>Join any, or create one</button>
      </div>
    </div>
  );
}

// useLobbies returns the public lobbies of a type, newest first.
function useLobbies(type: string): LobbyListing[] {
  const { player, act } = useSeat();
  const [lobbies, setLobbies] = useState<LobbyListing[]>([]);
  useEffect(() => {
    let end = () => {};
    let gone = false;
    const search = async () => {
      const found = await player.lobby.search({ type });
      if (!gone) setLobbies(found.lobbies);
    };
    void act(async () => {
      const unwatch = await player.lobby.watch(
        type,
        (change) => setLobbies((before) => merged(before, change)),
        () => void act(search),
      );
      end = () => void unwatch().catch(() => {}); // the listener is already removed
      if (gone) return end();
      await search();
    });
    return () => {
      gone = true;
      setLobbies([]);
      end();
    };
  }, [player, type]);
  return lobbies;
}

function merged(before: LobbyListing[], { added = [], updated = [], removed = [] }: LobbyListed): LobbyListing[] {
  const changed = [...added, ...updated];
  const gone = new Set([...removed, ...changed.map((lobby) => lobby.id)]);
  return [...before.filter((lobby) => !gone.has(lobby.id)), ...changed].sort((a, b) => b.createdAt - a.createdAt);
}
