package session

import (
	"fmt"
	"slices"
	"testing"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// away is the order to stop following doc:a.
var away = stream.Control{Unfollow: []stream.ID{"doc:a"}}

var kicked = wire.Refuse(wire.CodePermissionDenied, "kicked")

// following is a bench whose session follows doc:a from seq 1.
func following(t *testing.T) *bench {
	b := newBench(t)
	b.commit("doc:a", stream.Control{})
	if a := b.request("test:follow", follow1{ID: "doc:a"}); !a.OK {
		t.Fatal(a.Error)
	}
	b.commit("doc:a", stream.Control{})
	b.wantSeqs(1, 2)
	return b
}

// wantSeqs waits for the pushes of doc:a and checks that there are no others.
func (b *bench) wantSeqs(want ...uint64) {
	b.t.Helper()
	got := func() []uint64 { return b.seqs("doc:changed", "doc:a") }
	b.eventually(fmt.Sprintf("pushes %v", want), func() bool { return len(got()) >= len(want) })
	if !slices.Equal(got(), want) {
		b.t.Errorf("pushes %v, want %v", got(), want)
	}
}

// asks has the kind of doc:a answer each question through the channel that is given.
func (b *bench) asks() (questions chan struct{}, answers chan error) {
	questions, answers = make(chan struct{}), make(chan error)
	b.docs.set(func() {
		b.docs.asked = func() error {
			questions <- struct{}{}
			return <-answers
		}
	})
	return questions, answers
}

// An order to stop following that arrives after the user has come back takes nothing away,
// and no record is lost while the session asks.
func TestALateOrderTakesNothingAway(t *testing.T) {
	b := following(t)
	questions, answers := b.asks()
	b.commit("user:ann", away)
	<-questions
	b.commit("doc:a", stream.Control{})
	b.commit("doc:a", stream.Control{})
	b.wantSeqs(1, 2)
	answers <- nil
	b.wantSeqs(1, 2, 3, 4)
	b.commit("doc:a", stream.Control{})
	b.wantSeqs(1, 2, 3, 4, 5)
}

// A user who is gone gets none of the records that came while the session asked.
func TestARefusedStreamIsDroppedWithWhatWaited(t *testing.T) {
	b := following(t)
	questions, answers := b.asks()
	b.commit("user:ann", away)
	<-questions
	b.commit("doc:a", stream.Control{})
	answers <- kicked
	b.eventually("the stream is dropped", func() bool { return !b.s.Follows("doc:a") })
	b.wantSeqs(1, 2)
}

// A request that gets the stream while the session asks is not undone by an answer from
// before it.
func TestAnAnswerFromBeforeARequestIsNotBelieved(t *testing.T) {
	b := following(t)
	questions, answers := b.asks()
	b.commit("user:ann", away)
	<-questions
	if a := b.request("test:follow", follow1{ID: "doc:a"}); !a.OK {
		t.Fatal(a.Error)
	}
	answers <- kicked
	<-questions
	answers <- nil
	b.commit("doc:a", stream.Control{})
	b.wantSeqs(1, 2, 3)
}

func TestAStreamThatCannotBeAskedForEndsTheSession(t *testing.T) {
	b := following(t)
	b.docs.set(func() { b.docs.refusal = stream.ErrUnavailable })
	b.commit("user:ann", away)
	b.eventually("the session ends", func() bool { return b.conn.reason() == wire.CloseInsufficientState })
}

// A stream that is over for everybody is dropped without a question.
func TestAStreamThatIsOverIsDropped(t *testing.T) {
	b := following(t)
	b.docs.set(func() { b.docs.asked = func() error { t.Error("asked"); return nil } })
	over := away
	over.Over = true
	b.commit("user:ann", over)
	b.eventually("the stream is dropped", func() bool { return !b.s.Follows("doc:a") })
}

// A snapshot from before the user came back does not take the stream away.
func TestARefusedSnapshotIsAskedForAgain(t *testing.T) {
	b := following(t)
	b.docs.set(func() { b.docs.snapshot = kicked })
	questions, answers := b.asks()
	b.follow("doc:a").Reset("doc:a", stream.Snapshot{})
	<-questions
	b.docs.set(func() { b.docs.snapshot = nil })
	answers <- nil
	b.eventually("a snapshot of now", func() bool { return slices.Contains(b.seqs("doc:snapshot", "doc:a"), 2) })
	b.commit("doc:a", stream.Control{})
	b.wantSeqs(1, 2, 3)
}
