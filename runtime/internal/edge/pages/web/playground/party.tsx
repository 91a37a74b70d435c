import type { Party, PartyInvited } from "@anteroom/client";
import { Chat } from "./chat";
import { Field } from "./field";
import { useSeat, useValue } from "./hooks";
import { Question } from "./question";

export function PartyTab() {
  const { player, act } = useSeat();
  const party = useValue(player.party.current);
  const invites = useValue(player.party.invites);
  return (
    <>
      {invites.map((invite) => (
        <Invite key={invite.inviteId} invite={invite} />
      ))}
      {party ? (
        <InParty key={party.id} party={party} />
      ) : (
        <div role="group" class="card" aria-label="No party">
          <h3>Party</h3>
          <p class="hint">A party goes into a queue together.</p>
          <div class="row">
            <button class="primary" onClick={() => act(() => player.party.create())}>
              Create a party
            </button>
          </div>
          <Field label="Party code" action="Join party" maxLength={16} send={(code) => act(() => player.party.join({ code }))} />
        </div>
      )}
    </>
  );
}

function Invite({ invite }: { invite: PartyInvited }) {
  const { player, act } = useSeat();
  const answer = (accept: boolean) => act(() => player.party.respondInvite({ inviteId: invite.inviteId, accept }));
  return (
    <Question answer={answer}>{invite.fromName ?? invite.fromId} invites you to a party.</Question>
  );
}

function InParty({ party }: { party: Party }) {
  const { player, act, others } = useSeat();
  return (
    <>
      <div role="group" class="card" aria-label="Your party">
        <h3>Party</h3>
        <p class="facts">
          <span>
            Code <code>{party.code}</code>
          </span>
          <span>version {party.version}</span>
        </p>
        <ul class="list" aria-label="Party members">
          {Object.entries(party.members).map(([id, member]) => (
            <li key={id}>
              <span class="grow">
                {member.name ?? id}
                {member.role === "leader" && <span class="tag">leader</span>}
                {!member.connected && <span class="tag warn">disconnected</span>}
              </span>
            </li>
          ))}
          {Object.keys(party.invited).map((id) => (
            <li key={`invited ${id}`}>
              <span class="grow">{id}</span>
              <span class="tag">invited</span>
            </li>
          ))}
        </ul>
        <Field label="Invite to party" action="Invite" proposals={others} send={(userId) => act(() => player.party.invite({ userId }), `${userId} is invited`)} />
        <div class="row">
          <button onClick={() => act(() => player.party.leave())}>Leave party</button>
        </div>
      </div>
      <Chat channel={`party:${party.id}`} title="Party chat" moderator={party.members[player.userId ?? ""]?.role === "leader"} />
    </>
  );
}
