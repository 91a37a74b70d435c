package engineio

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// probeDelay is how long a poll waits for messages while an upgrade is tried: the
// client waits for its poll to end before it completes the upgrade.
const probeDelay = 40 * time.Millisecond

// polling is the state of a session that is polled. The socket's lock guards it.
type polling struct {
	out outbox
	// wake has room for one: the waiting poll has something to look at.
	wake chan struct{}
	// waiting: a GET waits. posting: a POST is being read. warned: the outbox is half full.
	waiting, posting, warned bool
	// probing: an upgrade is tried. upgraded: it was completed.
	probing, upgraded bool
	// last is the packet that ends the session; end is how a WebSocket that completes an
	// upgrade by then ends it instead.
	last *Frame
	end  ending
}

// maxPollPackets bounds the packets of one poll answer: python-engineio refuses an
// answer of more than 16. The rest waits for the next poll.
const maxPollPackets = 16

func newPolling() *polling { return &polling{wake: make(chan struct{}, 1)} }

func (p *polling) push(s *Socket, f *Frame, bound int) pushed {
	if !p.out.room(f, bound) {
		return pushFull
	}
	p.out.push(f)
	p.nudge()
	if !p.warned && p.out.bytes > bound/2 {
		p.warned = true
		s.lagging.Store(true)
		return pushHalf
	}
	return pushOK
}

// nudge has the waiting poll look again.
func (p *polling) nudge() {
	if !p.waiting {
		return
	}
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// finish sets the packet that ends the session and reports whether another poll must
// come to fetch it: a close never shares an answer with messages. An answer to the poll
// of a client that closed the session itself may.
func (p *polling) finish(e ending) (awaited bool) {
	if e.cut {
		p.out.cut()
	}
	p.last, p.end = closePoll, e
	if e.noop {
		p.last = noopFrame
	}
	p.nudge()
	if p.waiting {
		return !p.lastFits()
	}
	return !e.now
}

// lastFits reports whether the last packet may be in the next answer. Stock clients act
// on a close at once but on the messages of the same answer a tick later, by when they
// count as messages of the next connection.
func (p *polling) lastFits() bool {
	return p.out.empty() || p.end.noop && p.out.len() < maxPollPackets
}

// take gives the payload of one poll answer, and reports in last whether it ends the session.
// The payload is nil when there is nothing to answer.
func (p *polling) take(s *Socket) (payload []byte, last bool) {
	last = p.last != nil && p.lastFits()
	for n := 0; n < maxPollPackets && !p.out.empty(); n++ {
		f := p.out.pop()
		p.out.bytes -= len(f.wire)
		if f == pingFrame {
			s.pingOnWire()
		}
		payload = appendPayload(payload, f)
	}
	if p.warned && p.out.bytes < s.server.options.bound()/4 {
		p.warned = false
		s.relieve()
	}
	if last {
		payload = appendPayload(payload, p.last)
	}
	return payload, last
}

// servePoll answers a GET of a polling session.
func (s *Socket) servePoll(w http.ResponseWriter, r *http.Request) {
	p, err := s.beginPoll()
	if err != nil {
		s.refuseRequest(w, r, err)
		return
	}
	control := http.NewResponseController(w)
	// A server-wide read timeout is not meant for a request that waits.
	_ = control.SetReadDeadline(time.Time{})
	payload, err := s.awaitPoll(r.Context(), p)
	if err == nil {
		_ = control.SetWriteDeadline(time.Now().Add(s.server.options.WriteTimeout))
		noStore(w)
		write(w, http.StatusOK, "text/plain; charset=UTF-8", payload)
		err = control.Flush()
		_ = control.SetWriteDeadline(time.Time{})
	}
	switch {
	case errors.Is(err, errCarried):
		s.server.refuse(w, r, err, false)
	case err != nil:
		s.lostPoll(p)
	}
}

// lostPoll ends the session with a poll that the client has given up, unless a
// WebSocket carries it by now.
func (s *Socket) lostPoll(p *polling) {
	s.mu.Lock()
	current := s.polling == p
	p.waiting = false
	s.mu.Unlock()
	if current {
		s.shut(TransportError, ending{code: CodeProtocol, now: true})
	}
}

// beginPoll makes the request the session's waiting poll.
func (s *Socket) beginPoll() (*polling, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.polling
	switch {
	case p == nil:
		return nil, errCarried
	case p.waiting:
		return nil, errOverlap
	case s.closed.Load() && !s.beat.isIn(s.server.lines.last):
		return nil, errUnknownSession
	}
	p.waiting = true
	return p, nil
}

// awaitPoll waits for something to answer a poll with.
func (s *Socket) awaitPoll(ctx context.Context, p *polling) ([]byte, error) {
	for {
		payload, tick, err := s.takePoll(p)
		if payload != nil || err != nil {
			return payload, err
		}
		select {
		case <-p.wake:
		case <-tick:
			s.mu.Lock()
			p.out.push(noopFrame)
			s.mu.Unlock()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// takePoll takes the payload if there is one, which ends the wait. Otherwise, if an
// upgrade is tried, it gives a channel that says when to stop waiting.
func (s *Socket) takePoll(p *polling) (payload []byte, tick <-chan time.Time, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.upgraded {
		return nil, nil, errCarried
	}
	payload, last := p.take(s)
	if payload == nil {
		if p.probing {
			tick = time.After(probeDelay)
		}
		return nil, tick, nil
	}
	p.waiting = false
	switch {
	case s.polling != p || !s.closed.Load():
	case last:
		s.server.lines.set.drop(&s.beat)
		s.server.forget(s)
		s.dropProbe()
	default:
		s.server.lines.last.move(&s.beat)
	}
	return payload, nil, nil
}

// refuseRequest answers a request that does not fit the session's state. Two at a
// time end the session, as in the reference.
func (s *Socket) refuseRequest(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, errOverlap) {
		s.shut(TransportError, ending{code: CodeProtocol, now: true})
	}
	s.server.refuse(w, r, err, false)
}

// noStore forbids caches to keep an answer.
func noStore(w http.ResponseWriter) { w.Header().Set("Cache-Control", "no-store") }
