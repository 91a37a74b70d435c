package wire

// LobbyRef names a lobby.
type LobbyRef struct {
	Key
	LobbyID string `json:"lobbyId" validate:"required,max=64"`
}

// LobbyMemberRef names a user for a lobby.
type LobbyMemberRef struct {
	Key
	LobbyID string `json:"lobbyId" validate:"required,max=64"`
	UserID  string `json:"userId" validate:"required,max=128"`
}

// LobbyBan keeps a user out, and takes it out if it is in (host only).
type LobbyBan struct {
	Key
	LobbyID string `json:"lobbyId" validate:"required,max=64"`
	UserID  string `json:"userId" validate:"required,max=128"`
	Reason  string `json:"reason,omitempty" validate:"max=128,lines"`
}

// LobbyInviteSent acknowledges lobby:invite.
type LobbyInviteSent struct {
	LobbyID   string `json:"lobbyId"`
	InviteID  string `json:"inviteId"`
	ExpiresAt int64  `json:"expiresAt"`
}

// LobbyJoined tells a user, on its own stream, that it is a member of a lobby that it did
// not join itself: its party's leader, a match or a back end put it there. It is connected
// as soon as it asks for the lobby (lobby:get), or connects anew; until ExpiresAt its place
// is kept.
type LobbyJoined struct {
	LobbyID string `json:"lobbyId"`
	Type    string `json:"type"`
	Name    string `json:"name,omitempty"`
	// PartyID and FromID, the leader, are there when Reason is party.
	PartyID  string       `json:"partyId,omitempty"`
	FromID   string       `json:"fromId,omitempty"`
	FromName string       `json:"fromName,omitempty"`
	Reason   JoinedReason `json:"reason"`
	// ExpiresAt is when the user leaves if it has not come, in milliseconds since the epoch.
	ExpiresAt int64 `json:"expiresAt"`
	Meta      *Meta `json:"meta,omitempty"`
}

// JoinedReason is why a user is a member of a lobby that it did not join itself.
type JoinedReason string

// The reasons of [LobbyJoined].
const (
	JoinedWithParty JoinedReason = "party"
	JoinedByMatch   JoinedReason = "match" // of a queue, or its backfill
	JoinedByServer  JoinedReason = "server"
)

// LobbyInvited asks a user in.
type LobbyInvited struct {
	InviteID string `json:"inviteId"`
	LobbyID  string `json:"lobbyId"`
	Type     string `json:"type"`
	Name     string `json:"name,omitempty"`
	FromID   string `json:"fromId"`
	FromName string `json:"fromName,omitempty"`
	// Requested says that this answers the user's own lobby:requestJoin.
	Requested bool  `json:"requested,omitempty"`
	ExpiresAt int64 `json:"expiresAt"`
	Meta      *Meta `json:"meta,omitempty"`
}

// LobbyRespondInvite accepts an invite, which joins as [LobbyJoin] does, or declines it.
type LobbyRespondInvite struct {
	Key
	InviteID string      `json:"inviteId" validate:"required,max=64"`
	Accept   bool        `json:"accept"`
	Member   *MemberInit `json:"member,omitempty"`
}

// LobbyRequestJoin asks the host to be let in, to a lobby found by id or by code.
type LobbyRequestJoin struct {
	Key
	LobbyID string `json:"lobbyId,omitempty" validate:"max=64"`
	Code    string `json:"code,omitempty" validate:"max=16"`
	Message string `json:"message,omitempty" validate:"max=128,lines"`
}

// LobbyRequestSent acknowledges lobby:requestJoin.
type LobbyRequestSent struct {
	LobbyID   string `json:"lobbyId"`
	ExpiresAt int64  `json:"expiresAt"`
}

// LobbyJoinRequested asks the host to let a user in.
type LobbyJoinRequested struct {
	LobbyID   string `json:"lobbyId"`
	UserID    string `json:"userId"`
	Name      string `json:"name,omitempty"`
	Message   string `json:"message,omitempty"`
	ExpiresAt int64  `json:"expiresAt"`
	Meta      *Meta  `json:"meta,omitempty"`
}

// LobbyRespondJoin answers a request (host only). Accepting invites the user.
type LobbyRespondJoin struct {
	Key
	LobbyID string `json:"lobbyId" validate:"required,max=64"`
	UserID  string `json:"userId" validate:"required,max=128"`
	Accept  bool   `json:"accept"`
}

// LobbyJoinDeclined tells a user that the host does not let it in.
type LobbyJoinDeclined struct {
	LobbyID string `json:"lobbyId"`
	Meta    *Meta  `json:"meta,omitempty"`
}

// LobbyCode acknowledges lobby:regenerateCode.
type LobbyCode struct {
	LobbyID string `json:"lobbyId"`
	Version uint64 `json:"version"`
	Code    string `json:"code"`
}
