package party

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/domain/party/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Every kind of departure, and what the user gets.
func TestSideEffectsOfDepartures(t *testing.T) {
	party := func(members ...string) rules.Party {
		p := rules.Party{ID: "p", Members: map[string]rules.Member{}}
		for _, id := range members {
			p.Members[id] = rules.Member{}
		}
		return p
	}
	departed := func(reason string, silent bool) rules.Departure {
		return rules.Departure{UserID: "bob", Reason: reason, Message: "m", Silent: silent, Version: 5}
	}
	for name, tc := range map[string]struct {
		party     rules.Party
		departure rules.Departure
		want      string // the reason in party:removed, "" for no message
	}{
		"left by the only session": {party("ann"), departed(rules.ReasonLeft, true), ""},
		"left by another device":   {party("ann"), departed(rules.ReasonLeft, false), "left"},
		"kicked":                   {party("ann"), departed(rules.ReasonKicked, false), "kicked"},
		"banned":                   {party("ann"), departed(rules.ReasonBanned, false), "banned"},
		"timed out":                {party("ann"), departed(rules.ReasonTimedOut, false), "timed_out"},
		"the last member":          {party(), departed(rules.ReasonTimedOut, false), "timed_out"},
		"kicked and joined again":  {party("ann", "bob"), departed(rules.ReasonKicked, false), ""},
		"left and joined again":    {party("ann", "bob"), departed(rules.ReasonLeft, true), ""},
	} {
		got := removedMessage(tc.party, tc.departure)
		if tc.want == "" {
			if got != nil {
				t.Errorf("%s: got %+v, want no message", name, got)
			}
			continue
		}
		if got == nil {
			t.Errorf("%s: got no message, want %s", name, tc.want)
			continue
		}
		want := wire.PartyRemoved{PartyID: "p", Reason: tc.want, Message: "m", Version: 5}
		if d := cmp.Diff(want, got.Payload); d != "" || got.Event != wire.EventPartyRemoved {
			t.Errorf("%s: %s (-want +got):\n%s", name, got.Event, d)
		}
		if d := cmp.Diff([]stream.ID{"party:p", "chat:party:p"}, got.Unfollow); d != "" {
			t.Errorf("%s: ended subscriptions (-want +got):\n%s", name, d)
		}
	}
}

func TestDepartedSince(t *testing.T) {
	p := rules.Party{Departed: []rules.Departure{{UserID: "a", Version: 4}, {UserID: "b", Version: 5}, {UserID: "c", Version: 6}}}
	for _, tc := range []struct {
		since uint64
		all   bool
		want  int
	}{{3, false, 3}, {5, false, 1}, {6, false, 0}, {6, true, 3}} {
		if got := p.DepartedSince(tc.since, tc.all); len(got) != tc.want {
			t.Errorf("since %d, all %v: got %v, want %d", tc.since, tc.all, got, tc.want)
		}
	}
}

// A change of the members or of the leader is reported, and no other change.
func TestMembersChanged(t *testing.T) {
	party := func(leader string, members ...string) rules.Party {
		p := rules.Party{LeaderID: leader, Members: map[string]rules.Member{}}
		for _, id := range members {
			p.Members[id] = rules.Member{}
		}
		return p
	}
	for name, tc := range map[string]struct {
		after rules.Party
		want  bool
	}{
		"the same":       {party("ann", "ann", "bob"), false},
		"another leader": {party("bob", "ann", "bob"), true},
		"a departure":    {party("ann", "ann"), true},
		"a join":         {party("ann", "ann", "bob", "cid"), true},
		"a replacement":  {party("ann", "ann", "cid"), true},
	} {
		if got := membersChanged(party("ann", "ann", "bob"), tc.after); got != tc.want {
			t.Errorf("%s: got %v, want %v", name, got, tc.want)
		}
	}
}
