package session

import (
	"context"
	"encoding/json"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

const (
	// resumeBytes bounds the events and snapshots of one answer to a resume, in bytes.
	resumeBytes = 512 << 10
	// leastBudget is what an answer may have where outboundBytes leave less.
	leastBudget = 4 << 10
	// inFlightBytes bounds the answers to resumes that this process reads and writes at the
	// same time, as read from the store. A resume beyond it waits for its turn.
	inFlightBytes = 16 << 20
	// maxAnswer bounds any other answer, in bytes, where outboundBytes are less.
	maxAnswer = 4 << 20
	// bytesPerEvent is how much of an answer counts as one event against the rate of its
	// connection.
	bytesPerEvent = 64 << 10
	// fullAgain is when a stream that had no room in an answer is asked for again.
	fullAgain = 50 * time.Millisecond
)

// budget is what is left of one answer to a resume, in bytes.
type budget struct{ whole, left int }

// answerBudget is the byte budget of an answer: half of the outbound bound, so that pushes have
// room, and at most resumeBytes.
func (m *Manager) answerBudget() *budget {
	whole := int64(resumeBytes)
	if bound := m.Limits().OutboundBytes; bound > 0 {
		whole = min(whole, max(bound/2, leastBudget))
	}
	return &budget{int(whole), int(whole)}
}

// take takes bytes from the budget. False: they have no room, and others were taken before.
func (b *budget) take(size int) bool {
	if size > b.left && b.left < b.whole {
		b.left = 0
		return false
	}
	b.left = max(b.left-size, 0)
	return true
}

// full reports whether nothing has room any more.
func (b *budget) full() bool { return b.left <= 0 }

// noRoom is the result of a stream that had no room in an answer.
func noRoom(at wire.StreamPosition) wire.StreamResumed {
	refusal := wire.Refuse(wire.CodeRateLimited, "the answer has no room for this stream: ask for it again")
	refusal.RetryAfterMs = fullAgain.Milliseconds()
	return notResumed(at, refusal)
}

// enter waits until the process has room for an answer, and takes it. What it gives back is
// to be called once the answer is on its way. The error is that of ctx.
func (m *Manager) enter(ctx context.Context, b *budget) (leave func(), err error) {
	weight := int64(b.whole)
	if err := m.inFlight.Acquire(ctx, weight); err != nil {
		m.Metrics.crowded.Inc()
		return nil, wire.Refuse(wire.CodeUnavailable, "this server answers as many resumes as it can; try again")
	}
	m.Metrics.inFlight.Add(float64(weight))
	return func() {
		m.inFlight.Release(weight)
		m.Metrics.inFlight.Sub(float64(weight))
	}, nil
}

// read counts an answer against the rate of the connection, by its size.
func (s *Session) read(size int) {
	if more := float64(size)/bytesPerEvent - 1; more > 0 {
		s.rate.spend(time.Now(), more, s.m.Limits().EventsPerSecond)
	}
}

// fits returns the answer, or a refusal if the answer is larger than a client accepts at once.
func (s *Session) fits(answer json.RawMessage) *wire.Error {
	s.m.Metrics.answerBytes.Observe(float64(len(answer)))
	if bound := s.m.Limits().OutboundBytes; bound <= 0 || int64(len(answer)) <= max(bound, maxAnswer) {
		return nil
	}
	return wire.Exhausted("", "the answer is larger than a client is sent at once: ask for less")
}

// cut keeps of a catch-up what has room in an answer; the rest is asked for again.
func (f *subscription) cut(most int) stream.Catchup {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.at == nil {
		return stream.Catchup{Recovered: true}
	}
	c := f.at.Catchup
	c.Cut(most)
	return c
}

// forget lets go of what was missed once it is in an answer; where the stream was stays.
func (f *subscription) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.at != nil {
		f.at.Catchup = stream.Catchup{Recovered: true, Now: stream.Snapshot{Position: f.at.Catchup.Now.Position}}
	}
}
