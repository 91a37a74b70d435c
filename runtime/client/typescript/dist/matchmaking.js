import { State } from "./observable.js";
/** The user's tickets, and the matches that they lead to. */
export class MatchmakingFacade {
    #core;
    #tickets = new State([]);
    #proposals = new State([]);
    #matched = new State(undefined);
    #cancelled = new State(undefined);
    constructor(core) {
        this.#core = core;
        core.answered("mm:status", ({ tickets, proposals }) => {
            this.#tickets.value = tickets;
            this.#proposals.value = proposals;
        });
        core.answered("mm:enqueue", ({ ticket }) => this.#take(ticket));
        core.answered("mm:cancel", (_, request) => this.#drop(request.ticketId));
        core.answered("mm:decline", (_, request) => this.#dropProposal((p) => p.proposalId === request.proposalId));
        core.hear("mm:ticket", ({ ticket }) => this.#take(ticket));
        core.hear("mm:proposal", (proposal) => {
            this.#dropProposal((other) => other.proposalId === proposal.proposalId);
            this.#proposals.value = [...this.#proposals.value, proposal];
        });
        core.hear("mm:matched", (matched) => {
            this.#drop(matched.ticketId);
            this.#matched.value = matched;
        });
        core.hear("mm:cancelled", (cancelled) => {
            if (cancelled.requeued)
                this.#dropProposal((p) => p.ticketId === cancelled.ticketId);
            else
                this.#drop(cancelled.ticketId);
            this.#cancelled.value = cancelled;
        });
    }
    /** The tickets that search or are proposed for a match. */
    get tickets() {
        return this.#tickets;
    }
    /** Matches that wait for accept() or decline(), until their deadlineAt. */
    get proposals() {
        return this.#proposals;
    }
    /** The last match: where to play. */
    get matched() {
        return this.#matched;
    }
    /** The last ticket that was not matched, and why. */
    get cancelled() {
        return this.#cancelled;
    }
    async queues() {
        return (await this.#core.request("mm:queues", {})).queues;
    }
    async enqueue(request) {
        return (await this.#core.request("mm:enqueue", request)).ticket;
    }
    async cancel(ticketId) {
        await this.#core.request("mm:cancel", { ticketId });
    }
    async accept(proposalId) {
        await this.#core.request("mm:accept", { proposalId });
    }
    async decline(proposalId) {
        await this.#core.request("mm:decline", { proposalId });
    }
    /** Reads tickets and proposals anew, also those of other devices. */
    async refresh() {
        await this.#core.request("mm:status", {});
    }
    #take(ticket) {
        const others = this.#tickets.value.filter((other) => other.id !== ticket.id);
        this.#tickets.value = [...others, ticket];
    }
    #drop(ticketId) {
        this.#tickets.value = this.#tickets.value.filter((ticket) => ticket.id !== ticketId);
        this.#dropProposal((proposal) => proposal.ticketId === ticketId);
    }
    #dropProposal(which) {
        this.#proposals.value = this.#proposals.value.filter((proposal) => !which(proposal));
    }
}
