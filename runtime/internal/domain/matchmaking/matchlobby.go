package matchmaking

import (
	"maps"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking/matching"
)

// Backfill is a match's request for players in the open places of its lobby.
type Backfill struct {
	LobbyID string `json:"lobbyId"`
	// OpenAt is the time since which places are open; 0 while none is.
	OpenAt    int64 `json:"openAt,omitempty"`
	ExpiresAt int64 `json:"expiresAt"`
	// Proposal is the proposal that fills places of the lobby; "" for none. At most one does at a
	// time.
	Proposal string `json:"round,omitempty"`
	// Stopped says that the backfill ends with that proposal.
	Stopped bool `json:"stopped,omitempty"`
}

// MatchLobby is the lobby of a match.
type MatchLobby struct {
	LobbyID, HostID string
	// Queue is the queue that made the match, Match the match's id, and Region the region
	// where it runs.
	Queue, Match, Region string
	// Players are all players of the match, by user.
	Players map[string]LobbyPlayer
	// Left is the number of further players for which the lobby has room.
	Left int
	// Barred are users who may not join the present players.
	Barred []string
}

// LobbyPlayer is a player of a match. Profile is nil for a player who did not come from the
// queue.
type LobbyPlayer struct {
	// Team is the index of the player's team in the queue; -1 for none.
	Team    int
	Profile *Profile
}

// openPlaces returns the free places by team, and their total.
func (r MatchLobby) openPlaces(q Queue) (free map[string]int, all int) {
	has := map[int]int{}
	for _, p := range r.Players {
		has[p.Team]++
	}
	free = map[string]int{}
	for i, t := range q.Match.Teams {
		free[t.Name] = max(t.Max-has[i], 0)
		all += free[t.Name]
	}
	// The lobby may have room for fewer players: the teams with the most free places lose
	// places.
	for ; all > max(r.Left, 0); all-- {
		fullest := slices.MinFunc(q.Match.Teams, func(a, b matching.Team) int { return free[b.Name] - free[a.Name] })
		free[fullest.Name]--
	}
	return free, all
}

// commonProfile returns the common profile of the players, as for a ticket: the mean of their
// numbers, the intersection of their sets, the highest of their latencies, and their texts,
// "" where they differ.
func (r MatchLobby) commonProfile() Profile {
	p := Profile{Numbers: map[string]float64{}, Texts: map[string]string{}, Sets: map[string][]string{}, Latencies: map[string]float64{}}
	n := 0.0
	for _, id := range slices.Sorted(maps.Keys(r.Players)) {
		player := r.Players[id].Profile
		if player == nil {
			continue
		}
		if n++; n == 1 {
			p = player.clone()
			continue
		}
		for name, v := range p.Numbers {
			p.Numbers[name] += (player.Numbers[name] - v) / n
		}
		for name, v := range p.Texts {
			if player.Texts[name] != v {
				p.Texts[name] = ""
			}
		}
		for name, set := range p.Sets {
			p.Sets[name] = slices.DeleteFunc(set, func(m string) bool { return !slices.Contains(player.Sets[name], m) })
		}
		for region, v := range p.Latencies {
			if other, known := player.Latencies[region]; known {
				p.Latencies[region] = max(v, other)
			} else {
				delete(p.Latencies, region)
			}
		}
	}
	return p
}

// forMatching returns the lobby as input of the matcher.
func (r MatchLobby) forMatching(b Backfill, free map[string]int, barred map[string]bool) matching.Backfill {
	p := r.commonProfile()
	return matching.Backfill{
		Ticket: matching.Ticket{
			ID: b.LobbyID, EnqueuedAt: time.UnixMilli(b.OpenAt),
			Numbers: p.Numbers, Texts: p.Texts, Sets: p.Sets, Latencies: p.Latencies,
		},
		Open: free, Region: r.Region, Barred: barred,
	}
}
