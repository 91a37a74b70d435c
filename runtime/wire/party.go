package wire

// Party events.
const (
	EventPartyCreate        = "party:create"         // request: PartyCreate → PartyState
	EventPartyGet           = "party:get"            // request: PartyGet → PartyState
	EventPartyInvite        = "party:invite"         // request: PartyInvite → PartyInviteSent
	EventPartyRespondInvite = "party:respondInvite"  // request: PartyRespondInvite → PartyState, or nothing when declined
	EventPartyJoin          = "party:join"           // request: PartyJoin → PartyState
	EventPartyLeave         = "party:leave"          // request: PartyLeave → nothing
	EventPartyKick          = "party:kick"           // request: PartyKick → PartyVersion
	EventPartyPromote       = "party:promote"        // request: PartyPromote → PartyVersion
	EventPartySetMember     = "party:setMember"      // request: PartySetMember → PartyVersion
	EventPartyBan           = "party:ban"            // request: PartyBan → PartyVersion
	EventPartyUnban         = "party:unban"          // request: PartyUnban → PartyVersion
	EventPartyUpdate        = "party:update"         // request: PartyUpdate → PartyVersion
	EventPartyReady         = "party:ready"          // request: PartyReady → PartyVersion
	EventPartyNewCode       = "party:regenerateCode" // request: PartyNewCode → PartyCode
	EventPartySnapshot      = "party:snapshot"       // push: PartySnapshot
	EventPartyPatch         = "party:patch"          // push: PartyPatch
	EventPartyInvited       = "party:invited"        // push: PartyInvited
	EventPartyRemoved       = "party:removed"        // push: PartyRemoved
)

// PartyRole is the role of a member in a party.
type PartyRole string

// The roles of a member. A party that has not ended has exactly one leader.
const (
	PartyLeader PartyRole = "leader"
	PartyMember PartyRole = "member"
)

// Party is the state of a party as its members see it. Other users do not see it.
type Party struct {
	ID string `json:"id"`
	// Version is the seq of the party's stream, and Epoch the epoch of that seq. After a
	// restart of the store, the next patch replaces both.
	Version  uint64 `json:"version"`
	Epoch    string `json:"epoch"`
	LeaderID string `json:"leaderId"`
	// Code admits users while the party is joinable.
	Code       string `json:"code"`
	MaxMembers int    `json:"maxMembers"`
	// Joinable is false while the leader closes the party to its code: users then join
	// only by an invite.
	Joinable   bool                       `json:"joinable"`
	Attributes Attributes                 `json:"attributes"`
	Members    map[string]PartyMemberView `json:"members"` // by user id
	// Invited are the users with a pending invite, with its expiry.
	Invited   map[string]int64 `json:"invited"`
	Closed    bool             `json:"closed"`
	CreatedAt int64            `json:"createdAt"`
}

// PartyMemberView is one user in a party.
type PartyMemberView struct {
	Role PartyRole `json:"role"`
	Name string    `json:"name,omitempty"`
	// Ready is the member's last party:ready. The members are no longer ready when a
	// member joins or leaves, or when the leader changes the party's size or attributes.
	Ready bool `json:"ready"`
	// Connected is false while the disconnected member may still reconnect.
	Connected  bool       `json:"connected"`
	JoinedAt   int64      `json:"joinedAt"`
	Attributes Attributes `json:"attributes"`
}

// PartyCreate creates a party with the caller as leader. A user is in at most one party.
type PartyCreate struct {
	Key
	// MaxMembers is 2 to 16; 0, or left out, means 8.
	MaxMembers int        `json:"maxMembers,omitempty" validate:"min=0,max=16"`
	Attributes Attributes `json:"attributes,omitempty" validate:"max=16,texts"`
}

// PartyGet reads the caller's party and subscribes to its stream; an id is optional.
type PartyGet struct {
	PartyID string `json:"partyId,omitempty" validate:"max=64"`
}

// PartyInvite invites a user. Any member may; a user with a pending invite receives the
// same invite with a new expiry.
type PartyInvite struct {
	Key
	PartyID string `json:"partyId" validate:"required,max=64"`
	UserID  string `json:"userId" validate:"required,max=128"`
}

// PartyInviteSent acknowledges [PartyInvite].
type PartyInviteSent struct {
	InviteID  string `json:"inviteId"`
	ExpiresAt int64  `json:"expiresAt"`
}

// PartyRespondInvite accepts or declines an invite.
type PartyRespondInvite struct {
	Key
	InviteID   string     `json:"inviteId" validate:"required,max=64"`
	Accept     bool       `json:"accept"`
	Attributes Attributes `json:"attributes,omitempty" validate:"max=16,texts"`
}

// PartyJoin joins by the party's code.
type PartyJoin struct {
	Key
	Code       string     `json:"code" validate:"required,max=16"`
	Attributes Attributes `json:"attributes,omitempty" validate:"max=16,texts"`
}

// PartyState acknowledges create, get, join and an accepted invite.
type PartyState struct {
	Party Party `json:"party"`
}

// PartyVersion acknowledges a change with the version after it.
type PartyVersion struct {
	PartyID string `json:"partyId"`
	Version uint64 `json:"version"`
}

// PartyLeave leaves a party. When the leader leaves, the connected member with the
// longest membership becomes the leader.
type PartyLeave struct {
	Key
	PartyID string `json:"partyId" validate:"required,max=64"`
}

// PartyKick removes a member (leader only). The user cannot rejoin by the code for ten
// minutes, unless the leader invites it or lifts the block with [PartyUnban].
type PartyKick struct {
	Key
	PartyID string `json:"partyId" validate:"required,max=64"`
	UserID  string `json:"userId" validate:"required,max=128"`
	Reason  string `json:"reason,omitempty" validate:"max=128,lines"`
}

// PartyBan bans a user for the life of the party, and removes a member (leader only). At
// most 64 users are banned at once.
type PartyBan struct {
	Key
	PartyID string `json:"partyId" validate:"required,max=64"`
	UserID  string `json:"userId" validate:"required,max=128"`
	Reason  string `json:"reason,omitempty" validate:"max=128,lines"`
}

// PartyUnban lets a banned or kicked user join again (leader only).
type PartyUnban struct {
	Key
	PartyID string `json:"partyId" validate:"required,max=64"`
	UserID  string `json:"userId" validate:"required,max=128"`
}

// PartyUpdate changes the party itself (leader only). With ExpectedVersion it is refused
// with [CodeVersionConflict] when the party has a later version.
type PartyUpdate struct {
	Key
	PartyID string `json:"partyId" validate:"required,max=64"`
	// ExpectedVersion is a version of the party; 0, or left out, accepts any version.
	ExpectedVersion uint64    `json:"expectedVersion,omitempty"`
	Set             *PartySet `json:"set,omitempty"`
	// Unset removes attributes of the party by key.
	Unset []string `json:"unset,omitempty" validate:"max=16,dive,required,max=64"`
}

// PartySet holds the changes of [PartyUpdate]; absent fields do not change.
type PartySet struct {
	// MaxMembers is 2 to 16, and at least the current number of members.
	MaxMembers *int       `json:"maxMembers,omitempty" validate:"omitempty,min=2,max=16"`
	Joinable   *bool      `json:"joinable,omitempty"`
	Attributes Attributes `json:"attributes,omitempty" validate:"max=16,texts"`
}

// PartyReady sets whether the caller is ready.
type PartyReady struct {
	Key
	PartyID string `json:"partyId" validate:"required,max=64"`
	Ready   bool   `json:"ready"`
}

// PartyNewCode replaces the party's code; the old code becomes invalid (leader only).
type PartyNewCode struct {
	Key
	PartyID string `json:"partyId" validate:"required,max=64"`
}

// PartyCode acknowledges [PartyNewCode].
type PartyCode struct {
	PartyID string `json:"partyId"`
	Version uint64 `json:"version"`
	Code    string `json:"code"`
}

// PartyPromote makes another member the leader (leader only).
type PartyPromote struct {
	Key
	PartyID string `json:"partyId" validate:"required,max=64"`
	UserID  string `json:"userId" validate:"required,max=128"`
}

// PartySetMember changes the caller's own attributes.
type PartySetMember struct {
	Key
	PartyID    string     `json:"partyId" validate:"required,max=64"`
	Attributes Attributes `json:"attributes,omitempty" validate:"max=16,texts"`
	Unset      []string   `json:"unset,omitempty" validate:"max=16,dive,required,max=64"`
}

// PartySnapshot is the whole state, pushed when patches cannot bridge a gap.
type PartySnapshot struct {
	Party Party `json:"party"`
	Meta  *Meta `json:"meta,omitempty"`
}

// PartyPatch takes a party from version From to To = From + 1.
type PartyPatch struct {
	PartyID string    `json:"partyId"`
	From    uint64    `json:"from"`
	To      uint64    `json:"to"`
	Ops     []PatchOp `json:"ops"`
	Cause   Cause     `json:"cause"`
	Meta    *Meta     `json:"meta,omitempty"`
}

// The causes of changes that only parties have.
const (
	CauseInvited          CauseType = "invited"
	CauseInviteDeclined   CauseType = "invite_declined"
	CauseInviteExpired    CauseType = "invite_expired"
	CauseLeaderPromoted   CauseType = "leader_promoted"
	CauseLeaderSuccession CauseType = "leader_succession"
)

// PartyInvited invites a user, on its own stream, into a party.
type PartyInvited struct {
	InviteID  string `json:"inviteId"`
	PartyID   string `json:"partyId"`
	FromID    string `json:"fromId"`
	FromName  string `json:"fromName,omitempty"`
	ExpiresAt int64  `json:"expiresAt"`
	Meta      *Meta  `json:"meta,omitempty"`
}

// PartyRemoved notifies a user that it is no longer in a party.
type PartyRemoved struct {
	PartyID string `json:"partyId"`
	// Reason is kicked, banned or timed_out; left when the user left over another of its
	// connections; lost when the server has lost the party.
	Reason  string `json:"reason"`
	Message string `json:"message,omitempty"`
	// Version is the version of the party without the user; absent when the party was
	// lost. A client that received the party with the user at this version or later
	// ignores the push, because the user has joined again.
	Version uint64 `json:"version,omitempty"`
	Meta    *Meta  `json:"meta,omitempty"`
}
