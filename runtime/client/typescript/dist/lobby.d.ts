import { type Core } from "./facade.js";
import { type Observable } from "./observable.js";
import type { Lobby, LobbyBan, LobbyCode, LobbyCreate, LobbyFound, LobbyInvited, LobbyInviteSent, LobbyJoin, LobbyJoinRequested, LobbyKick, LobbyListed, LobbyMemberRef, LobbyQuickJoin, LobbyReady, LobbyRemoved, LobbyRequestJoin, LobbyRequestSent, LobbyRespondInvite, LobbyRespondJoin, LobbySearch, LobbySetMember, LobbyTransferHost, LobbyUpdate, LobbyVersion } from "./wire.js";
/** A request about a lobby; without lobbyId, the current one is meant. */
export type InLobby<Request extends {
    lobbyId: string;
}> = Omit<Request, "lobbyId"> & {
    lobbyId?: string;
};
/** The lobbies that the user is in, and those that it looks for. */
export declare class LobbyFacade {
    #private;
    constructor(core: Core);
    /** The lobby that was entered last. */
    get current(): Observable<Lobby | undefined>;
    /** All lobbies that the user is in over this client, in the order in which it came in. */
    get joined(): Observable<readonly Lobby[]>;
    /** Invites that wait for an answer, at most 32. Look at expiresAt: nobody is told when one runs out. */
    get invites(): Observable<readonly LobbyInvited[]>;
    /** Users who ask the user, a host, to be let in; at most 32. */
    get joinRequests(): Observable<readonly LobbyJoinRequested[]>;
    /** The last lobby that the user was removed from, and why. */
    get removed(): Observable<LobbyRemoved | undefined>;
    create(request: LobbyCreate): Promise<Lobby>;
    /** Joins by lobbyId, code or inviteId. */
    join(request: LobbyJoin): Promise<Lobby>;
    quickJoin(request: LobbyQuickJoin): Promise<{
        lobby: Lobby;
        created: boolean;
    }>;
    /** Reads a lobby; one that the user is in is also followed from then on. */
    get(lobbyId: string): Promise<Lobby>;
    leave(request?: {
        lobbyId?: string;
    }): Promise<void>;
    update(request: InLobby<LobbyUpdate>): Promise<LobbyVersion>;
    setMember(request: InLobby<LobbySetMember>): Promise<LobbyVersion>;
    ready(ready: boolean, request?: Omit<InLobby<LobbyReady>, "ready">): Promise<LobbyVersion>;
    kick(request: InLobby<LobbyKick>): Promise<LobbyVersion>;
    ban(request: InLobby<LobbyBan>): Promise<LobbyVersion>;
    unban(request: InLobby<LobbyMemberRef>): Promise<LobbyVersion>;
    voteKick(request: InLobby<LobbyMemberRef>): Promise<LobbyVersion>;
    transferHost(request: InLobby<LobbyTransferHost>): Promise<LobbyVersion>;
    invite(request: InLobby<LobbyMemberRef>): Promise<LobbyInviteSent>;
    /** Takes an invite, or declines it; then there is no lobby. */
    respondInvite(request: LobbyRespondInvite): Promise<Lobby | undefined>;
    requestJoin(request: LobbyRequestJoin): Promise<LobbyRequestSent>;
    respondJoin(request: InLobby<LobbyRespondJoin>): Promise<LobbyVersion>;
    regenerateCode(request?: {
        lobbyId?: string;
    }): Promise<LobbyCode>;
    start(request?: {
        lobbyId?: string;
    }): Promise<LobbyVersion>;
    cancelStart(request?: {
        lobbyId?: string;
    }): Promise<LobbyVersion>;
    close(request?: {
        lobbyId?: string;
    }): Promise<LobbyVersion>;
    search(request: LobbySearch): Promise<LobbyFound>;
    /**
     * Hears what changes among the public lobbies of a type. After stale() changes were
     * missed: search again. The returned function ends it.
     */
    watch(type: string, listed: (change: LobbyListed) => void, stale?: () => void): Promise<() => Promise<void>>;
}
