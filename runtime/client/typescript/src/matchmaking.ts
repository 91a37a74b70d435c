import type { Core } from "./facade.js";
import { State, type Observable } from "./observable.js";
import type { MMBackfillState, MMCancelled, MMEnqueue, MMMatched, MMProposal, MMQueue, MMTicket, TicketState } from "./wire.js";

/** The states that end a ticket. */
const ENDED: readonly TicketState[] = ["assigned", "cancelled", "expired"];

/** The number of remembered ended tickets, so that late pushes do not restore them. */
const ENDED_KNOWN = 64;

/** The user's tickets, proposals and matches. */
export class MatchmakingFacade {
  readonly #core: Core;
  readonly #tickets = new State<readonly MMTicket[]>([]);
  readonly #proposals = new State<readonly MMProposal[]>([]);
  readonly #matched = new State<MMMatched | undefined>(undefined);
  readonly #cancelled = new State<MMCancelled | undefined>(undefined);
  readonly #ended = new Set<string>();

  constructor(core: Core) {
    this.#core = core;
    core.answered("mm:status", ({ tickets, proposals }) => this.#restore(tickets, proposals));
    core.ready(({ tickets, proposals }, fresh) => fresh && this.#restore(tickets, proposals));
    core.answered("mm:enqueue", ({ ticket }) => this.#take(ticket));
    core.answered("mm:cancel", (_, request) => this.#drop(request.ticketId));
    core.answered("mm:decline", (_, request) => this.#dropProposal((p) => p.proposalId === request.proposalId));
    core.onPush("mm:ticket", ({ ticket }) => this.#take(ticket));
    core.onPush("mm:proposal", (proposal) => {
      this.#dropProposal((other) => other.proposalId === proposal.proposalId);
      this.#proposals.value = [...this.#proposals.value, proposal];
    });
    core.onPush("mm:matched", (matched) => {
      this.#drop(matched.ticketId);
      this.#matched.value = matched;
    });
    core.onPush("mm:cancelled", (cancelled) => {
      if (cancelled.requeued) this.#dropProposal((p) => p.ticketId === cancelled.ticketId);
      else this.#drop(cancelled.ticketId);
      this.#cancelled.value = cancelled;
    });
  }

  /** The tickets that search or are in a proposal. */
  get tickets(): Observable<readonly MMTicket[]> {
    return this.#tickets;
  }

  /** Proposals that wait for accept() or decline() until their deadlineAt. */
  get proposals(): Observable<readonly MMProposal[]> {
    return this.#proposals;
  }

  /** The last match, with the place to play. */
  get matched(): Observable<MMMatched | undefined> {
    return this.#matched;
  }

  /** The last ticket that was cancelled, with the reason. */
  get cancelled(): Observable<MMCancelled | undefined> {
    return this.#cancelled;
  }

  async queues(): Promise<MMQueue[]> {
    return (await this.#core.request("mm:queues", {})).queues;
  }

  async enqueue(request: MMEnqueue): Promise<MMTicket> {
    return (await this.#core.request("mm:enqueue", request)).ticket;
  }

  async cancel(ticketId: string): Promise<void> {
    await this.#core.request("mm:cancel", { ticketId });
  }

  async accept(proposalId: string): Promise<void> {
    await this.#core.request("mm:accept", { proposalId });
  }

  async decline(proposalId: string): Promise<void> {
    await this.#core.request("mm:decline", { proposalId });
  }

  /** As the host of a match's lobby, asks for players in open places; with stop, ends that. */
  async backfill(lobbyId: string, stop = false): Promise<MMBackfillState> {
    return this.#core.request("mm:backfill", { lobbyId, stop });
  }

  /** Reads tickets and proposals again, including those of other devices. */
  async refresh(): Promise<void> {
    await this.#core.request("mm:status", {});
  }

  #restore(tickets: readonly MMTicket[] = [], proposals: readonly MMProposal[] = []): void {
    this.#tickets.value = tickets.filter(({ id }) => !this.#ended.has(id));
    this.#proposals.value = proposals;
  }

  #take(ticket: MMTicket): void {
    if (this.#ended.has(ticket.id)) return;
    if (ENDED.includes(ticket.state)) return this.#drop(ticket.id);
    const others = this.#tickets.value.filter((other) => other.id !== ticket.id);
    this.#tickets.value = [...others, ticket];
  }

  #drop(ticketId: string): void {
    this.#ended.add(ticketId);
    for (const oldest of this.#ended) {
      if (this.#ended.size <= ENDED_KNOWN) break;
      this.#ended.delete(oldest);
    }
    this.#tickets.value = this.#tickets.value.filter((ticket) => ticket.id !== ticketId);
    this.#dropProposal((proposal) => proposal.ticketId === ticketId);
  }

  #dropProposal(which: (proposal: MMProposal) => boolean): void {
    this.#proposals.value = this.#proposals.value.filter((proposal) => !which(proposal));
  }
}
