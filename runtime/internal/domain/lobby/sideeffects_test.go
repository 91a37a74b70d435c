package lobby

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// summary describes a side effect: the user, the message, its controls, the notice, and the end
// of the membership.
func (e sideEffect) summary() string {
	parts := []string{e.userID}
	if e.message != nil {
		parts = append(parts, e.message.Event)
		if removed, is := e.message.Payload.(wire.LobbyRemoved); is {
			parts = append(parts, removed.Reason, fmt.Sprintf("v%d", removed.Version))
		}
		if len(e.message.Unfollow) > 0 {
			parts = append(parts, "unsubscribe")
		}
		if e.message.Over {
			parts = append(parts, "over")
		}
	}
	if e.notice != nil {
		parts = append(parts, "notice="+string(e.notice.Kind), "from="+e.notice.FromID)
	}
	if e.ended {
		parts = append(parts, "ended="+e.membershipID)
	}
	return strings.Join(parts, " ")
}

func summaries(effects []sideEffect) []string {
	all := make([]string, 0, len(effects))
	for _, e := range effects {
		all = append(all, e.summary())
	}
	slices.Sort(all)
	return all
}

func departed(user, reason string, change func(*rules.Departure)) rules.Lobby {
	d := rules.Departure{UserID: user, Reason: reason, MembershipID: "m-" + user, Version: 5, At: 50}
	if reason == rules.ReasonKicked || reason == rules.ReasonBanned {
		d.By = "ann"
	}
	if change != nil {
		change(&d)
	}
	return rules.Lobby{
		ID: "l", HostID: "ann", Status: wire.LobbyOpen, Version: 5,
		Members: map[string]rules.Member{"ann": {MembershipID: "m-ann"}}, Departed: []rules.Departure{d},
	}
}

// Every kind of departure, and what the user gets.
func TestSideEffectsOfDepartures(t *testing.T) {
	closed := func(l rules.Lobby) rules.Lobby { l.Status, l.Version = wire.LobbyClosed, 7; return l }
	back := func(l rules.Lobby) rules.Lobby {
		l.Members["bob"] = rules.Member{MembershipID: "m-new"}
		return l
	}
	for name, tc := range map[string]struct {
		lobby rules.Lobby
		want  []string
	}{
		"left by the only session":  {departed("bob", rules.ReasonLeft, func(d *rules.Departure) { d.Silent = true }), []string{"bob ended=m-bob"}},
		"left by another device":    {departed("bob", rules.ReasonLeft, nil), []string{"bob lobby:removed left v5 unsubscribe ended=m-bob"}},
		"kicked":                    {departed("bob", rules.ReasonKicked, nil), []string{"bob lobby:removed kicked v5 unsubscribe notice=kicked from=ann ended=m-bob"}},
		"banned":                    {departed("bob", rules.ReasonBanned, nil), []string{"bob lobby:removed banned v5 unsubscribe notice=kicked from=ann ended=m-bob"}},
		"voted out":                 {departed("bob", rules.ReasonKicked, func(d *rules.Departure) { d.By = "" }), []string{"bob lobby:removed kicked v5 unsubscribe notice=kicked from= ended=m-bob"}},
		"timed out":                 {departed("bob", rules.ReasonTimedOut, nil), []string{"bob lobby:removed timed_out v5 unsubscribe ended=m-bob"}},
		"kicked and joined again":   {back(departed("bob", rules.ReasonKicked, nil)), []string{"bob ended=m-bob"}},
		"left and joined again":     {back(departed("bob", rules.ReasonLeft, nil)), []string{"bob ended=m-bob"}},
		"kicked before the closing": {closed(departed("bob", rules.ReasonKicked, nil)), []string{"ann lobby:removed closed v7 unsubscribe over ended=m-ann", "bob lobby:removed kicked v5 unsubscribe over notice=kicked from=ann ended=m-bob"}},
		"member of a closed lobby, kicked before": {
			closed(back(departed("bob", rules.ReasonKicked, nil))),
			[]string{
				"ann lobby:removed closed v7 unsubscribe over ended=m-ann",
				"bob lobby:removed closed v7 unsubscribe over ended=m-new",
				"bob lobby:removed kicked v5 unsubscribe over notice=kicked from=ann ended=m-bob",
			},
		},
	} {
		if d := cmp.Diff(tc.want, summaries(sideEffectsOf(tc.lobby, causedSince(4, false)))); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// A change has its own side effects; a repeated request has those of all changes.
func TestSideEffectsAreSelectedByVersion(t *testing.T) {
	l := departed("bob", rules.ReasonKicked, nil)
	for _, tc := range []struct {
		since uint64
		all   bool
		want  int
	}{{4, false, 1}, {5, false, 0}, {5, true, 1}, {6, false, 0}} {
		if got := sideEffectsOf(l, causedSince(tc.since, tc.all)); len(got) != tc.want {
			t.Errorf("since %d, all %v: got %v, want %d side effects", tc.since, tc.all, summaries(got), tc.want)
		}
	}
}

// Invites, requests and reserved places, with and without a host, in an open and a closed lobby.
func TestSideEffectsOfPendingUsers(t *testing.T) {
	stamp := rules.Stamp{Version: 5, At: 50}
	pending := func(change func(*rules.Lobby)) rules.Lobby {
		l := rules.Lobby{
			ID: "l", HostID: "ann", Status: wire.LobbyOpen, Version: 5,
			Members: map[string]rules.Member{
				"ann": {MembershipID: "m-ann"},
				"cid": {MembershipID: "m-cid", Reserved: &rules.Reservation{By: "ann", Stamp: stamp}},
			},
			Invites:  map[string]rules.Invite{"dan": {ID: "l.n", From: "ann", Stamp: stamp}},
			Requests: map[string]rules.Request{"eve": {Stamp: stamp}, "fay": {Declined: true, Stamp: stamp}},
		}
		if change != nil {
			change(&l)
		}
		return l
	}
	requested := "ann lobby:joinRequested notice=join_requested from=eve"
	invited, declined, joined := "dan lobby:invited notice=invited from=ann", "fay lobby:joinDeclined", "cid lobby:joined"
	for name, tc := range map[string]struct {
		lobby rules.Lobby
		since uint64
		want  []string
	}{
		"a new change":  {pending(nil), 4, []string{requested, joined, invited, declined}},
		"an old change": {pending(nil), 5, []string{}},
		"without a host": {pending(func(l *rules.Lobby) { l.HostID = "" }), 4, []string{
			joined, invited, declined,
		}},
		"a member without a reserved place": {pending(func(l *rules.Lobby) { l.Members["cid"] = rules.Member{} }), 4, []string{
			requested, invited, declined,
		}},
		"a closed lobby": {pending(func(l *rules.Lobby) { l.Status, l.Invites, l.Requests = wire.LobbyClosed, nil, nil }), 4, []string{
			"ann lobby:removed closed v5 unsubscribe over ended=m-ann", "cid lobby:removed closed v5 unsubscribe over ended=m-cid",
		}},
	} {
		if d := cmp.Diff(tc.want, summaries(sideEffectsOf(tc.lobby, causedSince(tc.since, false)))); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// A failed message keeps its notice back; the end of the membership does not depend on it.
func TestSideEffectsAreIndependent(t *testing.T) {
	w := newWorld(t, nil)
	seen := &witness{noticed: map[string]int{"l/5": 1}} // the first attempt of a notice fails
	s := w.pods[0].service
	s.Events = seen
	l := departed("bob", rules.ReasonKicked, func(d *rules.Departure) { d.At = w.clock().UnixMilli() })
	if err := s.addMembership(t.Context(), "bob", "m-bob", l); err != nil {
		t.Fatal(err)
	}
	w.store.set(func(stream.Commit) error { return stream.ErrUnavailable }, nil)
	if err := s.applySideEffects(t.Context(), l, causedSince(4, false)); err == nil {
		t.Error("got no error, want the error of the store")
	}
	entries, err := w.memory.List(t.Context(), lobbiesOf("bob"))
	if notices := seen.take(); err != nil || len(entries) > 0 || len(notices) > 0 {
		t.Errorf("got memberships %v and notices %v, %v; want none", entries, notices, err)
	}
	w.store.set(nil, nil)
	if err := s.applySideEffects(t.Context(), l, causedSince(4, false)); err != nil {
		t.Error(err)
	}
	if notices := seen.take(); len(notices) != 1 {
		t.Errorf("got notices %v, want one", notices)
	}
}
