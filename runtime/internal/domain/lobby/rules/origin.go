package rules

import "encoding/json"

// Origin is the match for which a lobby was created. Clients do not see it.
type Origin struct {
	Queue  string `json:"queue"`
	Match  string `json:"match"`
	Region string `json:"region,omitempty"`
	// Players are the players of the match; some may have left.
	Players map[string]OriginPlayer `json:"brought"`
}

// OriginPlayer is a player of the match.
type OriginPlayer struct {
	// Team is the place of its team among the match's, from 0.
	Team int `json:"team"`
	// Profile is the player's profile in matchmaking; this package does not read it.
	Profile json.RawMessage `json:"profile,omitempty"`
}
