//go:build faults

package faults

import (
	"strings"
	"testing"
	"time"
)

// stay is bob's membership of a group, on the devices of both servers.
type stay struct {
	// out ends the membership over the second server; back begins another over the first
	// server.
	out, back func()
	// probe is a change of the group, which pushes event to its members.
	probe func()
	event string
}

// stays are the ways to leave a group.
var stays = map[string]func(r *round) stay{
	"lobby left":   func(r *round) stay { return r.inLobby("lobby:leave", r.bob) },
	"lobby kicked": func(r *round) stay { return r.inLobby("lobby:kick", r.ann) },
	"party left":   func(r *round) stay { return r.inParty("party:leave", r.bob) },
	"party kicked": func(r *round) stay { return r.inParty("party:kick", r.ann) },
}

func (r *round) inLobby(out string, by *user) stay {
	lobby, _ := r.lobby(r.ann)
	id := object{"lobbyId": lobby}
	enter := func() { r.bob.must(0, "lobby:join", id) }
	enter()
	r.bob.must(1, "lobby:get", id)
	return stay{
		out:   func() { by.must(1, out, r.outOf("lobbyId", lobby, by)) },
		back:  enter,
		probe: func() { r.ann.must(1, "lobby:update", object{"lobbyId": lobby, "set": object{"name": "probe"}}) },
		event: "lobby:patch",
	}
}

func (r *round) inParty(out string, by *user) stay {
	party, _ := r.party(r.ann)
	code := r.ann.must(1, "party:get", object{}).text("party", "code")
	enter := func() { r.bob.must(0, "party:join", object{"code": code}) }
	enter()
	r.bob.must(1, "party:get", object{})
	back := enter
	if by != r.bob { // the leader lifts the block of the kicked user
		back = func() {
			r.ann.must(1, "party:unban", object{"partyId": party, "userId": r.bob.name})
			enter()
		}
	}
	return stay{
		out:   func() { by.must(1, out, r.outOf("partyId", party, by)) },
		back:  back,
		probe: func() { r.ann.must(1, "party:setMember", object{"partyId": party, "attributes": object{"a": "probe"}}) },
		event: "party:patch",
	}
}

// outOf returns the request of bob, or of ann for him, that ends his membership.
func (r *round) outOf(field, group string, by *user) object {
	request := object{field: group}
	if by != r.bob {
		request["userId"] = r.bob.name
	}
	return request
}

// TestReturningMembersReceivePushes: users leave a group and rejoin at once, on a server
// that receives Redis's publications late. The control to stop following then arrives
// after they are members again.
func TestReturningMembersReceivePushes(t *testing.T) {
	k := startKeys(t)
	const ofEach = 10
	var all []*round
	begun := map[*round]*stay{}
	for way := range stays {
		for range ofEach {
			r := k.round(way)
			begun[r] = &stay{}
			all = append(all, r)
		}
	}
	each(all, func(r *round) { *begun[r] = stays[r.event](r) })
	k.ways[0].Late(300 * time.Millisecond)
	each(all, func(r *round) {
		s := begun[r]
		s.out()
		s.back()
		s.probe()
		r.bob.find("probe on the first server", func(p push) bool {
			return p.server == 0 && p.event == s.event && strings.Contains(string(p.data), "probe")
		})
	})
	wantNone(t, all)
}
