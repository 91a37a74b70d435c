import type { MMMatched, MMProposal, MMQueue, MMTicket } from "@anteroom/client";
import { useEffect, useId, useState } from "preact/hooks";
import { useSeat, useValue } from "./hooks";

export function MatchTab() {
  const { player } = useSeat();
  const tickets = useValue(player.matchmaking.tickets);
  const proposals = useValue(player.matchmaking.proposals);
  const matched = useValue(player.matchmaking.matched);
  const cancelled = useValue(player.matchmaking.cancelled);
  return (
    <>
      {proposals.map((proposal) => (
        <Proposal key={proposal.proposalId} proposal={proposal} />
      ))}
      {tickets.map((ticket) => (
        <Searching key={ticket.id} ticket={ticket} />
      ))}
      {matched && <Matched key={matched.matchId} match={matched} />}
      {cancelled && !matched && (
        <p class="hint" role="status">
          The last search ended: {cancelled.reason.replaceAll("_", " ")}
          {cancelled.requeued && "; it goes on"}.
        </p>
      )}
      {tickets.length === 0 && <Enqueue />}
    </>
  );
}

function Enqueue() {
  const { player, act } = useSeat();
  const party = useValue(player.party.current);
  const [queues, setQueues] = useState<MMQueue[]>([]);
  const [queue, setQueue] = useState("");
  const [skill, setSkill] = useState("");
  const [together, setTogether] = useState(false);
  const id = useId();
  const look = () =>
    act(async () => {
      const found = await player.matchmaking.queues();
      setQueues(found);
      setQueue((chosen) => chosen || (found[0]?.name ?? ""));
    });
  useEffect(() => void look(), [player]);
  const leads = party?.leaderId === player.userId;
  const submit = (event: Event) => {
    event.preventDefault();
    void act(() =>
      player.matchmaking.enqueue({
        queue,
        ...(together && leads && party && { partyId: party.id }),
        ...(skill !== "" && { attributes: { skill: Number(skill) } }),
      }),
    );
  };
  if (queues.length === 0) return <p class="hint">This cluster has no queues.</p>;
  return (
    <div role="group" class="card" aria-label="Queues">
      <h3>Find a match</h3>
      <form onSubmit={submit}>
        <div class="row">
          <label for={`${id}-queue`}>Queue</label>
          <select id={`${id}-queue`} value={queue} onChange={(e) => setQueue(e.currentTarget.value)}>
            {queues.map((q) => (
              <option key={q.name}>{q.name}</option>
            ))}
          </select>
        </div>
        <div class="row">
          <label for={`${id}-skill`}>Skill</label>
          <input id={`${id}-skill`} type="number" placeholder="the queue's default" value={skill} onInput={(e) => setSkill(e.currentTarget.value)} />
        </div>
        {leads && (
          <label class="check">
            <input type="checkbox" checked={together} onChange={(e) => setTogether(e.currentTarget.checked)} /> With my party
          </label>
        )}
        <div class="row">
          <button class="primary">Search</button>
        </div>
      </form>
    </div>
  );
}

function Searching({ ticket }: { ticket: MMTicket }) {
  const { player, act } = useSeat();
  return (
    <div role="group" class="card" aria-label={`Ticket in ${ticket.queue}`}>
      <p role="status">
        <span class="tag">{ticket.state}</span> in {ticket.queue}
        {ticket.estimateMs ? `, about ${Math.ceil(ticket.estimateMs / 1000)} s` : ""}
      </p>
      <div class="row">
        <button onClick={() => act(() => player.matchmaking.cancel(ticket.id))}>Stop searching</button>
      </div>
    </div>
  );
}

function Proposal({ proposal }: { proposal: MMProposal }) {
  const { player, act } = useSeat();
  const [accepted, setAccepted] = useState(false);
  const accept = () =>
    act(async () => {
      await player.matchmaking.accept(proposal.proposalId);
      setAccepted(true);
    });
  return (
    <div class="card call" role="status">
      <p>
        A match in {proposal.queue}: {proposal.accepted} of {proposal.players} have accepted.
      </p>
      <div class="row">
        <button class="primary" disabled={accepted} onClick={accept}>
          {accepted ? "Accepted" : "Accept match"}
        </button>
        <button disabled={accepted} onClick={() => act(() => player.matchmaking.decline(proposal.proposalId))}>
          Decline match
        </button>
      </div>
    </div>
  );
}

function Matched({ match }: { match: MMMatched }) {
  return (
    <div role="group" class="card" aria-label="Your match">
      <h3>Matched in {match.queue}</h3>
      <ul class="list" aria-label="Teams">
        {match.teams.map((team) => (
          <li key={team.name}>
            <span class="tag">{team.name}</span>
            <span class="grow">{team.players.join(", ")}</span>
          </li>
        ))}
      </ul>
      <p class="hint">{match.handoff.type === "lobby" ? "Play in the lobby: see the tab Lobby." : `Play at ${match.handoff.address}.`}</p>
    </div>
  );
}
