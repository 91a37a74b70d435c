package rulestest

import (
	"encoding/json"
	"fmt"

	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// CheckState checks the invariants of a lobby on a public state.
func CheckState(t rapid.TB, v wire.Lobby) {
	hosts, players := 0, 0
	slots := map[string]bool{}
	for id, m := range v.Members {
		kind := "player"
		switch m.Role {
		case wire.RoleHost:
			hosts++
			players++
			if v.HostID != id {
				t.Fatalf("version %d: %s is host but hostId is %s", v.Version, id, v.HostID)
			}
		case wire.RoleMember:
			players++
		default:
			kind = "spectator"
		}
		slot := fmt.Sprint(kind, m.Slot)
		if slots[slot] {
			t.Fatalf("version %d: two members have %s", v.Version, slot)
		}
		slots[slot] = true
		if kind == "spectator" && (m.Team != "" || m.Ready) {
			t.Fatalf("version %d: the spectator %s is in team %q, ready %v", v.Version, id, m.Team, m.Ready)
		}
		if _, in := v.Members[m.SwapWith]; m.SwapWith != "" && (!in || m.SwapWith == id) {
			t.Fatalf("version %d: %s offers its place to %q", v.Version, id, m.SwapWith)
		}
	}
	if players > v.MaxMembers || len(v.Members)-players > 1 {
		t.Fatalf("version %d: %d players of %d, %d spectators", v.Version, players, v.MaxMembers, len(v.Members)-players)
	}
	if v.Status != wire.LobbyClosed && players > 0 && hosts != 1 {
		t.Fatalf("version %d: %d hosts among %d players", v.Version, hosts, players)
	}
	if (v.StartsAt != 0) != (v.Status == wire.LobbyStarting) || (v.Match != nil) != (v.Status == wire.LobbyInMatch) {
		t.Fatalf("version %d: %s with startsAt %d and match %v", v.Version, v.Status, v.StartsAt, v.Match)
	}
	for id := range v.Votes {
		if _, in := v.Members[id]; !in {
			t.Fatalf("version %d: votes against %s, who is not in", v.Version, id)
		}
	}
	if v.Status != wire.LobbyClosed && players == 0 && v.HostID != "" {
		t.Fatalf("version %d: %s is host of nobody", v.Version, v.HostID)
	}
}

// CheckLog replays the patches, checks every state, and compares the last state with the lobby.
func CheckLog(t rapid.TB, log []stream.Record, l rules.Lobby) {
	versions := Replay(t, log)
	for i, v := range versions {
		if v.state.Version != uint64(i+1) {
			t.Fatalf("patch %d leads to version %d", i+1, v.state.Version)
		}
		CheckState(t, v.state)
	}
	last := versions[len(versions)-1].state
	view := l.View()
	last.Epoch, view.Epoch = "", ""
	if d := cmp.Diff(view, last); d != "" {
		t.Fatalf("state and replayed patches (-state +replayed):\n%s", d)
	}
}

// Replayed is one version of a lobby, as a client sees it after the patches.
type Replayed struct {
	raw   []byte
	state wire.Lobby
}

// Replay applies the patches of a lobby's log in order.
func Replay(t rapid.TB, records []stream.Record) []Replayed {
	t.Helper()
	doc := []byte("null")
	var versions []Replayed
	for i, r := range records {
		var p struct {
			From, To uint64
			Ops      jsonpatch.Patch
		}
		if err := json.Unmarshal(r.Data, &p); err != nil {
			t.Fatal(err)
		}
		if p.From != uint64(i) || p.To != p.From+1 || r.Seq != p.To {
			t.Fatalf("patch %d goes from %d to %d at seq %d", i, p.From, p.To, r.Seq)
		}
		next, err := p.Ops.Apply(doc)
		if err != nil {
			t.Fatalf("patch %s on %s: %v", r.Data, doc, err)
		}
		v := Replayed{raw: next}
		if err := json.Unmarshal(next, &v.state); err != nil {
			t.Fatal(err)
		}
		versions, doc = append(versions, v), next
	}
	return versions
}
