package matchmaking

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/liveness"
	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking/matching"
	partyrules "github.com/anteroom/anteroom/runtime/internal/domain/party/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

func TestTwoTicketsAreMatched(t *testing.T) {
	w := newWorld(t, duel())
	ann := w.enqueue("ann", 1500)
	w.runPass(0, "duel")
	w.wantPushes("ann")
	w.enqueue("bob", 1560)
	if len(w.searching) != 2 || w.searching["ann"] != ann.ID {
		t.Errorf("searching: %v, want ann and bob", w.searching)
	}
	w.runPass(0, "duel")
	w.wantPushes("ann", "matched [{red [ann]} {blue [bob]}] lobby")
	w.wantPushes("bob", "matched [{red [ann]} {blue [bob]}] lobby")
	w.wantTicketStates("bob", "assigned")
	for _, table := range []string{tickets, proposals, users, outbox} {
		if n := w.count(table); n != 0 {
			t.Errorf("%d %s are left, want 0", n, table)
		}
	}
	if got := w.status("ann"); len(got.Tickets) != 0 || len(w.searching) != 0 {
		t.Errorf("status of ann: %+v, searching %v, want nothing", got, w.searching)
	}
	if ann.State != wire.TicketSearching || ann.ExpiresAt != ms(t0.Add(10*time.Minute))+1 {
		t.Errorf("ticket of ann: %+v", ann)
	}
	w.enqueue("ann", 1500) // ann may enqueue again at once
}

func TestWindowWidens(t *testing.T) {
	w := newWorld(t, duel())
	w.enqueue("ann", 1500)
	w.enqueue("bob", 1900)
	w.runPass(0, "duel")
	w.advance(9 * time.Second)
	w.runPass(0, "duel")
	w.wantPushes("ann")
	w.advance(time.Second)
	w.runPass(0, "duel")
	w.wantPushes("ann", "matched [{red [ann]} {blue [bob]}] lobby")
}

func TestReadyCheck(t *testing.T) {
	w := newWorld(t, checked())
	w.enqueue("ann", 1500)
	w.enqueue("bob", 1500)
	w.runPass(0, "duel")
	asked := w.status("bob")
	if len(asked.Proposals) != 1 || asked.Tickets[0].State != wire.TicketProposed {
		t.Fatalf("status of bob: %+v", asked)
	}
	id := asked.Proposals[0].ProposalID
	accept := func(pod int, user string) error {
		_, err := w.pods[pod].Accept(t.Context(), call(user, ""), &wire.MMAnswer{ProposalID: id})
		return err
	}
	if err := errors.Join(accept(0, "ann"), accept(0, "ann")); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, accept(1, "eve"), &wire.Error{Code: wire.CodeNotFound})
	if err := accept(1, "bob"); err != nil {
		t.Fatal(err)
	}
	if got := w.status("ann"); got.Tickets[0].State != wire.TicketAccepted || len(got.Proposals) != 0 {
		t.Errorf("status of ann: %+v", got)
	}
	_, err := w.pods[0].Decline(t.Context(), call("ann", ""), &wire.MMAnswer{ProposalID: id})
	wantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonProposalClosed})
	w.runPass(0, "duel")
	w.wantPushes("ann", "proposal 0/2", "proposal 1/2", "proposal 2/2", "matched [{red [ann]} {blue [bob]}] lobby")
	w.wantTicketStates("ann", "proposed", "accepted", "assigned")
}

func TestDeclineAndTimeout(t *testing.T) {
	for name, refuse := range map[string]struct {
		reason string
		do     func(w *world, proposal, ticket string) error
	}{
		"decline": {"declined", func(w *world, proposal, _ string) error {
			_, err := w.pods[1].Decline(w.Context(), call("bob", ""), &wire.MMAnswer{ProposalID: proposal})
			return err
		}},
		"cancel": {"declined", func(w *world, _, ticket string) error {
			_, err := w.pods[1].Cancel(w.Context(), call("bob", ""), &wire.MMCancel{TicketID: ticket})
			return err
		}},
		"no answer": {"timed_out", func(w *world, _, _ string) error {
			w.advance(20 * time.Second)
			return w.matchers[0].Pass(w.Context(), "duel")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, checked())
			ann, bob := w.enqueue("ann", 1500), w.enqueue("bob", 1500)
			w.advance(time.Second)
			w.runPass(0, "duel")
			proposal := w.status("ann").Proposals[0].ProposalID
			if _, err := w.pods[0].Accept(t.Context(), call("ann", ""), &wire.MMAnswer{ProposalID: proposal}); err != nil {
				t.Fatal(err)
			}
			if err := refuse.do(w, proposal, bob.ID); err != nil {
				t.Fatal(err)
			}
			w.wantPushes("bob", "proposal 0/2", "proposal 1/2", "cancelled: "+refuse.reason+", cooldown")
			w.wantPushes("ann", "proposal 0/2", "proposal 1/2", "cancelled: others_declined, requeued")
			w.wantTicketStates("bob", "proposed", "cancelled, attempt 1")
			w.wantTicketStates("ann", "proposed", "searching, attempt 1")
			got := w.status("ann").Tickets
			if len(got) != 1 || got[0].EnqueuedAt != ann.EnqueuedAt || got[0].Attempt != 1 || got[0].State != wire.TicketSearching {
				t.Errorf("ticket of ann: %+v", got)
			}
			_, err := w.ask("bob", 1500)
			wantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonCooldown})
			w.enqueue("cid", 1500)
			w.runPass(0, "duel")
			if n := len(w.status("ann").Proposals); n != 1 {
				t.Errorf("%d proposals of ann, want 1", n)
			}
			w.advance(30 * time.Second)
			w.enqueue("bob", 1500)
		})
	}
}

func TestRequeuePolicies(t *testing.T) {
	for how, want := range map[Requeue]string{
		EndOfQueue: "cancelled: others_declined, requeued", LeaveQueue: "cancelled: others_declined",
	} {
		q := checked()
		q.ReadyCheck.Requeue = how
		w := newWorld(t, q)
		w.enqueue("ann", 1500)
		w.enqueue("bob", 1500)
		w.advance(time.Second)
		w.runPass(0, "duel")
		proposal := w.status("ann").Proposals[0].ProposalID
		if _, err := w.pods[0].Decline(t.Context(), call("bob", ""), &wire.MMAnswer{ProposalID: proposal}); err != nil {
			t.Fatal(err)
		}
		w.wantPushes("ann", "proposal 0/2", want)
		got := w.status("ann").Tickets
		if how == EndOfQueue && (len(got) != 1 || got[0].EnqueuedAt != ms(w.clock())) || how == LeaveQueue && len(got) != 0 {
			t.Errorf("%s: %+v", how, got)
		}
	}
}

// A client cannot set an attribute that comes from its token. A party's members have their
// own values, and a back end may set it.
func TestAttributesFromTokens(t *testing.T) {
	q := duel()
	q.Match.Teams[0].Max, q.Match.Teams[1].Max = 2, 2
	q.Attributes = []Attribute{{Name: "skill", Type: Number, FromToken: true}}
	w := newWorld(t, q)
	with := func(user string, claims map[string]any) request.Call {
		c := call(user, "")
		c.Claims = claims
		return c
	}
	ask := func(c request.Call, req wire.MMEnqueue) (Ticket, error) {
		req.Queue = "duel"
		return w.pods[0].service.Enqueue(t.Context(), c, &req)
	}
	invalid := &wire.Error{Code: wire.CodeInvalidArgument, Field: "attributes.skill"}
	_, err := ask(with("ann", map[string]any{"skill": 1700.0}), wire.MMEnqueue{Attributes: map[string]any{"skill": 9000.0}})
	wantRefusal(t, err, invalid)
	_, err = ask(with("ann", nil), wire.MMEnqueue{})
	wantRefusal(t, err, invalid)
	_, err = ask(with("ann", map[string]any{"skill": "best"}), wire.MMEnqueue{})
	wantRefusal(t, err, invalid)
	if ticket, err := ask(with("ann", map[string]any{"skill": 1700.0}), wire.MMEnqueue{}); err != nil || ticket.Numbers["skill"] != 1700 {
		t.Errorf("ticket of ann: %v, %v", ticket.Numbers, err)
	}

	p := partyOf("bob", "cid")
	for user, skill := range map[string]float64{"bob": 1000, "cid": 2000} {
		m := p.Members[user]
		m.Claims, m.Attributes = map[string]any{"skill": skill}, wire.Attributes{"skill": 9000.0}
		p.Members[user] = m
	}
	w.parties["p"] = p
	if ticket, err := ask(with("bob", nil), wire.MMEnqueue{PartyID: "p"}); err != nil || ticket.Numbers["skill"] != 1500 {
		t.Errorf("ticket of the party: %v, %v", ticket.Numbers, err)
	}

	ticket, err := w.pods[0].service.EnqueueFor(t.Context(), with("dan", nil), liveness.Through("dan-1"), &wire.MMEnqueue{
		Queue: "duel", Attributes: map[string]any{"skill": 1234.0},
	})
	if err != nil || ticket.Numbers["skill"] != 1234 {
		t.Errorf("ticket of dan: %v, %v", ticket.Numbers, err)
	}
}

func TestRefusals(t *testing.T) {
	q := duel()
	q.MaxTickets = 2
	maps := "dust"
	q.Attributes = append(q.Attributes, Attribute{Name: "mode", Type: Text}, Attribute{Name: "maps", Type: StringSet, Default: &maps})
	q.Match.Regions = []matching.Region{{Name: "eu", MaxLatency: 100}}
	q.Match.Rules = append(q.Match.Rules, matching.Rule{
		Name: "maps", Type: matching.SetOverlap, Attribute: "maps", Value: 2, Required: true, Expand: []matching.Step{{After: time.Second, Value: 1}},
	})
	pairs := duel()
	pairs.Name = "pairs"
	for i := range pairs.Match.Teams {
		pairs.Match.Teams[i].Min, pairs.Match.Teams[i].Max = 2, 2
	}
	w := newWorld(t, q, pairs)
	w.parties["p"], w.parties["away"] = partyOf("ann", "bob"), partyOf("ann", "bob")
	w.parties["away"].Members["bob"] = partyrules.Member{Live: liveness.Away(t0)}
	good := func() *wire.MMEnqueue {
		return &wire.MMEnqueue{Queue: "duel", Attributes: map[string]any{"mode": "ctf"}, Latencies: map[string]float64{"eu": 20}}
	}
	invalid := func(field string) *wire.Error { return &wire.Error{Code: wire.CodeInvalidArgument, Field: field} }
	for name, tc := range map[string]struct {
		change func(*wire.MMEnqueue)
		want   *wire.Error
	}{
		"unknown queue":      {func(r *wire.MMEnqueue) { r.Queue = "chess" }, &wire.Error{Code: wire.CodeNotFound}},
		"missing attribute":  {func(r *wire.MMEnqueue) { r.Attributes = nil }, invalid("attributes.mode")},
		"wrong type":         {func(r *wire.MMEnqueue) { r.Attributes["mode"] = 3.0 }, invalid("attributes.mode")},
		"too long":           {func(r *wire.MMEnqueue) { r.Attributes["mode"] = strings.Repeat("x", 200) }, invalid("attributes.mode")},
		"not a number":       {func(r *wire.MMEnqueue) { r.Attributes["skill"] = "best" }, invalid("attributes.skill")},
		"no latency":         {func(r *wire.MMEnqueue) { r.Latencies = map[string]float64{"us": 1} }, invalid("latencies")},
		"latency too high":   {func(r *wire.MMEnqueue) { r.Latencies = map[string]float64{"eu": 101} }, invalid("latencies")},
		"undeclared":         {func(r *wire.MMEnqueue) { r.Attributes["skil"] = 1900.0 }, invalid("attributes.skil")},
		"too few maps":       {func(r *wire.MMEnqueue) { r.Attributes["maps"] = []any{} }, invalid("attributes.maps")},
		"unknown party":      {func(r *wire.MMEnqueue) { r.PartyID = "x" }, &wire.Error{Code: wire.CodeNotFound}},
		"party is too large": {func(r *wire.MMEnqueue) { r.PartyID = "p" }, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonPartyTooLarge}},
		"member is offline": {func(r *wire.MMEnqueue) {
			r.Queue, r.PartyID, r.Attributes, r.Latencies = "pairs", "away", nil, nil
		}, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonMemberOffline, Field: "partyId"}},
		"valid request": {func(*wire.MMEnqueue) {}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			before := w.count(tickets)
			req := good()
			tc.change(req)
			made, err := w.pods[0].Enqueue(t.Context(), call("ann", ""), req)
			wantRefusal(t, err, tc.want)
			if tc.want != nil && w.count(tickets) != before {
				t.Error("a refused request entered a ticket")
			}
			if tc.want == nil {
				_, err := w.pods[1].Enqueue(t.Context(), call("ann", ""), good())
				wantRefusal(t, err, wire.Already(wire.CodeAlreadyQueued, wire.ReasonTicketLimit, "", made.Data.(wire.MMTicketState).Ticket.ID))
			}
		})
	}
	if _, err := w.pods[0].Enqueue(t.Context(), call("u1", ""), good()); err != nil {
		t.Fatal(err)
	}
	_, err := w.pods[0].Enqueue(t.Context(), call("u2", ""), good())
	wantRefusal(t, err, &wire.Error{Code: wire.CodeResourceExhausted})
	if got := w.status("u2"); len(got.Tickets) != 0 {
		t.Errorf("status of u2: %+v, want no ticket", got)
	}
	nothing := &wire.Error{Code: wire.CodeNotFound}
	_, err = w.pods[0].Cancel(t.Context(), call("u2", ""), &wire.MMCancel{TicketID: "x"})
	wantRefusal(t, err, nothing)
	_, err = w.pods[0].Accept(t.Context(), call("u1", ""), &wire.MMAnswer{ProposalID: "x"})
	wantRefusal(t, err, nothing)
	_, err = w.pods[0].Decline(t.Context(), call("u1", ""), &wire.MMAnswer{ProposalID: ""})
	wantRefusal(t, err, nothing)
}

func TestKeysAndCancel(t *testing.T) {
	w := newWorld(t, duel())
	enqueue := func() wire.MMTicket {
		reply, err := w.pods[0].Enqueue(t.Context(), call("ann", "k1"), &wire.MMEnqueue{Queue: "duel"})
		if err != nil {
			t.Fatal(err)
		}
		return reply.Data.(wire.MMTicketState).Ticket
	}
	first := enqueue()
	if again := enqueue(); again.ID != first.ID {
		t.Errorf("the same key created %s and %s", first.ID, again.ID)
	}
	if _, err := w.pods[1].Cancel(t.Context(), call("ann", ""), &wire.MMCancel{TicketID: first.ID}); err != nil {
		t.Fatal(err)
	}
	w.wantPushes("ann", "cancelled: cancelled")
	_, err := w.pods[1].Cancel(t.Context(), call("bob", ""), &wire.MMCancel{TicketID: first.ID})
	wantRefusal(t, err, &wire.Error{Code: wire.CodeNotFound})
}

func TestTicketsEnd(t *testing.T) {
	smaller := duel()
	smaller.Attributes = append(smaller.Attributes, Attribute{Name: "mode", Type: Text})
	for reason, end := range map[string]func(w *world){
		"expired":       func(w *world) { w.advance(10 * time.Minute) },
		"queue_removed": func(w *world) { w.setQueue("duel", nil) },
		"queue_changed": func(w *world) { w.setQueue("duel", &smaller) },
		"disconnected": func(w *world) {
			if err := w.pods[1].service.SessionClosed(w.Context(), call("ann", "").Caller, nil); err != nil {
				w.Fatal(err)
			}
			w.runPass(0, "duel")
			w.wantPushes("ann")
			w.advance(disconnectGrace)
		},
	} {
		t.Run(reason, func(t *testing.T) {
			w := newWorld(t, duel())
			w.enqueue("ann", 1500)
			w.runPass(0, "duel")
			end(w)
			w.runPass(0, "duel")
			w.wantPushes("ann", "cancelled: "+reason)
			w.wantTicketStates("ann", map[bool]string{false: "cancelled", true: "expired"}[reason == "expired"])
			if n := w.count(users); n != 0 {
				t.Errorf("%d users are left, want 0", n)
			}
		})
	}
}

func TestReconnectKeepsTheTicket(t *testing.T) {
	w := newWorld(t, duel())
	w.enqueue("ann", 1500)
	s := w.pods[0].service
	back := call("ann", "").Caller
	back.SessionID = "ann-2"
	if err := errors.Join(s.SessionClosed(t.Context(), call("ann", "").Caller, nil), s.SessionOpened(t.Context(), back)); err != nil {
		t.Fatal(err)
	}
	w.advance(2 * disconnectGrace)
	w.runPass(0, "duel")
	w.wantPushes("ann")
}

func partyOf(users ...string) partyrules.Party {
	p := partyrules.Party{ID: "p", LeaderID: users[0], Members: map[string]partyrules.Member{}}
	for i, u := range users {
		p.Members[u] = partyrules.Member{Name: "Name " + u, JoinedAt: int64(i), Live: liveness.Through(u + "-1")}
	}
	return p
}

func TestParty(t *testing.T) {
	q := duel()
	for i := range q.Match.Teams {
		q.Match.Teams[i].Max = 2
	}
	w := newWorld(t, q)
	p := partyOf("ann", "bob")
	m := p.Members["bob"]
	m.Attributes = wire.Attributes{"skill": 1700.0}
	p.Members["bob"] = m
	w.parties["p"] = p
	req := &wire.MMEnqueue{Queue: "duel", PartyID: "p", Attributes: map[string]any{"skill": 1500.0}}
	_, err := w.pods[0].Enqueue(t.Context(), call("bob", ""), req)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotLeader})
	reply, err := w.pods[0].Enqueue(t.Context(), call("ann", ""), req)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"user:ann mm:ticket", "user:bob mm:ticket"}, w.casts); d != "" { // bob did not send the request
		t.Errorf("cast events (-want +got):\n%s", d)
	}
	view := reply.Data.(wire.MMTicketState).Ticket
	ticket, _, err := w.pods[0].service.ticket(t.Context(), "duel", view.ID)
	if err != nil || ticket.Numbers["skill"] != 1600 {
		t.Errorf("ticket of the party: %v, %v", ticket.Numbers, err)
	}
	_, err = w.ask("bob", 1500)
	wantRefusal(t, err, wire.Already(wire.CodeAlreadyQueued, wire.ReasonTicketLimit, "", view.ID))
	if got := w.status("bob"); len(got.Tickets) != 1 {
		t.Errorf("tickets of bob: %+v, want 1", got)
	}
	delete(p.Members, "bob")
	p.Departed = []partyrules.Departure{{UserID: "bob"}}
	w.pods[1].service.PartyChanged(t.Context(), p)
	w.wantPushes("ann", "cancelled: party_changed")
	w.wantPushes("bob", "cancelled: party_changed")
}

func TestPartyChangesDuringItsReadyCheck(t *testing.T) {
	q := checked()
	for i := range q.Match.Teams {
		q.Match.Teams[i].Max = 2
	}
	w := newWorld(t, q)
	p := partyOf("ann", "bob")
	w.parties["p"] = p
	if _, err := w.pods[0].Enqueue(t.Context(), call("ann", ""), &wire.MMEnqueue{Queue: "duel", PartyID: "p"}); err != nil {
		t.Fatal(err)
	}
	w.enqueue("cid", 1500)
	w.runPass(0, "duel")
	w.pods[1].service.PartyChanged(t.Context(), p)
	w.wantPushes("ann", "proposal 0/3", "cancelled: party_changed")
	w.wantPushes("bob", "proposal 0/3", "cancelled: party_changed")
	w.wantPushes("cid", "proposal 0/3", "cancelled: others_declined, requeued")
	w.enqueue("bob", 1500) // no player gets a cooldown
}

func TestHandoffFails(t *testing.T) {
	w := newWorld(t, duel())
	w.enqueue("ann", 1500)
	w.enqueue("bob", 1500)
	w.broken = true
	w.runPass(0, "duel")
	w.wantPushes("ann")
	w.advance(15 * time.Second)
	if err := w.matchers[0].Pass(t.Context(), "duel"); !errors.Is(err, stream.ErrUnavailable) {
		t.Errorf("%v", err)
	}
	w.broken = false
	w.runPass(0, "duel")
	w.wantPushes("ann", "cancelled: handoff_failed, requeued", "matched [{red [ann]} {blue [bob]}] lobby")
	w.wantTicketStates("ann", "searching, attempt 1", "assigned, attempt 1")
	for round, times := range w.made {
		if times != 1 {
			t.Errorf("place of %s made %d times, want 1", round, times)
		}
	}
}

// While one match's place is slow, other matches are made and handed off. The slow place is
// made once.
func TestSlowHandoffDelaysOnlyItsMatch(t *testing.T) {
	w := newWorld(t, duel())
	w.matchers[0].handoffWait = time.Millisecond
	open, ready := make(chan struct{}), make(chan struct{})
	close(open)
	w.slow = func(r Proposal) <-chan struct{} {
		if r.hasPlayer("ann") {
			return ready
		}
		return open
	}
	w.enqueue("ann", 1500)
	w.enqueue("bob", 1500)
	w.runPass(0, "duel")
	w.enqueue("cid", 1500)
	w.enqueue("dan", 1500)
	for until := time.Now().Add(time.Minute); len(w.pushes("cid")) == 0 && time.Now().Before(until); {
		w.runPass(0, "duel")
	}
	w.wantPushes("cid", "matched [{red [cid]} {blue [dan]}] lobby")
	w.wantPushes("ann")
	if got := w.status("ann").Tickets; len(got) != 1 || got[0].State != wire.TicketAccepted {
		t.Errorf("tickets of ann: %+v, want 1 accepted", got)
	}
	close(ready)
	w.matchers[0].handoffs.Wait()
	w.runPass(0, "duel")
	w.wantPushes("ann", "matched [{red [ann]} {blue [bob]}] lobby")
	if n := len(w.made); n != 2 || w.count(proposals)+w.count(outbox) != 0 {
		t.Errorf("%d places made and %d rounds left, want 2 and 0", n, w.count(proposals))
	}
}

func TestEachPlayerHasItsToken(t *testing.T) {
	w := newWorld(t, duel())
	w.tokens = map[string]string{"ann": "secret-of-ann"}
	w.enqueue("ann", 1500)
	w.enqueue("bob", 1500)
	w.runPass(0, "duel")
	w.wantPushes("ann", "matched [{red [ann]} {blue [bob]}] lobby secret-of-ann")
	w.wantPushes("bob", "matched [{red [ann]} {blue [bob]}] lobby")
}

func TestQueuesAndEstimates(t *testing.T) {
	q := duel()
	q.Population = PopulationExact
	w := newWorld(t, q)
	list := func() wire.MMQueueList {
		reply, err := w.pods[0].Queues(t.Context(), call("ann", ""), &wire.MMQueues{})
		if err != nil {
			t.Fatal(err)
		}
		return reply.Data.(wire.MMQueueList)
	}
	w.enqueue("ann", 1500)
	w.advance(4 * time.Second)
	w.enqueue("bob", 1500)
	want := wire.MMQueueList{Queues: []wire.MMQueue{{
		Name: "duel", Teams: []wire.MMTeam{{Name: "red", Min: 1, Max: 1}, {Name: "blue", Min: 1, Max: 1}}, MaxParty: 1, Population: 2,
	}}}
	if d := cmp.Diff(want, list()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	w.runPass(0, "duel")
	stats, holder, err := w.pods[1].service.Stats(t.Context(), "duel")
	if err != nil || holder != "pod-0" || stats.Matches != 1 || stats.WaitP50Ms != 4001 || stats.Depth != 0 {
		t.Errorf("%+v by %s, %v", stats, holder, err)
	}
	if got := w.enqueue("cid", 1500); got.EstimateMs != 4001 {
		t.Errorf("ticket of cid: %+v", got)
	}
	w.advance(5 * time.Second)
	w.runPass(0, "duel")
	if d := cmp.Diff([]string{"user:cid mm:ticket", "user:cid mm:ticket"}, w.casts[2:]); d != "" { // after those of ann and bob
		t.Errorf("cast events (-want +got):\n%s", d)
	}
	w.wantPushes("cid") // a cast event is not kept
	q.Population = PopulationBand
	w.setQueue("duel", &q)
	for i, band := range []string{"low", "medium", "high"} {
		for j := range 10 * i {
			w.enqueue(fmt.Sprint("u", i, "-", j), float64(2000+1000*j+100_000*i))
		}
		if got := list().Queues[0].Population; got != band {
			t.Errorf("%d tickets: population %v, want %s", w.count(tickets), got, band)
		}
	}
}
