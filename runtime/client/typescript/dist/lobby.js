import { Documents } from "./documents.js";
import { background } from "./facade.js";
import { State } from "./observable.js";
/** The lobbies that the user is in, and those that it looks for. */
export class LobbyFacade {
    #core;
    #lobbies = new Documents();
    #current = new State(undefined);
    #invites = new State([]);
    #requests = new State([]);
    #removed = new State(undefined);
    constructor(core) {
        this.#core = core;
        this.#lobbies.all.subscribe((all) => (this.#current.value = all.at(-1)));
        for (const event of ["lobby:create", "lobby:join", "lobby:get", "lobby:quickJoin", "lobby:respondInvite"]) {
            core.answered(event, (data, _, meta) => data && this.#entered(data.lobby, meta));
        }
        core.answered("lobby:leave", (_, request) => this.#left(request.lobbyId));
        core.answered("lobby:watch", (_data, _request, meta) => void core.follow(meta));
        core.answered("lobby:unwatch", (_, request) => core.forget(`lobbies:${request.type}`));
        core.answered("lobby:respondInvite", (_, request) => this.#dropInvite(request.inviteId));
        core.answered("lobby:respondJoin", (_, request) => this.#dropRequest(request.lobbyId, request.userId));
        for (const event of ["lobby:patch", "lobby:starting", "lobby:handoff"]) {
            core.hear(event, ({ lobbyId, to, ops, meta }) => this.#lobbies.patch(lobbyId, to, meta?.epoch, ops));
        }
        core.hear("lobby:snapshot", ({ lobby }) => this.#lobbies.take(lobby));
        core.hear("lobby:removed", (removed) => {
            this.#left(removed.lobbyId);
            this.#removed.value = removed;
        });
        core.hear("lobby:invited", (invite) => {
            this.#invites.value = [...this.#invites.value.filter((other) => other.inviteId !== invite.inviteId), invite].slice(-32);
        });
        core.hear("lobby:joinRequested", (asked) => {
            this.#dropRequest(asked.lobbyId, asked.userId);
            this.#requests.value = [...this.#requests.value, asked].slice(-32);
        });
        core.lost((stream, refused) => {
            if (stream.startsWith("lobby:") && refused)
                this.#left(stream.slice("lobby:".length));
        });
    }
    /** The lobby that was entered last. */
    get current() {
        return this.#current;
    }
    /** All lobbies that the user is in over this client, in the order in which it came in. */
    get joined() {
        return this.#lobbies.all;
    }
    /** Invites that wait for an answer, at most 32. Look at expiresAt: nobody is told when one runs out. */
    get invites() {
        return this.#invites;
    }
    /** Users who ask the user, a host, to be let in; at most 32. */
    get joinRequests() {
        return this.#requests;
    }
    /** The last lobby that the user was removed from, and why. */
    get removed() {
        return this.#removed;
    }
    async create(request) {
        return (await this.#core.request("lobby:create", request)).lobby;
    }
    /** Joins by lobbyId, code or inviteId. */
    async join(request) {
        return (await this.#core.request("lobby:join", request)).lobby;
    }
    async quickJoin(request) {
        return this.#core.request("lobby:quickJoin", request);
    }
    /** Reads a lobby; one that the user is in is also followed from then on. */
    async get(lobbyId) {
        return (await this.#core.request("lobby:get", { lobbyId })).lobby;
    }
    async leave(request = {}) {
        await this.#core.request("lobby:leave", this.#in(request));
    }
    update(request) {
        return this.#core.request("lobby:update", this.#in(request));
    }
    setMember(request) {
        return this.#core.request("lobby:setMember", this.#in(request));
    }
    ready(ready, request = {}) {
        return this.#core.request("lobby:ready", { ...this.#in(request), ready });
    }
    kick(request) {
        return this.#core.request("lobby:kick", this.#in(request));
    }
    ban(request) {
        return this.#core.request("lobby:ban", this.#in(request));
    }
    unban(request) {
        return this.#core.request("lobby:unban", this.#in(request));
    }
    voteKick(request) {
        return this.#core.request("lobby:voteKick", this.#in(request));
    }
    transferHost(request) {
        return this.#core.request("lobby:transferHost", this.#in(request));
    }
    invite(request) {
        return this.#core.request("lobby:invite", this.#in(request));
    }
    /** Takes an invite, or declines it; then there is no lobby. */
    async respondInvite(request) {
        return (await this.#core.request("lobby:respondInvite", request))?.lobby;
    }
    requestJoin(request) {
        return this.#core.request("lobby:requestJoin", request);
    }
    respondJoin(request) {
        return this.#core.request("lobby:respondJoin", this.#in(request));
    }
    regenerateCode(request = {}) {
        return this.#core.request("lobby:regenerateCode", this.#in(request));
    }
    start(request = {}) {
        return this.#core.request("lobby:start", this.#in(request));
    }
    cancelStart(request = {}) {
        return this.#core.request("lobby:cancelStart", this.#in(request));
    }
    close(request = {}) {
        return this.#core.request("lobby:close", this.#in(request));
    }
    search(request) {
        return this.#core.request("lobby:search", request);
    }
    /**
     * Hears what changes among the public lobbies of a type. After stale() changes were
     * missed: search again. The returned function ends it.
     */
    async watch(type, listed, stale = () => { }) {
        let on = true;
        this.#core.hear("lobby:listed", (change) => on && change.type === type && listed(change));
        this.#core.lost((stream) => on && stream === `lobbies:${type}` && stale());
        await this.#core.request("lobby:watch", { type });
        return async () => {
            on = false;
            await this.#core.request("lobby:unwatch", { type });
        };
    }
    #in(request) {
        // Without a lobby the server refuses, and names the field.
        return { ...request, lobbyId: request.lobbyId ?? this.#current.value?.id ?? "" };
    }
    #entered(lobby, meta) {
        if (!this.#core.userId || !lobby.members[this.#core.userId])
            return;
        const holds = this.#core.follow(meta);
        if (holds)
            this.#lobbies.take(lobby);
        else if (!this.#lobbies.get(lobby.id))
            background(this.get(lobby.id));
    }
    #left(lobbyId) {
        this.#lobbies.drop(lobbyId);
        this.#core.forget(`lobby:${lobbyId}`);
    }
    #dropInvite(inviteId) {
        this.#invites.value = this.#invites.value.filter((invite) => invite.inviteId !== inviteId);
    }
    #dropRequest(lobbyId, userId) {
        this.#requests.value = this.#requests.value.filter((asked) => asked.lobbyId !== lobbyId || asked.userId !== userId);
    }
}
