import type { Lobby, LobbyInvited } from "@anteroom/client";
import { Chat } from "./chat";
import { Field } from "./field";
import { useSeat, useValue } from "./hooks";
import { Question } from "./question";
import { LobbyFinder } from "./finder";

export function LobbyTab() {
  const { player } = useSeat();
  const lobby = useValue(player.lobby.current);
  const invites = useValue(player.lobby.invites);
  return (
    <>
      {invites.map((invite) => (
        <Invite key={invite.inviteId} invite={invite} />
      ))}
      {lobby ? <InLobby key={lobby.id} lobby={lobby} /> : <LobbyFinder />}
    </>
  );
}

function Invite({ invite }: { invite: LobbyInvited }) {
  const { player, act } = useSeat();
  const answer = (accept: boolean) => act(() => player.lobby.respondInvite({ inviteId: invite.inviteId, accept }));
  return (
    <Question answer={answer}>
      {invite.fromName ?? invite.fromId} invites you to {invite.name || "a lobby"}.
    </Question>
  );
}

function InLobby({ lobby }: { lobby: Lobby }) {
  const { player, act, others } = useSeat();
  const me = lobby.members[player.userId ?? ""];
  const host = lobby.hostId === player.userId;
  return (
    <>
      <div role="group" class="card" aria-label="Your lobby">
        <h3>{lobby.name || `Lobby of type ${lobby.type}`}</h3>
        <p class="facts">
          <span class="tag">{lobby.status.replace("_", " ")}</span>
          {lobby.code && (
            <span>
              Code <code>{lobby.code}</code>
            </span>
          )}
          <span>version {lobby.version}</span>
        </p>
        <Members lobby={lobby} host={host} />
        <div class="row">
          {lobby.status === "open" && (
            <button class="primary" onClick={() => act(() => player.lobby.ready(!me?.ready))}>
              {me?.ready ? "Not ready" : "Ready"}
            </button>
          )}
          {host && lobby.status === "open" && <button onClick={() => act(() => player.lobby.start())}>Start</button>}
          {host && lobby.status === "starting" && <button onClick={() => act(() => player.lobby.cancelStart())}>Stop the countdown</button>}
          <button onClick={() => act(() => player.lobby.leave())}>Leave</button>
        </div>
        <Field label="Invite" action="Invite" proposals={others} send={(userId) => act(() => player.lobby.invite({ userId }), `${userId} is invited`)} />
      </div>
      <Chat channel={`lobby:${lobby.id}`} title="Lobby chat" moderator={host} />
    </>
  );
}

function Members({ lobby, host }: { lobby: Lobby; host: boolean }) {
  const { player, act } = useSeat();
  return (
    <ul class="list" aria-label="Members">
      {Object.entries(lobby.members).map(([id, member]) => (
        <li key={id}>
          <span class="grow">
            {member.name ?? id}
            {member.role !== "member" && <span class="tag">{member.role}</span>}
            {member.team && <span class="tag">{member.team}</span>}
            {!member.connected && <span class="tag warn">disconnected</span>}
          </span>
          <span class={member.ready ? "tag good" : "tag"}>{member.ready ? "ready" : "not ready"}</span>
          {host && id !== player.userId && (
            <button class="small" aria-label={`Kick ${member.name ?? id}`} onClick={() => act(() => player.lobby.kick({ userId: id }))}>
              Kick
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}
