package app

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	lobbyrules "github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking"
	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking/matching"
	"github.com/anteroom/anteroom/runtime/wire"
)

// TestALobbyIsARoom: the players of a match's lobby, their teams and attributes, and the users
// who may request a backfill.
func TestALobbyIsARoom(t *testing.T) {
	at := time.UnixMilli(1000)
	l := lobbyrules.Lobby{
		ID: "l1", HostID: "ann", MaxMembers: 6,
		Members: map[string]lobbyrules.Member{
			"ann": {Role: wire.RoleHost, Team: "2"}, "bob": {Role: wire.RoleMember}, "guest": {Role: wire.RoleMember},
			"odd": {Role: wire.RoleMember, Team: "1"}, "watcher": {Role: wire.RoleSpectator},
		},
		Banned: map[string]int64{"out": 1001, "again": 1000},
		Origin: &lobbyrules.Origin{Queue: "ranked", Match: "m1", Region: "eu", Players: map[string]lobbyrules.OriginPlayer{
			"ann": {Team: 0, Profile: []byte(`{"numbers":{"skill":7}}`)}, "bob": {Team: 1, Profile: []byte(`{}`)},
			"odd": {Team: 0, Profile: []byte(`7`)}, "left": {Team: 1, Profile: []byte(`{}`)},
		}},
	}
	room := matchLobbyOf(l, at)
	want := matchmaking.MatchLobby{
		LobbyID: "l1", HostID: "ann", Queue: "ranked", Match: "m1", Region: "eu", Left: 2,
		Players: map[string]matchmaking.LobbyPlayer{
			"ann": {Team: 1, Profile: &matchmaking.Profile{Numbers: map[string]float64{"skill": 7}}},
			"bob": {Team: 1, Profile: &matchmaking.Profile{}}, "guest": {Team: -1}, "odd": {Team: 0},
		},
	}
	barred := room.Barred
	room.Barred = nil
	if d := cmp.Diff(want, room); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"out", "watcher"}, barred); d != "" {
		t.Errorf("barred (-want +got):\n%s", d)
	}
	q := matchmaking.Queue{Match: matching.Queue{Teams: []matching.Team{{Name: "red"}, {Name: "blue"}}}}
	teams := []wire.MMMatchTeam{{Name: "red", Players: []string{"odd"}}, {Name: "blue", Players: []string{"ann", "bob"}}}
	if d := cmp.Diff(teams, teamsOf(q, room)); d != "" {
		t.Errorf("teams (-want +got):\n%s", d)
	}
}
