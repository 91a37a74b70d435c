package party

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/membership"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/domain/party/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/party/rules/rulestest"
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

// A reserved membership of a join is removed only when the join certainly did not use it.
func TestFinishJoinRemovesUnusedMemberships(t *testing.T) {
	member := func(id string) Outcome {
		return Outcome{State: rules.Party{ID: rulestest.PartyID, Members: map[string]rules.Member{"bob": {MembershipID: id}}}}
	}
	for name, tc := range map[string]struct {
		out      Outcome
		err      error
		reserved string
		kept     bool
	}{
		"used":                           {member("m"), nil, "m", true},
		"a member by another membership": {member("other"), nil, "m", false},
		"refused":                        {Outcome{}, wire.Refuse(wire.CodeBanned, "no"), "m", false},
		"unknown":                        {Outcome{}, stream.ErrUnavailable, "m", true},
		"none reserved":                  {member("other"), nil, "", true},
	} {
		w := newWorld(t)
		s, bob := w.pods[0].service, w.client("bob")
		entry := membership.Membership{Group: rulestest.PartyID, ID: "m"}
		if err := s.addMembership(t.Context(), "bob", entry); err != nil {
			t.Fatal(err)
		}
		_, err := s.finishJoin(t.Context(), bob.call, rulestest.PartyID, rules.JoinCommand{MembershipID: tc.reserved}, tc.out, tc.err)
		if (err != nil) != (tc.err != nil) {
			t.Errorf("%s: got %v, want %v", name, err, tc.err)
		}
		if entries, err := w.memory.List(t.Context(), partiesOf("bob")); err != nil || (len(entries) == 1) != tc.kept {
			t.Errorf("%s: got memberships %v, %v, want kept %v", name, entries, err, tc.kept)
		}
	}
}

// A membership exists while the party's document has the user by this membership.
func TestIsMembership(t *testing.T) {
	w := newWorld(t)
	s, p := w.pods[0].service, w.client("ann").create()
	id := func() string {
		doc, err := s.load(t.Context(), p.ID)
		if err != nil {
			t.Fatal(err)
		}
		return doc.Members["ann"].MembershipID
	}()
	for _, tc := range []struct {
		user, party, membership string
		want                    bool
	}{
		{"ann", p.ID, id, true}, {"ann", p.ID, "other", false}, {"bob", p.ID, id, false}, {"ann", "01JD8Q3V9Z0000000000000009", id, false},
	} {
		got, err := s.isMembership(t.Context(), tc.user, membership.Membership{Group: tc.party, ID: tc.membership})
		if err != nil || got != tc.want {
			t.Errorf("%+v: got %v, %v", tc, got, err)
		}
	}
	w.memory.SetDown(true)
	if got, err := s.isMembership(t.Context(), "ann", membership.Membership{Group: p.ID, ID: id}); err == nil {
		t.Errorf("got %v without an error, want the error of the store", got)
	}
}

// A repeated create connects the session of the repeat; an invite is reported after it is
// published, and not when it is not published.
func TestRepeatedCreateAndReportedInvites(t *testing.T) {
	w := newWorld(t)
	first, second := w.connect("ann", "ann-1", 0), w.connect("ann", "ann-2", 1)
	p := w.state(first.h.Create(t.Context(), first.keyed("k"), &wire.PartyCreate{}))
	w.state(second.h.Create(t.Context(), second.keyed("k"), &wire.PartyCreate{}))
	doc, err := first.h.service.load(t.Context(), p.ID)
	if err != nil || !slices.Equal(doc.Members["ann"].Sessions, []string{"ann-1", "ann-2"}) {
		t.Errorf("got sessions %v, %v, want both", doc.Members["ann"].Sessions, err)
	}
	if _, err := first.h.Invite(t.Context(), first.call, &wire.PartyInvite{PartyID: doc.ID, UserID: "bob"}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"bob by ann"}, w.invited); d != "" {
		t.Errorf("reported invites (-want +got):\n%s", d)
	}
	w.memory.SetDown(true)
	if err := first.h.service.notifyInvited(t.Context(), doc.ID, "cid", rules.Invite{ID: "i"}); err == nil || len(w.invited) != 1 {
		t.Errorf("got %v and reports %v, want an error and no further report", err, w.invited)
	}
	w.memory.SetDown(false)
	first.h.service.Events = nil
	if err := first.h.service.notifyInvited(t.Context(), doc.ID, "cid", rules.Invite{ID: "i"}); err != nil {
		t.Errorf("without a receiver of events: %v", err)
	}
}
