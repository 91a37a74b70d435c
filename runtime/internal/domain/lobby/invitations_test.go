package lobby

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules/rulestest"
	"github.com/anteroom/anteroom/runtime/wire"
)

// eventsOf are the events on a user's own stream.
func (w *world) eventsOf(user string) []string {
	w.Helper()
	var all []string
	for _, r := range w.log(userStreamOf(user)) {
		all = append(all, r.Name)
	}
	return all
}

// The flow of a request, with a process that dies before the events are published: another
// pod tells them, once.
func TestRequestFlowOverACrash(t *testing.T) {
	w := newWorld(t, func(p *rules.Policy) { p.Join.Requests = true })
	ann, eve := w.client("ann"), w.connect("eve", "eve-1", 1)
	l := ann.create()
	w.dieAfterLobbyCommit(l.ID)
	if _, err := eve.h.RequestJoin(t.Context(), eve.keyed("q"), &wire.LobbyRequestJoin{LobbyID: l.ID}); err == nil {
		t.Fatal("it did not die")
	}
	w.pass(rules.RetryAfter)
	if d := cmp.Diff([]string{wire.EventLobbyJoinRequested}, w.eventsOf("ann")); d != "" {
		t.Fatal(d)
	}
	if _, err := eve.h.RequestJoin(t.Context(), eve.keyed("q"), &wire.LobbyRequestJoin{LobbyID: l.ID}); err != nil {
		t.Fatal(err)
	}
	w.dieAfterLobbyCommit(l.ID)
	if _, err := ann.h.RespondJoin(t.Context(), ann.keyed("a"), &wire.LobbyRespondJoin{LobbyID: l.ID, UserID: "eve", Accept: true}); err == nil {
		t.Fatal("it did not die")
	}
	w.pass(rules.RetryAfter)
	if _, err := ann.h.RespondJoin(t.Context(), ann.keyed("a"), &wire.LobbyRespondJoin{LobbyID: l.ID, UserID: "eve", Accept: true}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{wire.EventLobbyInvited}, w.eventsOf("eve")); d != "" {
		t.Fatal(d)
	}
	invite := w.doc(l.ID).Invites["eve"].ID
	joined := w.state(eve.h.RespondInvite(t.Context(), eve.call, &wire.LobbyRespondInvite{InviteID: invite, Accept: true}))
	if _, in := joined.Members["eve"]; !in || len(w.eventsOf("ann")) != 1 {
		t.Errorf("joined %+v; events of ann: %v", joined, w.eventsOf("ann"))
	}
	_, err := eve.h.RespondInvite(t.Context(), eve.call, &wire.LobbyRespondInvite{InviteID: "nonsense", Accept: true})
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeCodeExpired})
}

// A countdown whose pod has died ends on another one, once.
func TestCountdownOverACrash(t *testing.T) {
	w := newWorld(t, func(p *rules.Policy) { p.Ready = rules.ReadyPolicy{AutoStart: true, Countdown: 5 * time.Second} })
	seen := &witness{}
	w.pods[1].service.Events = seen
	ann, bob := w.client("ann"), w.connect("bob", "bob-1", 0)
	l := ann.create()
	w.state(bob.join(l.ID))
	w.version(ann.ready(l.ID, true))
	w.dieAfterLobbyCommit(l.ID)
	if _, err := bob.ready(l.ID, true); err == nil {
		t.Fatal("it did not die")
	}
	w.pass(5 * time.Second)
	w.pass(time.Second)
	now := w.doc(l.ID)
	if now.Status != wire.LobbyInMatch {
		t.Fatalf("%s", now.Status)
	}
	if _, err := w.pods[0].service.ReportMatch(t.Context(), "", rules.Report{MatchID: now.Match.ID, Ended: true}); err != nil {
		t.Fatal(err)
	}
	_, err := w.pods[0].service.ReportMatch(t.Context(), "", rules.Report{MatchID: now.Match.ID, Ended: true})
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeNotFound})
	started := 0
	for _, c := range w.causesOf(l.ID) {
		if c == "match_started  " {
			started++
		}
	}
	if d := cmp.Diff([]string{"started [ann bob]"}, seen.take()); d != "" || started != 2 { // the patch, and lobby:handoff
		t.Errorf("%d handoffs, events %s", started, d)
	}
}

func TestRegenerateCode(t *testing.T) {
	w := newWorld(t, nil)
	ann, bob := w.client("ann"), w.connect("bob", "bob-1", 1)
	l := ann.create()
	reply, err := ann.h.RegenerateCode(t.Context(), ann.keyed("c"), &wire.LobbyRef{LobbyID: l.ID})
	if err != nil {
		t.Fatal(err)
	}
	code := reply.Data.(wire.LobbyCode).Code
	again, err := ann.h.RegenerateCode(t.Context(), ann.keyed("c"), &wire.LobbyRef{LobbyID: l.ID})
	if err != nil || again.Data.(wire.LobbyCode) != reply.Data.(wire.LobbyCode) {
		t.Errorf("the same key gives %+v, %v", again, err)
	}
	_, err = ann.h.RegenerateCode(t.Context(), ann.call, &wire.LobbyRef{LobbyID: l.ID})
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeRateLimited, Retryable: true, RetryAfterMs: rules.CodePause.Milliseconds() + 1})
	_, err = bob.h.Join(t.Context(), bob.call, &wire.LobbyJoin{Code: l.Code})
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeCodeExpired})
	_, err = bob.h.RegenerateCode(t.Context(), bob.call, &wire.LobbyRef{LobbyID: l.ID})
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotMember})
	w.state(bob.h.Join(t.Context(), bob.call, &wire.LobbyJoin{Code: code}))
}
