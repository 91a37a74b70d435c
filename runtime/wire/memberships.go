package wire

// Memberships are the groups that a user is in when its session begins, and its
// tickets. They were read after the session's place in the user's own stream, so that
// every later change arrives as a push. A list without entries is absent.
type Memberships struct {
	// Lobbies are the caller's, the longest joined first. A session follows none of
	// them until it asks: sync:resume from an entry's meta, or lobby:get.
	Lobbies []LobbyPlace `json:"lobbies,omitempty"`
	// Party is the caller's; sync:resume from its meta, or party:get, follows it.
	Party *PartyPlace `json:"party,omitempty"`
	// Tickets and Proposals are those that mm:status would answer.
	Tickets   []MMTicket   `json:"tickets,omitempty"`
	Proposals []MMProposal `json:"proposals,omitempty"`
}

// LobbyPlace is a lobby that the caller is in. Its fields were read from the snapshot
// at Meta.
type LobbyPlace struct {
	LobbyID string      `json:"lobbyId"`
	Type    string      `json:"type"`
	Name    string      `json:"name,omitempty"`
	Role    Role        `json:"role"`
	Status  LobbyStatus `json:"status"`
	Meta    Meta        `json:"meta"`
}

// PartyPlace is the party that the caller is in, at Meta.
type PartyPlace struct {
	PartyID string `json:"partyId"`
	Meta    Meta   `json:"meta"`
}

// LobbyMineRequest asks for the lobbies that the caller is in. It follows none of
// them: sync:resume from an entry's meta does.
type LobbyMineRequest struct{}

// LobbyMine acknowledges [LobbyMineRequest], the longest joined first.
type LobbyMine struct {
	Lobbies []LobbyMembership `json:"lobbies"`
}

// LobbyMembership is a lobby that the caller is in, as lobby:get gives it, at Meta.
type LobbyMembership struct {
	Lobby Lobby `json:"lobby"`
	Meta  Meta  `json:"meta"`
}
