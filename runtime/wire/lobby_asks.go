package wire

// LobbyRef identifies a lobby.
type LobbyRef struct {
	Key
	LobbyID string `json:"lobbyId" validate:"required,max=64"`
}

// LobbyMemberRef identifies a user for a lobby.
type LobbyMemberRef struct {
	Key
	LobbyID string `json:"lobbyId" validate:"required,max=64"`
	UserID  string `json:"userId" validate:"required,max=128"`
}

// LobbyBan bans a user, and removes a member (host only).
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

// LobbyJoined notifies a user, on its own stream, of a membership that the user did not
// request: its party's leader, a match or a back end added it. The user is connected once
// it requests the lobby (lobby:get) or reconnects; its place is kept until ExpiresAt.
type LobbyJoined struct {
	LobbyID string `json:"lobbyId"`
	Type    string `json:"type"`
	Name    string `json:"name,omitempty"`
	// PartyID and FromID, the leader, are set when Reason is party.
	PartyID  string       `json:"partyId,omitempty"`
	FromID   string       `json:"fromId,omitempty"`
	FromName string       `json:"fromName,omitempty"`
	Reason   JoinedReason `json:"reason"`
	// ExpiresAt is the end of the membership if the user has not connected, in
	// milliseconds since the epoch.
	ExpiresAt int64 `json:"expiresAt"`
	Meta      *Meta `json:"meta,omitempty"`
}

// JoinedReason is the reason of a [LobbyJoined].
type JoinedReason string

// The reasons of [LobbyJoined].
const (
	JoinedWithParty JoinedReason = "party"
	JoinedByMatch   JoinedReason = "match" // a match of a queue, or its backfill
	JoinedByServer  JoinedReason = "server"
)

// LobbyInvited invites a user.
type LobbyInvited struct {
	InviteID string `json:"inviteId"`
	LobbyID  string `json:"lobbyId"`
	Type     string `json:"type"`
	Name     string `json:"name,omitempty"`
	FromID   string `json:"fromId"`
	FromName string `json:"fromName,omitempty"`
	// Requested reports that the invite answers the user's own lobby:requestJoin.
	Requested bool  `json:"requested,omitempty"`
	ExpiresAt int64 `json:"expiresAt"`
	Meta      *Meta `json:"meta,omitempty"`
}

// LobbyRespondInvite accepts an invite, which joins like [LobbyJoin], or declines it.
type LobbyRespondInvite struct {
	Key
	InviteID string      `json:"inviteId" validate:"required,max=64"`
	Accept   bool        `json:"accept"`
	Member   *MemberInit `json:"member,omitempty"`
}

// LobbyRequestJoin asks the host of a lobby, by id or by code, for admission.
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

// LobbyJoinRequested asks the host to admit a user.
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

// LobbyJoinDeclined notifies a user that the host declined its request.
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
