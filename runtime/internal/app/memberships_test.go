package app

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/anteroom/anteroom/runtime/wire"
)

// arrive opens another connection of a user, as a reload or a second device does.
func (r *realm) arrive(user string) (c *client, ready wire.SessionReady) {
	r.t.Helper()
	c = connectWebSocket(r.t, r.client, r.token(user))
	c.event(wire.EventSessionReady, &ready)
	return c, ready
}

// named lobbies of the realm in the order in which ann made them, without those that are
// closed.
var annsLobbies = []string{"$lobby", "$starting", "$playing", "$full", "$hidden", "$locked", "$strict", "$single"}

// TestReadyNamesMemberships: session:ready names the lobbies, the party, the tickets and the
// proposals of the caller, each with a position to resume from, and nothing else.
func TestReadyNamesMemberships(t *testing.T) {
	r := newRealm(t)
	// Entries without a membership: a process died before or after a commit.
	for _, stale := range []string{r.named("$closed/$closed"), r.named("$other/$other"), "01J00000000000000000000000/01J00000000000000000000000", "odd"} {
		if _, err := r.redis.SetAdd("rt:s:lobbies:all:ann", stale); err != nil {
			t.Fatal(err)
		}
	}
	c, ready := r.arrive("ann")
	var got []string
	for _, place := range ready.Lobbies {
		got = append(got, place.LobbyID)
		if place.Role != wire.RoleHost || place.Type == "" || place.Meta.Stream != "lobby:"+place.LobbyID {
			t.Errorf("a lobby of ann: %+v", place)
		}
	}
	want := strings.Fields(r.named(strings.Join(annsLobbies, " ")))
	if !slices.Equal(got, want) {
		t.Errorf("ann is in %q, want %q", got, want)
	}
	if ready.Lobbies[0].Name != "Den" || ready.Lobbies[1].Status != wire.LobbyStarting || ready.Lobbies[2].Status != wire.LobbyInMatch {
		t.Errorf("%+v", ready.Lobbies)
	}
	if ready.Party == nil || ready.Party.PartyID != r.names["$party"] {
		t.Fatalf("the party of ann: %+v", ready.Party)
	}
	c.resumesFrom(ready)
	if _, ready := r.arrive("tom"); len(ready.Tickets) != 2 || len(ready.Proposals) != 1 || ready.Proposals[0].ProposalID != r.names["$proposal"] {
		t.Errorf("tom has %+v and is asked %+v", ready.Tickets, ready.Proposals)
	}
	eve := connectWebSocket(t, r.client, r.token("eve"))
	greeting := eve.packet(`42["session:ready",`)
	for _, absent := range []string{"lobbies", "party\":{", "tickets", "proposals"} {
		if strings.Contains(greeting, `"`+absent) {
			t.Errorf("session:ready of a user without memberships has %s: %s", absent, greeting)
		}
	}
}

// resumesFrom follows every stream that session:ready has a position of.
func (c *client) resumesFrom(ready wire.SessionReady) {
	c.t.Helper()
	var at []wire.StreamPosition
	for _, place := range ready.Lobbies {
		at = append(at, wire.StreamPosition{Stream: place.Meta.Stream, Epoch: place.Meta.Epoch, Seq: place.Meta.Seq})
	}
	if p := ready.Party; p != nil {
		at = append(at, wire.StreamPosition{Stream: p.Meta.Stream, Epoch: p.Meta.Epoch, Seq: p.Meta.Seq})
	}
	var resumed wire.SyncResumed
	a := c.ask(wire.EventSyncResume, wire.SyncResume{Streams: at})
	if err := json.Unmarshal(a.Data, &resumed); err != nil || !a.OK {
		c.t.Fatalf("resume: %+v, %v", a, err)
	}
	for i, s := range resumed.Streams {
		if s.Error != nil || !s.Recovered || s.Seq < at[i].Seq {
			c.t.Errorf("resumed from %+v: %+v", at[i], s)
		}
	}
}

// TestLobbyMine: each lobby is as lobby:get gives it, with its position.
func TestLobbyMine(t *testing.T) {
	r := newRealm(t)
	r.quiet()
	var mine wire.LobbyMine
	if err := json.Unmarshal(r.users["ann"].ask(wire.EventLobbyMine, wire.LobbyMineRequest{}).Data, &mine); err != nil {
		t.Fatal(err)
	}
	if len(mine.Lobbies) != len(annsLobbies) {
		t.Fatalf("ann is in %d lobbies, want %d", len(mine.Lobbies), len(annsLobbies))
	}
	for i, m := range mine.Lobbies {
		var state wire.LobbyState
		if err := json.Unmarshal(r.users["ann"].ask(wire.EventLobbyGet, wire.LobbyGet{LobbyID: r.names[annsLobbies[i]]}).Data, &state); err != nil {
			t.Fatal(err)
		}
		got, _ := json.Marshal(m.Lobby)
		want, _ := json.Marshal(state.Lobby)
		if string(got) != string(want) || m.Meta.Seq != m.Lobby.Version || m.Meta.Epoch != m.Lobby.Epoch || m.Meta.TS == 0 {
			t.Errorf("lobby:mine has %s at %+v, lobby:get %s", got, m.Meta, want)
		}
	}
	if a := r.users["eve"].ask(wire.EventLobbyMine, wire.LobbyMineRequest{}); string(a.Data) != `{"lobbies":[]}` {
		t.Errorf("eve is in %s", a.Data)
	}
}
