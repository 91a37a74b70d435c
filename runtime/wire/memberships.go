package wire

// Memberships are a user's groups and tickets at the beginning of its session. They were
// read after the session's position in the user's own stream, so that every later change
// arrives as a push. A list without entries is absent.
type Memberships struct {
	// Lobbies are the caller's, the earliest joined first. A session subscribes to a
	// lobby on request: sync:resume from an entry's meta, or lobby:get.
	Lobbies []LobbyPlace `json:"lobbies,omitempty"`
	// Party is the caller's; sync:resume from its meta, or party:get, subscribes to it.
	Party *PartyPlace `json:"party,omitempty"`
	// Tickets and Proposals equal those of mm:status.
	Tickets   []MMTicket   `json:"tickets,omitempty"`
	Proposals []MMProposal `json:"proposals,omitempty"`
}

// LobbyPlace is a lobby of the caller. Its fields were read from the snapshot at Meta.
type LobbyPlace struct {
	LobbyID string      `json:"lobbyId"`
	Type    string      `json:"type"`
	Name    string      `json:"name,omitempty"`
	Role    Role        `json:"role"`
	Status  LobbyStatus `json:"status"`
	Meta    Meta        `json:"meta"`
}

// PartyPlace is the caller's party, at Meta.
type PartyPlace struct {
	PartyID string `json:"partyId"`
	Meta    Meta   `json:"meta"`
}

// LobbyMineRequest lists the caller's lobbies without a subscription; sync:resume from an
// entry's meta subscribes.
type LobbyMineRequest struct{}

// LobbyMine acknowledges [LobbyMineRequest], the earliest joined first.
type LobbyMine struct {
	Lobbies []LobbyMembership `json:"lobbies"`
}

// LobbyMembership is a lobby of the caller, as in lobby:get, at Meta.
type LobbyMembership struct {
	Lobby Lobby `json:"lobby"`
	Meta  Meta  `json:"meta"`
}
