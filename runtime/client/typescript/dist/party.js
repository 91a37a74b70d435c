import { Documents } from "./documents.js";
import { background } from "./facade.js";
import { State } from "./observable.js";
import { AnteroomError } from "./errors.js";
/** The party that the user is in; there is one at most. */
export class PartyFacade {
    #core;
    #parties = new Documents();
    #current = new State(undefined);
    #invites = new State([]);
    #removed = new State(undefined);
    constructor(core) {
        this.#core = core;
        this.#parties.all.subscribe((all) => (this.#current.value = all.at(-1)));
        for (const event of ["party:create", "party:join", "party:get", "party:respondInvite"]) {
            core.answered(event, (data, _, meta) => data && this.#entered(data.party, meta));
        }
        core.answered("party:leave", (_, request) => this.#left(request.partyId));
        core.answered("party:respondInvite", (_, { inviteId }) => {
            this.#invites.value = this.#invites.value.filter((invite) => invite.inviteId !== inviteId);
        });
        core.hear("party:patch", ({ partyId, to, ops, meta }) => this.#parties.patch(partyId, to, meta?.epoch, ops));
        core.hear("party:snapshot", ({ party }) => this.#parties.take(party));
        core.hear("party:removed", (removed) => {
            this.#left(removed.partyId);
            this.#removed.value = removed;
        });
        core.hear("party:invited", (invite) => {
            this.#invites.value = [...this.#invites.value.filter((other) => other.inviteId !== invite.inviteId), invite].slice(-16);
        });
        core.lost((stream, refused) => {
            if (stream.startsWith("party:") && refused)
                this.#left(stream.slice("party:".length));
        });
    }
    get current() {
        return this.#current;
    }
    /** Invites that wait for an answer, at most 16. Look at expiresAt: nobody is told when one runs out. */
    get invites() {
        return this.#invites;
    }
    /** The last party that the user was removed from, and why. */
    get removed() {
        return this.#removed;
    }
    async create(request = {}) {
        return (await this.#core.request("party:create", request)).party;
    }
    /** Joins by the party's code. */
    async join(request) {
        return (await this.#core.request("party:join", request)).party;
    }
    /** Reads the party that the user is in, perhaps over another device, and follows it; undefined when there is none. */
    async get() {
        try {
            return (await this.#core.request("party:get", {})).party;
        }
        catch (error) {
            if (error instanceof AnteroomError && (error.code === "not_found" || error.reason === "not_member"))
                return undefined;
            throw error;
        }
    }
    invite(request) {
        return this.#core.request("party:invite", this.#in(request));
    }
    /** Takes an invite, or declines it; then there is no party. */
    async respondInvite(request) {
        return (await this.#core.request("party:respondInvite", request))?.party;
    }
    async leave() {
        await this.#core.request("party:leave", this.#in({}));
    }
    kick(request) {
        return this.#core.request("party:kick", this.#in(request));
    }
    promote(request) {
        return this.#core.request("party:promote", this.#in(request));
    }
    setMember(request) {
        return this.#core.request("party:setMember", this.#in(request));
    }
    #in(request) {
        return { ...request, partyId: request.partyId ?? this.#current.value?.id ?? "" };
    }
    #entered(party, meta) {
        const holds = this.#core.follow(meta);
        if (holds)
            this.#parties.take(party);
        else if (!this.#parties.get(party.id))
            background(this.get());
    }
    #left(partyId) {
        this.#parties.drop(partyId);
        this.#core.forget(`party:${partyId}`);
    }
}
