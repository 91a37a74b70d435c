package check

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/anteroom/anteroom/runtime/wire"
	"github.com/anteroom/anteroom/test/audit/trace"
)

// maxPerUser is join.maxPerUser of each type of lobby in testdata/cluster.yaml.
var maxPerUser = map[string]int{"arena": 1, "casual": 2, "match": 1}

// lobbyStates reports states of lobbies that have players but not exactly one host, or
// more members than places. A lobby with spectators only has no host.
func lobbyStates(h History, report reporter) {
	seen := make(map[string]bool)
	for _, r := range h {
		for _, l := range lobbiesIn(r) {
			if id := fmt.Sprint(l.ID, l.Epoch, l.Version); seen[id] || l.Status == wire.LobbyClosed {
				continue
			} else {
				seen[id] = true
			}
			var hosts []string
			players := 0
			for name, m := range l.Members {
				if m.Role == wire.RoleHost {
					hosts = append(hosts, name)
				}
				if m.Role != wire.RoleSpectator {
					players++
				}
			}
			if players > 0 && (len(hosts) != 1 || hosts[0] != l.HostID) {
				report([]int{r.N}, "lobby %s at version %d has the hosts %v, and hostId %q", l.ID, l.Version, hosts, l.HostID)
			}
			if players > l.MaxMembers {
				report([]int{r.N}, "lobby %s at version %d has %d members in %d places", l.ID, l.Version, players, l.MaxMembers)
			}
		}
	}
}

// lobbiesIn returns the states of lobbies in a record.
func lobbiesIn(r trace.Record) []wire.Lobby {
	if r.Kind != trace.Ack && (r.Kind != trace.Push || r.Event != wire.EventLobbySnapshot) {
		return nil
	}
	var v struct {
		Lobby   *wire.Lobby  `json:"lobby"`
		Lobbies []wire.Lobby `json:"lobbies"`
	}
	if r.Event == wire.EventLobbySearch || json.Unmarshal(r.Data, &v) != nil {
		return nil
	}
	if v.Lobby != nil {
		v.Lobbies = append(v.Lobbies, *v.Lobby)
	}
	return v.Lobbies
}

// memberships reports users in more lobbies of a type than its policy allows, according
// to the server API at the end.
func memberships(h History, report reporter) {
	type seat struct{ user, kind string }
	in := make(map[seat]map[string]int) // the record, by lobby
	for _, r := range h.final() {
		if r.User != "backend" {
			continue
		}
		for _, l := range lobbiesIn(r) {
			for name := range l.Members {
				if l.Status == wire.LobbyClosed {
					continue
				}
				s := seat{name, l.Type}
				if in[s] == nil {
					in[s] = make(map[string]int)
				}
				in[s][l.ID] = r.N
			}
		}
	}
	for s, lobbies := range in {
		if most := maxPerUser[s.kind]; len(lobbies) > most {
			report(slices.Collect(maps.Values(lobbies)), "%s is in %d lobbies of type %s, where %d are allowed: %v", s.user, len(lobbies), s.kind, most, slices.Sorted(maps.Keys(lobbies)))
		}
	}
}

// partyStates reports parties without exactly one leader or with too many members, and
// users in two parties at the end.
func partyStates(h History, report reporter) {
	for _, r := range h {
		p := partyIn(r)
		if p == nil || p.Closed {
			continue
		}
		var leaders []string
		for name, m := range p.Members {
			if m.Role == wire.PartyLeader {
				leaders = append(leaders, name)
			}
		}
		if len(leaders) != 1 || leaders[0] != p.LeaderID {
			report([]int{r.N}, "party %s at version %d has the leaders %v, and leaderId %q", p.ID, p.Version, leaders, p.LeaderID)
		}
		if len(p.Members) > p.MaxMembers {
			report([]int{r.N}, "party %s at version %d has %d members in %d places", p.ID, p.Version, len(p.Members), p.MaxMembers)
		}
	}
	last := make(map[string]wire.Party)
	records := make(map[string]int)
	for _, r := range h.final() {
		if p := partyIn(r); p != nil && !p.Closed && last[p.ID].Version <= p.Version {
			last[p.ID], records[p.ID] = *p, r.N
		}
	}
	of := make(map[string][]string)
	for _, id := range slices.Sorted(maps.Keys(last)) {
		for name := range last[id].Members {
			of[name] = append(of[name], id)
		}
	}
	for name, parties := range of {
		if len(parties) > 1 {
			report([]int{records[parties[0]], records[parties[1]]}, "%s is in the parties %v", name, parties)
		}
	}
}

func partyIn(r trace.Record) *wire.Party {
	var v struct {
		Party *wire.Party `json:"party"`
	}
	if r.Kind != trace.Ack && (r.Kind != trace.Push || r.Event != wire.EventPartySnapshot) || json.Unmarshal(r.Data, &v) != nil {
		return nil
	}
	return v.Party
}
