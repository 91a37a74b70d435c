package wire

// Lobby events.
const (
	EventLobbyCreate         = "lobby:create"         // request: LobbyCreate → LobbyState
	EventLobbyGet            = "lobby:get"            // request: LobbyGet → LobbyState
	EventLobbyMine           = "lobby:mine"           // request: LobbyMineRequest → LobbyMine
	EventLobbyJoin           = "lobby:join"           // request: LobbyJoin → LobbyState
	EventLobbyLeave          = "lobby:leave"          // request: LobbyLeave → nothing
	EventLobbyUpdate         = "lobby:update"         // request: LobbyUpdate → LobbyVersion
	EventLobbySetMember      = "lobby:setMember"      // request: LobbySetMember → LobbyVersion
	EventLobbyReady          = "lobby:ready"          // request: LobbyReady → LobbyVersion
	EventLobbyKick           = "lobby:kick"           // request: LobbyKick → LobbyVersion
	EventLobbyTransferHost   = "lobby:transferHost"   // request: LobbyTransferHost → LobbyVersion
	EventLobbyBan            = "lobby:ban"            // request: LobbyBan → LobbyVersion
	EventLobbyUnban          = "lobby:unban"          // request: LobbyMemberRef → LobbyVersion
	EventLobbyVoteKick       = "lobby:voteKick"       // request: LobbyMemberRef → LobbyVersion
	EventLobbyInvite         = "lobby:invite"         // request: LobbyMemberRef → LobbyInviteSent
	EventLobbyRespondInvite  = "lobby:respondInvite"  // request: LobbyRespondInvite → LobbyState, or nothing
	EventLobbyRequestJoin    = "lobby:requestJoin"    // request: LobbyRequestJoin → LobbyRequestSent
	EventLobbyRespondJoin    = "lobby:respondJoin"    // request: LobbyRespondJoin → LobbyVersion
	EventLobbyRegenerateCode = "lobby:regenerateCode" // request: LobbyRef → LobbyCode
	EventLobbyStart          = "lobby:start"          // request: LobbyRef → LobbyVersion
	EventLobbyCancelStart    = "lobby:cancelStart"    // request: LobbyRef → LobbyVersion
	EventLobbyEnd            = "lobby:end"            // request: LobbyEnd → LobbyVersion
	EventLobbyClose          = "lobby:close"          // request: LobbyRef → LobbyVersion
	EventLobbySearch         = "lobby:search"         // request: LobbySearch → LobbyFound
	EventLobbyWatch          = "lobby:watch"          // request: LobbyType → LobbyType
	EventLobbyUnwatch        = "lobby:unwatch"        // request: LobbyType → nothing
	EventLobbyQuickJoin      = "lobby:quickJoin"      // request: LobbyQuickJoin → LobbyQuickJoined
	EventLobbyListed         = "lobby:listed"         // push: LobbyListed
	EventLobbySnapshot       = "lobby:snapshot"       // push: LobbySnapshot
	EventLobbyPatch          = "lobby:patch"          // push: LobbyPatch
	EventLobbyStarting       = "lobby:starting"       // push: LobbyPatch with StartsAt
	EventLobbyHandoff        = "lobby:handoff"        // push: LobbyPatch with Match
	EventLobbyRemoved        = "lobby:removed"        // push: LobbyRemoved
	EventLobbyJoined         = "lobby:joined"         // push: LobbyJoined
	EventLobbyInvited        = "lobby:invited"        // push: LobbyInvited
	EventLobbyJoinRequested  = "lobby:joinRequested"  // push: LobbyJoinRequested
	EventLobbyJoinDeclined   = "lobby:joinDeclined"   // push: LobbyJoinDeclined
)

// LobbyStatus is the phase of a lobby.
type LobbyStatus string

// The phases of a lobby.
const (
	LobbyOpen     LobbyStatus = "open"
	LobbyLocked   LobbyStatus = "locked"
	LobbyStarting LobbyStatus = "starting"
	LobbyInMatch  LobbyStatus = "in_match"
	LobbyClosed   LobbyStatus = "closed"
)

// Visibility decides who can find a lobby.
type Visibility string

// The visibilities of a lobby.
const (
	VisibilityPublic Visibility = "public"
	// VisibilityFriends is handled as private, because the server knows no friends: a
	// friend joins by a member's invite or the code.
	VisibilityFriends Visibility = "friends"
	VisibilityPrivate Visibility = "private"
)

// Role is the role of a member in a lobby.
type Role string

// The roles of a member. A lobby that is not closed has exactly one host.
const (
	RoleHost      Role = "host"
	RoleMember    Role = "member"
	RoleSpectator Role = "spectator"
)

// Attributes are the application's own values: strings, finite numbers or
// booleans under keys that the lobby's policy declares.
type Attributes map[string]any

// Lobby is the state of a lobby as its members see it.
type Lobby struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	Name string `json:"name"`
	// Version is the seq of the lobby's stream, and Epoch the epoch of that seq. After a
	// restart of the store, the next patch replaces both.
	Version     uint64            `json:"version"`
	Epoch       string            `json:"epoch"`
	HostID      string            `json:"hostId"`
	Status      LobbyStatus       `json:"status"`
	Visibility  Visibility        `json:"visibility"`
	Code        string            `json:"code,omitempty"`
	HasPassword bool              `json:"hasPassword"`
	MaxMembers  int               `json:"maxMembers"`
	Members     map[string]Member `json:"members"` // by user id
	Attributes  Attributes        `json:"attributes"`
	Policy      PolicyRef         `json:"policy"`
	// StartsAt is the end of the countdown while the lobby is starting.
	StartsAt int64  `json:"startsAt,omitempty"`
	MatchID  string `json:"matchId,omitempty"`
	// Match is the match of lobby:handoff, while the match runs.
	Match *Match `json:"match,omitempty"`
	// LastMatch is the end of the previous match.
	LastMatch *MatchEnd `json:"lastMatch,omitempty"`
	// Votes counts the votes to kick a player, by the player's id.
	Votes     map[string]int `json:"votes,omitempty"`
	CreatedAt int64          `json:"createdAt"`
	ExpiresAt int64          `json:"expiresAt"`
}

// Member is one user in a lobby.
type Member struct {
	Role Role   `json:"role"`
	Name string `json:"name,omitempty"`
	Team string `json:"team,omitempty"`
	// Slot is the member's place, 0-based, kept until the member leaves or swaps places.
	Slot  int  `json:"slot"`
	Ready bool `json:"ready"`
	// SwapWith is the other member of the swap of places that this member offers.
	SwapWith string `json:"swapWith,omitempty"`
	// Connected is false while the disconnected member may still reconnect
	// (disconnectGrace).
	Connected  bool       `json:"connected"`
	JoinedAt   int64      `json:"joinedAt"`
	Attributes Attributes `json:"attributes"`
}

// PolicyRef names the LobbyPolicy and the revision under which a lobby was created.
type PolicyRef struct {
	Name     string `json:"name"`
	Revision string `json:"revision"`
}

// LobbyCreate creates a lobby with the caller as its host.
type LobbyCreate struct {
	Key
	// Type is a LobbyPolicy's lobbyType.
	Type       string     `json:"type" validate:"required,max=63"`
	Name       string     `json:"name,omitempty" validate:"max=64,line"`
	Visibility Visibility `json:"visibility,omitempty" validate:"omitempty,oneof=public friends private"`
	// MaxMembers is within the policy's size; 0, or left out, means the policy's maximum.
	MaxMembers int    `json:"maxMembers,omitempty" validate:"min=0,max=1000"`
	Password   string `json:"password,omitempty" validate:"max=72"`
	// Attributes are the lobby's; Member holds the host's own attributes.
	Attributes Attributes  `json:"attributes,omitempty" validate:"max=64,texts"`
	Member     *MemberInit `json:"member,omitempty"`
	// PartyID includes the party that the caller leads, as in [LobbyJoin].
	PartyID string `json:"partyId,omitempty" validate:"max=64"`
}

// MemberInit holds a user's own values when the user creates or joins a lobby.
type MemberInit struct {
	Team       string     `json:"team,omitempty" validate:"max=32"`
	Attributes Attributes `json:"attributes,omitempty" validate:"max=64,texts"`
}

// LobbyGet reads a lobby; a member also subscribes to its stream.
type LobbyGet struct {
	LobbyID string `json:"lobbyId" validate:"required,max=64"`
}

// LobbyJoin joins by id, by code or by an invite; exactly one must be given. PartyID
// includes the party that the caller leads, as a whole or not at all. The other players
// of the party become members who are not connected yet, and receive [LobbyJoined].
type LobbyJoin struct {
	Key
	LobbyID  string `json:"lobbyId,omitempty" validate:"max=64"`
	Code     string `json:"code,omitempty" validate:"max=16"`
	InviteID string `json:"inviteId,omitempty" validate:"max=64"`
	Password string `json:"password,omitempty" validate:"max=72"`
	// As is member (the default) or spectator.
	As Role `json:"as,omitempty" validate:"omitempty,oneof=member spectator"`
	// Team is a short form of member.team.
	Team   string      `json:"team,omitempty" validate:"max=32"`
	Member *MemberInit `json:"member,omitempty"`
	// PartyID is for a join by id or code; an invite is for a single user.
	PartyID string `json:"partyId,omitempty" validate:"max=64"`
}

// LobbyState acknowledges create, get and join.
type LobbyState struct {
	Lobby Lobby `json:"lobby"`
}

// LobbyVersion acknowledges a change with the version after it.
type LobbyVersion struct {
	LobbyID string `json:"lobbyId"`
	Version uint64 `json:"version"`
}

// LobbyLeave leaves a lobby.
type LobbyLeave struct {
	Key
	LobbyID string `json:"lobbyId" validate:"required,max=64"`
}

// LobbyUpdate changes the lobby itself. With ExpectedVersion it is refused with
// [CodeVersionConflict] when the lobby has a later version.
type LobbyUpdate struct {
	Key
	LobbyID string `json:"lobbyId" validate:"required,max=64"`
	// ExpectedVersion is a version of the lobby; 0, or left out, accepts any version.
	ExpectedVersion uint64    `json:"expectedVersion,omitempty"`
	Set             *LobbySet `json:"set,omitempty"`
	// Unset removes lobby attributes by key, or "password".
	Unset []string `json:"unset,omitempty" validate:"max=64,dive,required,max=64"`
}

// LobbySet holds the changes of [LobbyUpdate]; absent fields do not change.
type LobbySet struct {
	Name       *string     `json:"name,omitempty" validate:"omitempty,max=64,line"`
	Visibility *Visibility `json:"visibility,omitempty" validate:"omitempty,oneof=public friends private"`
	MaxMembers *int        `json:"maxMembers,omitempty" validate:"omitempty,min=1,max=1000"`
	Locked     *bool       `json:"locked,omitempty"`
	Password   *string     `json:"password,omitempty" validate:"omitempty,min=1,max=72"`
	Attributes Attributes  `json:"attributes,omitempty" validate:"max=64,texts"`
}

// LobbySetMember changes a member: the caller, or with UserID (host only) another member.
type LobbySetMember struct {
	Key
	LobbyID string  `json:"lobbyId" validate:"required,max=64"`
	UserID  string  `json:"userId,omitempty" validate:"max=128"`
	Team    *string `json:"team,omitempty" validate:"omitempty,max=32"`
	// Role makes a spectator a player if there is room, or the reverse.
	Role Role `json:"role,omitempty" validate:"omitempty,oneof=member spectator"`
	// SwapWith offers a member to swap places: team, slot and role. The swap takes effect
	// when the other member offers the same within a minute, or at once for the host; ""
	// withdraws the offer. Nothing else is swapped.
	SwapWith   *string    `json:"swapWith,omitempty" validate:"omitempty,max=128"`
	Attributes Attributes `json:"attributes,omitempty" validate:"max=64,texts"`
	Unset      []string   `json:"unset,omitempty" validate:"max=64,dive,required,max=64"`
}

// LobbyEnd ends the running match, where the policy allows it (host only). The lobby is
// open again, or locked as before, with its current members; nobody is ready.
type LobbyEnd struct {
	Key
	LobbyID string `json:"lobbyId" validate:"required,max=64"`
	// MatchID is the match to end; left out, any running match.
	MatchID string `json:"matchId,omitempty" validate:"max=128"`
	// Result is shown in the lobby until its next match ends: at most 16 keys and 2 KiB
	// of texts, numbers and booleans.
	Result Attributes `json:"result,omitempty" validate:"max=16,texts"`
	// Reason is published with the end.
	Reason string `json:"reason,omitempty" validate:"max=128,lines"`
}

// MatchEnd describes the end of a lobby's match.
type MatchEnd struct {
	ID        string `json:"matchId"`
	StartedAt int64  `json:"startedAt"`
	EndedAt   int64  `json:"endedAt"`
	// EndedBy is the host who ended the match; absent when a back end did.
	EndedBy string     `json:"endedBy,omitempty"`
	Result  Attributes `json:"result,omitempty"`
}

// LobbyReady sets whether the caller is ready.
type LobbyReady struct {
	Key
	LobbyID string `json:"lobbyId" validate:"required,max=64"`
	Ready   bool   `json:"ready"`
}

// LobbyKick removes a member (host only).
type LobbyKick struct {
	Key
	LobbyID string `json:"lobbyId" validate:"required,max=64"`
	UserID  string `json:"userId" validate:"required,max=128"`
	Reason  string `json:"reason,omitempty" validate:"max=128,lines"`
}

// LobbyTransferHost makes another member the host (host only).
type LobbyTransferHost struct {
	Key
	LobbyID string `json:"lobbyId" validate:"required,max=64"`
	UserID  string `json:"userId" validate:"required,max=128"`
}

// LobbySnapshot is the whole state, pushed when patches cannot bridge a gap.
type LobbySnapshot struct {
	Lobby Lobby `json:"lobby"`
	Meta  *Meta `json:"meta,omitempty"`
}

// LobbyPatch takes a lobby from version From to To = From + 1.
type LobbyPatch struct {
	LobbyID string    `json:"lobbyId"`
	From    uint64    `json:"from"`
	To      uint64    `json:"to"`
	Ops     []PatchOp `json:"ops"`
	Cause   Cause     `json:"cause"`
	// StartsAt is set in lobby:starting and Match in lobby:handoff. Both are patches of
	// the version alone: the preceding patch has the change itself.
	StartsAt int64  `json:"startsAt,omitempty"`
	Match    *Match `json:"match,omitempty"`
	Meta     *Meta  `json:"meta,omitempty"`
}

// Event returns the name of the push that carries the patch.
func (p LobbyPatch) Event() string {
	switch {
	case p.StartsAt != 0:
		return EventLobbyStarting
	case p.Match != nil:
		return EventLobbyHandoff
	}
	return EventLobbyPatch
}

// PatchOp is an operation of JSON Patch (RFC 6902): add, replace or remove. Its path is
// within the lobby.
type PatchOp struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// Cause names the change of a lobby and the user behind it.
type Cause struct {
	Type    CauseType `json:"type"`
	ActorID string    `json:"actorId,omitempty"`
	Reason  string    `json:"reason,omitempty"`
}

// CauseType names a change of a lobby.
type CauseType string

// The causes of a change.
const (
	CauseCreated            CauseType = "created"
	CauseMemberJoined       CauseType = "member_joined"
	CauseMemberLeft         CauseType = "member_left"
	CauseMemberKicked       CauseType = "member_kicked"
	CauseMemberUpdated      CauseType = "member_updated"
	CauseMemberReady        CauseType = "member_ready"
	CauseMemberDisconnected CauseType = "member_disconnected"
	CauseMemberReconnected  CauseType = "member_reconnected"
	CauseMemberTimedOut     CauseType = "member_timed_out"
	CauseHostTransferred    CauseType = "host_transferred"
	CauseHostMigrated       CauseType = "host_migrated"
	CauseUpdated            CauseType = "updated"
	CauseClosed             CauseType = "closed"
	CauseMemberBanned       CauseType = "member_banned"
	CauseUnbanned           CauseType = "unbanned"
	CauseVoted              CauseType = "voted"
	CauseMemberVotedOut     CauseType = "member_voted_out"
	CauseJoinRequested      CauseType = "join_requested"
	CauseJoinAnswered       CauseType = "join_answered"
	CauseStarting           CauseType = "starting"
	CauseStartCancelled     CauseType = "start_cancelled"
	CauseMatchStarted       CauseType = "match_started"
	CauseMatchReported      CauseType = "match_reported"
	CauseMatchEnded         CauseType = "match_ended"
	CausePolicyChanged      CauseType = "policy_changed"
)

// LobbyRemoved notifies a user that it is no longer in a lobby.
type LobbyRemoved struct {
	LobbyID string `json:"lobbyId"`
	// Reason is kicked, banned, timed_out or closed; left when the user left over another
	// of its connections; lost when the server has lost the lobby, and then Meta is
	// absent.
	Reason  string `json:"reason"`
	Message string `json:"message,omitempty"`
	// Version is the version of the lobby without the user; absent when the lobby was
	// lost. A client that received the lobby with the user at this version or later
	// ignores the push, because the user has joined again.
	Version uint64 `json:"version,omitempty"`
	Meta    *Meta  `json:"meta,omitempty"`
}

// Match is the hand-off of a lobby's players to their match.
type Match struct {
	ID        string                 `json:"matchId"`
	LobbyID   string                 `json:"lobbyId"`
	StartedAt int64                  `json:"startedAt"`
	Players   map[string]MatchPlayer `json:"players"` // by user id
	// Connection is the address of the match, once a back end has reported it.
	Connection Attributes `json:"connection,omitempty"`
}

// MatchPlayer is a player's place in a match.
type MatchPlayer struct {
	Team string `json:"team,omitempty"`
	Slot int    `json:"slot"`
}
