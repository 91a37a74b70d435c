package session

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// scoped takes a token "user scope scope…".
type scoped struct{}

func (scoped) Authenticate(_ context.Context, token string) (request.User, error) {
	all := strings.Fields(token)
	return request.User{ID: all[0], Scopes: all[1:]}, nil
}

// refreshed is the answer to session:refresh with a token.
func (b *bench) refreshed(token string) wire.Ack {
	b.t.Helper()
	return b.request(wire.EventSessionRefresh, wire.SessionRefresh{Token: token})
}

// A refresh that brings other rights takes away the streams that they do not allow, before
// it is acknowledged, and says so.
func TestARefreshWithFewerRightsEndsSubscriptions(t *testing.T) {
	b := following(t)
	b.m.Auth = scoped{}
	b.docs.set(func() { b.docs.refusal = kicked })
	if a := b.refreshed("ann less"); !a.OK {
		t.Fatal(a.Error)
	}
	if b.s.Follows("doc:a") {
		t.Error("the stream is followed after the answer")
	}
	b.commit("doc:a", stream.Control{})
	b.commit("user:ann", stream.Control{})
	b.eventually("the own stream is pushed", func() bool { return len(b.seqs("doc:changed", "user:ann")) == 1 })
	b.wantSeqs(1, 2)
	if got := b.conn.events("doc:snapshot"); len(got) != 0 {
		t.Errorf("told %q", got)
	}
	if got := b.conn.events(wire.EventSyncLost); !slices.Equal(got, []string{`{"streams":["doc:a"]}`}) {
		t.Errorf("told %q", got)
	}
}

// A refresh with the same rights asks for nothing, and loses no record.
func TestARefreshWithTheSameRightsAsksForNothing(t *testing.T) {
	b := following(t)
	b.m.Auth = scoped{}
	if a := b.refreshed("ann a b"); !a.OK {
		t.Fatal(a.Error)
	}
	b.docs.set(func() { b.docs.asked = func() error { t.Error("asked"); return nil } })
	if a := b.refreshed("ann b a"); !a.OK {
		t.Fatal(a.Error)
	}
	b.commit("doc:a", stream.Control{})
	b.wantSeqs(1, 2, 3)
}

func TestARefreshWhoseRightsCannotBeAppliedEndsTheSession(t *testing.T) {
	b := following(t)
	b.m.Auth = scoped{}
	b.docs.set(func() { b.docs.refusal = stream.ErrUnavailable })
	if a := b.refreshed("ann less"); a.OK || a.Error.Code != wire.CodeUnavailable {
		t.Errorf("answered %+v", a)
	}
	b.commit("doc:a", stream.Control{})
	if b.conn.reason() != wire.CloseInsufficientState {
		t.Errorf("closed with %q", b.conn.reason())
	}
	b.wantSeqs(1, 2)
}

// A change of policies asks for all that is followed, and takes away what is refused.
func TestAChangeOfPoliciesReachesSubscriptions(t *testing.T) {
	b := following(t)
	if err := b.m.Recheck(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.commit("doc:a", stream.Control{})
	b.wantSeqs(1, 2, 3)
	b.docs.set(func() { b.docs.refusal = stream.ErrUnavailable })
	if b.m.Recheck(t.Context()) == nil {
		t.Error("a recheck without the store reports no error")
	}
	b.docs.set(func() { b.docs.refusal = kicked })
	if err := b.m.Recheck(t.Context()); err != nil || b.s.Follows("doc:a") || len(b.conn.events(wire.EventSyncLost)) != 1 {
		t.Errorf("follows %v, told %v, %v", b.s.Follows("doc:a"), b.conn.events(wire.EventSyncLost), err)
	}
}

// A request that began before a change of policies follows nothing by the policies of then.
func TestARequestThatBeganBeforeAChangeOfPoliciesAsksAgain(t *testing.T) {
	b := newBench(t)
	b.docs.set(func() { b.docs.refusal = kicked })
	b.during = func(when string) {
		if when == "before" {
			if err := b.m.Recheck(t.Context()); err != nil {
				t.Error(err)
			}
		}
	}
	if a := b.request("test:follow", follow1{ID: "doc:a"}); a.OK || b.s.Follows("doc:a") {
		t.Errorf("answered %+v", a)
	}
}

// Between the end of a session and that of its transport a user who lost all rights makes
// no request. Other ends leave requests alone.
func TestASessionThatEndsForItsRightsMakesNoRequest(t *testing.T) {
	for reason, want := range map[wire.CloseReason]wire.Code{
		wire.CloseBanned: wire.CodeBanned, wire.CloseUnauthenticated: wire.CodeUnauthenticated,
		wire.CloseTokenExpired: wire.CodeTokenExpired, wire.CloseDraining: "",
	} {
		t.Run(string(reason), func(t *testing.T) {
			b := newBench(t)
			b.s.Terminate(reason, "over")
			a := b.request("test:follow", follow1{ID: "doc:a"})
			if got := wire.CodeOf(refusalOf(a)); got != want {
				t.Errorf("refused with %q, want %q", got, want)
			}
		})
	}
}

func refusalOf(a wire.Ack) error {
	if a.Error == nil {
		return nil
	}
	return a.Error
}
