package rules

import "encoding/json"

// Origin is what a lobby was made for, by whoever brought its members together. Clients
// do not see it.
type Origin struct {
	Queue  string `json:"queue"`
	Match  string `json:"match"`
	Region string `json:"region,omitempty"`
	// Brought are the users who came by it. Some may have left.
	Players map[string]OriginPlayer `json:"brought"`
}

// Brought is a user who was brought to a place.
type OriginPlayer struct {
	// Team is the place of its team among the match's, from 0.
	Team int `json:"team"`
	// Profile is what the match was found by; this package does not read it.
	Profile json.RawMessage `json:"profile,omitempty"`
}
