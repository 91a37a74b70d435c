import { Documents } from "./documents.js";
import { background, type Core } from "./facade.js";
import { guarded, State, type Observable } from "./observable.js";
import { PendingChanges, type PendingChange } from "./pending.js";
import type {
  Lobby,
  LobbyBan,
  LobbyCode,
  LobbyCreate,
  LobbyEnd,
  LobbyFound,
  LobbyInvited,
  LobbyInviteSent,
  LobbyJoin,
  LobbyJoinRequested,
  LobbyKick,
  LobbyListed,
  LobbyMemberRef,
  LobbyQuickJoin,
  LobbyReady,
  LobbyRemoved,
  LobbyRequestJoin,
  LobbyRequestSent,
  LobbyRespondInvite,
  LobbyRespondJoin,
  LobbySearch,
  LobbySetMember,
  LobbyTransferHost,
  LobbyUpdate,
  LobbyVersion,
  Meta,
} from "./wire.js";

/** A request about a lobby; without lobbyId, about the current lobby. */
export type InLobby<Request extends { lobbyId: string }> = Omit<Request, "lobbyId"> & { lobbyId?: string };

interface Watcher {
  type: string;
  listed: (change: LobbyListed) => void;
  stale: () => void;
}

/** The user's lobbies, with invites, join requests, search and lists. */
export class LobbyFacade {
  readonly #core: Core;
  readonly #lobbies = new Documents<Lobby>((lobby) => lobby.members[this.#core.userId ?? ""]?.joinedAt ?? Infinity);
  readonly #current = new State<Lobby | undefined>(undefined);
  readonly #invites = new State<readonly LobbyInvited[]>([]);
  readonly #requests = new State<readonly LobbyJoinRequested[]>([]);
  readonly #removed = new State<LobbyRemoved | undefined>(undefined);
  readonly #watchers = new Set<Watcher>();
  readonly #changes: PendingChanges;

  constructor(core: Core) {
    this.#core = core;
    this.#changes = new PendingChanges(core);
    this.#lobbies.all.subscribe((all) => (this.#current.value = all.at(-1)));
    for (const event of ["lobby:create", "lobby:join", "lobby:get", "lobby:quickJoin", "lobby:respondInvite"] as const) {
      core.answered(event, (data, _, meta) => data && this.#entered(data.lobby, meta));
    }
    core.answered("lobby:leave", (_, request) => this.#left(request.lobbyId));
    core.answered("lobby:watch", (_data, _request, meta) => void core.follow(meta));
    core.answered("lobby:unwatch", (_, request) => core.forget(`lobbies:${request.type}`));
    core.answered("lobby:respondInvite", (_, request) => this.#dropInvite(request.inviteId));
    core.answered("lobby:respondJoin", (_, request) => this.#dropRequest(request.lobbyId, request.userId));
    for (const event of ["lobby:patch", "lobby:starting", "lobby:handoff"] as const) {
      core.onPush(event, ({ lobbyId, to, ops, meta }) => this.#lobbies.patch(lobbyId, to, meta?.epoch, ops));
    }
    core.onPush("lobby:snapshot", ({ lobby }) => this.#lobbies.take(lobby));
    core.onPush("lobby:removed", (removed) => {
      if (this.#lobbies.cameBack(removed.lobbyId, removed.version)) return;
      this.#left(removed.lobbyId);
      this.#removed.value = removed;
    });
    core.ready(({ lobbies = [] }) => lobbies.forEach(({ lobbyId }) => this.#restore(lobbyId)));
    core.answered("lobby:mine", ({ lobbies }) => lobbies.forEach(({ lobby }) => this.#restore(lobby.id)));
    core.onPush("lobby:joined", ({ lobbyId }) => this.#restore(lobbyId));
    core.onPush("mm:matched", ({ handoff }) => handoff.lobbyId !== undefined && this.#restore(handoff.lobbyId));
    core.onPush("lobby:invited", (invite) => {
      this.#invites.value = [...this.#invites.value.filter((other) => other.inviteId !== invite.inviteId), invite].slice(-32);
    });
    core.onPush("lobby:joinRequested", (asked) => {
      this.#dropRequest(asked.lobbyId, asked.userId);
      this.#requests.value = [...this.#requests.value, asked].slice(-32);
    });
    core.onPush("lobby:listed", (change) => {
      for (const watcher of this.#watchers) if (watcher.type === change.type) guarded(() => watcher.listed(change));
    });
    core.lost((stream, refused) => {
      for (const watcher of this.#watchers) if (stream === `lobbies:${watcher.type}`) guarded(watcher.stale);
      if (stream.startsWith("lobby:") && refused) this.#left(stream.slice("lobby:".length));
    });
  }

  /** The lobby that the user joined last, on any device; a new client restores it. */
  get current(): Observable<Lobby | undefined> {
    return this.#current;
  }

  /**
   * All lobbies of the user that this client knows, in the order of joining: its own, and
   * those at the session's begin.
   */
  get joined(): Observable<readonly Lobby[]> {
    return this.#lobbies.all;
  }

  /**
   * Invites without an answer, at most 32. Check expiresAt: there is no push when an invite
   * expires.
   */
  get invites(): Observable<readonly LobbyInvited[]> {
    return this.#invites;
  }

  /** Users who ask the user, as the host, to join; at most 32. */
  get joinRequests(): Observable<readonly LobbyJoinRequested[]> {
    return this.#requests;
  }

  /** The last lobby from which the user was removed, with the reason. */
  get removed(): Observable<LobbyRemoved | undefined> {
    return this.#removed;
  }

  /** Changes without an acknowledgement yet, in the order of the calls. */
  get pending(): Observable<readonly PendingChange[]> {
    return this.#changes.all;
  }

  async create(request: LobbyCreate): Promise<Lobby> {
    return (await this.#changes.request("lobby:create", request)).lobby;
  }

  /** Joins by lobbyId, code or inviteId. */
  async join(request: LobbyJoin): Promise<Lobby> {
    return (await this.#changes.request("lobby:join", request)).lobby;
  }

  async quickJoin(request: LobbyQuickJoin): Promise<{ lobby: Lobby; created: boolean }> {
    return this.#changes.request("lobby:quickJoin", request);
  }

  /** Reads a lobby. If the user is a member, the client also follows it from then on. */
  async get(lobbyId: string): Promise<Lobby> {
    return (await this.#core.request("lobby:get", { lobbyId })).lobby;
  }

  /**
   * Reads the user's lobbies and follows those that this client does not know. A new client
   * does this by itself.
   */
  async refresh(): Promise<void> {
    await this.#core.request("lobby:mine", {});
  }

  async leave(request: { lobbyId?: string } = {}): Promise<void> {
    await this.#changes.request("lobby:leave", this.#in(request));
  }

  update(request: InLobby<LobbyUpdate>): Promise<LobbyVersion> {
    return this.#changes.request("lobby:update", this.#in(request));
  }

  setMember(request: InLobby<LobbySetMember>): Promise<LobbyVersion> {
    return this.#changes.request("lobby:setMember", this.#in(request));
  }

  ready(ready: boolean, request: Omit<InLobby<LobbyReady>, "ready"> = {}): Promise<LobbyVersion> {
    return this.#changes.request("lobby:ready", { ...this.#in(request), ready });
  }

  kick(request: InLobby<LobbyKick>): Promise<LobbyVersion> {
    return this.#changes.request("lobby:kick", this.#in(request));
  }

  ban(request: InLobby<LobbyBan>): Promise<LobbyVersion> {
    return this.#changes.request("lobby:ban", this.#in(request));
  }

  unban(request: InLobby<LobbyMemberRef>): Promise<LobbyVersion> {
    return this.#changes.request("lobby:unban", this.#in(request));
  }

  voteKick(request: InLobby<LobbyMemberRef>): Promise<LobbyVersion> {
    return this.#changes.request("lobby:voteKick", this.#in(request));
  }

  transferHost(request: InLobby<LobbyTransferHost>): Promise<LobbyVersion> {
    return this.#changes.request("lobby:transferHost", this.#in(request));
  }

  invite(request: InLobby<LobbyMemberRef>): Promise<LobbyInviteSent> {
    return this.#changes.request("lobby:invite", this.#in(request));
  }

  /** Accepts an invite, or declines it; after a decline there is no lobby. */
  async respondInvite(request: LobbyRespondInvite): Promise<Lobby | undefined> {
    return (await this.#changes.request("lobby:respondInvite", request))?.lobby;
  }

  requestJoin(request: LobbyRequestJoin): Promise<LobbyRequestSent> {
    return this.#changes.request("lobby:requestJoin", request);
  }

  respondJoin(request: InLobby<LobbyRespondJoin>): Promise<LobbyVersion> {
    return this.#changes.request("lobby:respondJoin", this.#in(request));
  }

  regenerateCode(request: { lobbyId?: string } = {}): Promise<LobbyCode> {
    return this.#changes.request("lobby:regenerateCode", this.#in(request));
  }

  start(request: { lobbyId?: string } = {}): Promise<LobbyVersion> {
    return this.#changes.request("lobby:start", this.#in(request));
  }

  cancelStart(request: { lobbyId?: string } = {}): Promise<LobbyVersion> {
    return this.#changes.request("lobby:cancelStart", this.#in(request));
  }

  /** Ends the running match, so that the lobby can play another round (host, by policy). */
  end(request: InLobby<LobbyEnd> = {}): Promise<LobbyVersion> {
    return this.#changes.request("lobby:end", this.#in(request));
  }

  close(request: { lobbyId?: string } = {}): Promise<LobbyVersion> {
    return this.#changes.request("lobby:close", this.#in(request));
  }

  search(request: LobbySearch): Promise<LobbyFound> {
    return this.#core.request("lobby:search", request);
  }

  /**
   * Calls listed for changes of the public lobbies of a type. When stale is called, changes
   * were missed: search again. The returned function ends the subscription.
   */
  async watch(type: string, listed: (change: LobbyListed) => void, stale: () => void = () => {}): Promise<() => Promise<void>> {
    const watcher = { type, listed, stale };
    this.#watchers.add(watcher);
    try {
      await this.#core.request("lobby:watch", { type });
    } catch (error) {
      this.#watchers.delete(watcher);
      throw error;
    }
    return async () => {
      this.#watchers.delete(watcher);
      const others = [...this.#watchers].some((other) => other.type === type);
      if (!others) await this.#core.request("lobby:unwatch", { type });
    };
  }

  #in<R extends { lobbyId?: string }>(request: R): R & { lobbyId: string } {
    // Without a lobby the server refuses the request and names the field.
    return { ...request, lobbyId: request.lobbyId ?? this.#current.value?.id ?? "" };
  }

  #entered(lobby: Lobby, meta: Meta | undefined): void {
    if (!this.#core.userId || !lobby.members[this.#core.userId]) return;
    const holds = this.#core.follow(meta);
    if (holds) this.#lobbies.enter(lobby);
    else if (!this.#lobbies.get(lobby.id)) background(this.get(lobby.id));
  }

  /**
   * Reads and follows one of the user's lobbies unless it is known. The user may have left
   * it since.
   */
  #restore(lobbyId: string): void {
    if (!this.#lobbies.get(lobbyId)) background(this.get(lobbyId));
  }

  #left(lobbyId: string): void {
    this.#lobbies.drop(lobbyId);
    this.#core.forget(`lobby:${lobbyId}`);
  }

  #dropInvite(inviteId: string): void {
    this.#invites.value = this.#invites.value.filter((invite) => invite.inviteId !== inviteId);
  }

  #dropRequest(lobbyId: string, userId: string): void {
    this.#requests.value = this.#requests.value.filter((asked) => asked.lobbyId !== lobbyId || asked.userId !== userId);
  }
}
