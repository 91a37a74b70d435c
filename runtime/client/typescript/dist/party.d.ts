import { type Core } from "./facade.js";
import { type Observable } from "./observable.js";
import type { Party, PartyCreate, PartyInvite, PartyInvited, PartyInviteSent, PartyJoin, PartyKick, PartyPromote, PartyRemoved, PartyRespondInvite, PartySetMember, PartyVersion } from "./wire.js";
/** A request about the party that the user is in. */
export type InParty<Request extends {
    partyId: string;
}> = Omit<Request, "partyId"> & {
    partyId?: string;
};
/** The party that the user is in; there is one at most. */
export declare class PartyFacade {
    #private;
    constructor(core: Core);
    get current(): Observable<Party | undefined>;
    /** Invites that wait for an answer, at most 16. Look at expiresAt: nobody is told when one runs out. */
    get invites(): Observable<readonly PartyInvited[]>;
    /** The last party that the user was removed from, and why. */
    get removed(): Observable<PartyRemoved | undefined>;
    create(request?: PartyCreate): Promise<Party>;
    /** Joins by the party's code. */
    join(request: PartyJoin): Promise<Party>;
    /** Reads the party that the user is in, perhaps over another device, and follows it; undefined when there is none. */
    get(): Promise<Party | undefined>;
    invite(request: InParty<PartyInvite>): Promise<PartyInviteSent>;
    /** Takes an invite, or declines it; then there is no party. */
    respondInvite(request: PartyRespondInvite): Promise<Party | undefined>;
    leave(): Promise<void>;
    kick(request: InParty<PartyKick>): Promise<PartyVersion>;
    promote(request: InParty<PartyPromote>): Promise<PartyVersion>;
    setMember(request: InParty<PartySetMember>): Promise<PartyVersion>;
}
