import { Documents } from "./documents.js";
import { background, type Core } from "./facade.js";
import { State, type Observable } from "./observable.js";
import { AnteroomError } from "./errors.js";
import { PendingChanges, type PendingChange } from "./pending.js";
import type {
  Meta,
  Party,
  PartyBan,
  PartyCode,
  PartyCreate,
  PartyInvite,
  PartyInvited,
  PartyInviteSent,
  PartyJoin,
  PartyKick,
  PartyPromote,
  PartyRemoved,
  PartyRespondInvite,
  PartySetMember,
  PartyUnban,
  PartyUpdate,
  PartyVersion,
} from "./wire.js";

/** A request about the user's party. */
export type InParty<Request extends { partyId: string }> = Omit<Request, "partyId"> & { partyId?: string };

/** The user's party; a user is in at most one. */
export class PartyFacade {
  readonly #core: Core;
  readonly #parties = new Documents<Party>();
  readonly #current = new State<Party | undefined>(undefined);
  readonly #invites = new State<readonly PartyInvited[]>([]);
  readonly #removed = new State<PartyRemoved | undefined>(undefined);
  readonly #changes: PendingChanges;

  constructor(core: Core) {
    this.#core = core;
    this.#changes = new PendingChanges(core);
    this.#parties.all.subscribe((all) => (this.#current.value = all.at(-1)));
    for (const event of ["party:create", "party:join", "party:get", "party:respondInvite"] as const) {
      core.answered(event, (data, _, meta) => data && this.#entered(data.party, meta));
    }
    core.answered("party:leave", (_, request) => this.#left(request.partyId));
    core.answered("party:respondInvite", (_, { inviteId }) => {
      this.#invites.value = this.#invites.value.filter((invite) => invite.inviteId !== inviteId);
    });
    core.onPush("party:patch", ({ partyId, to, ops, meta }) => this.#parties.patch(partyId, to, meta?.epoch, ops));
    core.onPush("party:snapshot", ({ party }) => this.#parties.take(party));
    core.onPush("party:removed", (removed) => {
      if (this.#parties.cameBack(removed.partyId, removed.version)) return;
      this.#left(removed.partyId);
      this.#removed.value = removed;
    });
    core.onPush("party:invited", (invite) => {
      this.#invites.value = [...this.#invites.value.filter((other) => other.inviteId !== invite.inviteId), invite].slice(-16);
    });
    core.ready(({ party }) => party && !this.#parties.get(party.partyId) && background(this.get()));
    core.lost((stream, refused) => {
      if (stream.startsWith("party:") && refused) this.#left(stream.slice("party:".length));
    });
  }

  get current(): Observable<Party | undefined> {
    return this.#current;
  }

  /**
   * Invites without an answer, at most 16. Check expiresAt: there is no push when an invite
   * expires.
   */
  get invites(): Observable<readonly PartyInvited[]> {
    return this.#invites;
  }

  /** The last party from which the user was removed, with the reason. */
  get removed(): Observable<PartyRemoved | undefined> {
    return this.#removed;
  }

  /** Changes without an acknowledgement yet, in the order of the calls. */
  get pending(): Observable<readonly PendingChange[]> {
    return this.#changes.all;
  }

  async create(request: PartyCreate = {}): Promise<Party> {
    return (await this.#changes.request("party:create", request)).party;
  }

  /** Joins by the party's code. */
  async join(request: PartyJoin): Promise<Party> {
    return (await this.#changes.request("party:join", request)).party;
  }

  /**
   * Reads the user's party, which another device may have joined, and follows it; undefined
   * without a party.
   */
  async get(): Promise<Party | undefined> {
    try {
      return (await this.#core.request("party:get", {})).party;
    } catch (error) {
      if (error instanceof AnteroomError && (error.code === "not_found" || error.reason === "not_member")) return undefined;
      throw error;
    }
  }

  invite(request: InParty<PartyInvite>): Promise<PartyInviteSent> {
    return this.#changes.request("party:invite", this.#in(request));
  }

  /** Accepts an invite, or declines it; after a decline there is no party. */
  async respondInvite(request: PartyRespondInvite): Promise<Party | undefined> {
    return (await this.#changes.request("party:respondInvite", request))?.party;
  }

  async leave(): Promise<void> {
    await this.#changes.request("party:leave", this.#in({}));
  }

  kick(request: InParty<PartyKick>): Promise<PartyVersion> {
    return this.#changes.request("party:kick", this.#in(request));
  }

  /** Keeps a user out while the party exists. */
  ban(request: InParty<PartyBan>): Promise<PartyVersion> {
    return this.#changes.request("party:ban", this.#in(request));
  }

  /** Allows a banned or kicked user to join again. */
  unban(request: InParty<PartyUnban>): Promise<PartyVersion> {
    return this.#changes.request("party:unban", this.#in(request));
  }

  /** Changes the party's size and attributes, and opens or closes it to its code. */
  update(request: InParty<PartyUpdate>): Promise<PartyVersion> {
    return this.#changes.request("party:update", this.#in(request));
  }

  /** Reports whether the user is ready. */
  ready(ready: boolean): Promise<PartyVersion> {
    return this.#changes.request("party:ready", this.#in<{ ready: boolean; partyId?: string }>({ ready }));
  }

  /** Replaces the party's code. */
  regenerateCode(): Promise<PartyCode> {
    return this.#changes.request("party:regenerateCode", this.#in({}));
  }

  promote(request: InParty<PartyPromote>): Promise<PartyVersion> {
    return this.#changes.request("party:promote", this.#in(request));
  }

  setMember(request: InParty<PartySetMember>): Promise<PartyVersion> {
    return this.#changes.request("party:setMember", this.#in(request));
  }

  #in<R extends { partyId?: string }>(request: R): R & { partyId: string } {
    return { ...request, partyId: request.partyId ?? this.#current.value?.id ?? "" };
  }

  #entered(party: Party, meta: Meta | undefined): void {
    const holds = this.#core.follow(meta);
    if (holds) this.#parties.enter(party);
    else if (!this.#parties.get(party.id)) background(this.get());
  }

  #left(partyId: string): void {
    this.#parties.drop(partyId);
    this.#core.forget(`party:${partyId}`);
  }
}
