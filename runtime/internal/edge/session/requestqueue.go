package session

import (
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

const (
	// queuedRequests and queuedBytes bound the requests of one connection that wait
	// for their turn; one of any size may always wait. What comes beyond is refused.
	queuedRequests = 64
	queuedBytes    = 256 << 10
	// floodFactor times its budget is what makes a connection lose it all.
	floodFactor = 10
)

// requestQueue holds the requests that wait. It is guarded by the session's mutex.
type requestQueue struct {
	waiting []Request
	bytes   int
	// working is true while a worker carries out requests.
	working bool
}

func (b *requestQueue) put(r Request) bool {
	if len(b.waiting) >= queuedRequests || (len(b.waiting) > 0 && b.bytes+r.weight() > queuedBytes) {
		return false
	}
	b.waiting = append(b.waiting, r)
	b.bytes += r.weight()
	return true
}

func (b *requestQueue) take() (Request, bool) {
	if len(b.waiting) == 0 {
		b.waiting = nil
		return Request{}, false
	}
	r := b.waiting[0]
	b.waiting[0] = Request{}
	b.waiting = b.waiting[1:]
	b.bytes -= r.weight()
	return r, true
}

// weight is what a request counts in a requestQueue.
func (r Request) weight() int { return max(r.Size, r.Held) }

// Receive queues an event of the client. It does not block: a request beyond the connection's
// budget is refused at once, a request within the budget waits for the requests before it.
func (s *Session) Receive(r Request) {
	now, limits := time.Now(), s.m.Limits()
	if s.flood.take(now, floodFactor*limits.EventsPerSecond, floodFactor*limits.Burst) > 0 {
		s.Terminate(wire.CloseRateLimited, "too many events")
		return
	}
	if wait := s.rate.take(now, limits.EventsPerSecond, limits.Burst); wait > 0 {
		s.refuse(r, rateLimited("too many requests on this connection", wait))
		return
	}
	s.mu.Lock()
	taken := s.phase < closed
	fits := taken && s.requests.put(r)
	s.mu.Unlock()
	switch {
	case fits:
		s.wake()
	case taken:
		s.refuse(r, rateLimited("too many requests of this connection are waiting", time.Second))
	}
}

// Reject answers an event that cannot be carried out, as refusal says. It counts against
// the connection's budget as others do. Without an acknowledgement to give it with, the
// session ends for the reason.
func (s *Session) Reject(r Request, refusal *wire.Error, otherwise wire.CloseReason) {
	now, limits := time.Now(), s.m.Limits()
	if s.flood.take(now, floodFactor*limits.EventsPerSecond, floodFactor*limits.Burst) > 0 {
		s.Terminate(wire.CloseRateLimited, "too many events")
		return
	}
	if r.Ack == nil {
		s.Terminate(otherwise, refusal.Message)
		return
	}
	s.refuse(r, refusal)
}

// refuse answers a request that is not carried out.
func (s *Session) refuse(r Request, refusal *wire.Error) {
	s.m.Metrics.request(s.eventLabel(r.Event), refusal.Code, 0)
	s.answer(r, nil, refusal)
}

// wake has a worker carry out the requests, if there is something to do and none is
// at it.
func (s *Session) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase == opening || s.phase == gone || s.requests.working {
		return
	}
	if len(s.requests.waiting) == 0 && s.phase != closed {
		return
	}
	s.requests.working = true
	s.m.workers.execute(s.m.ctx, s)
}

// work carries out the waiting requests, one after the other, and after the last
// one of a closed connection it ends the session.
func (s *Session) work() {
	for {
		s.mu.Lock()
		r, some := s.requests.take()
		s.lately = nil
		last := !some && s.phase == closed
		if last {
			s.phase = gone
		}
		if !some {
			s.requests.working = false
		}
		s.mu.Unlock()
		switch {
		case some:
			s.serve(r)
		case last:
			s.finish()
			return
		default:
			return
		}
	}
}
