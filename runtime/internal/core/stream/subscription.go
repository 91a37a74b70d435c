package stream

import (
	"sync"
	"time"
)

// subscription is this pod's subscription to a stream, shared by the stream's followers.
//
// at is the position of the live followers. Records that arrive during a catch-up, or
// before the first position is known, are pending.
type subscription struct {
	hub *Hub
	id  ID
	// confirmed is closed when the Bus confirms the subscription for the first time.
	confirmed chan struct{}

	mu sync.Mutex
	// made counts the Bus's confirmations of the subscription.
	made        int
	known       bool
	at          Position
	catching    bool
	again       bool
	pending     []Record
	attachments []*Attachment
	idle        *time.Timer
}

func newSubscription(h *Hub, id ID) *subscription {
	return &subscription{hub: h, id: id, confirmed: make(chan struct{})}
}

// attached records a confirmation of the subscription. Records that were published while it
// was broken are lost, so a subscription with a known position catches up.
func (l *subscription) attached() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.made++; l.made == 1 {
		close(l.confirmed)
		return
	}
	if l.known {
		l.catchUp()
	}
}

func (l *subscription) generation() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.made
}

// receive processes a record from the Bus.
func (l *subscription) receive(r Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.Seq == 0 {
		l.cast(r)
		return
	}
	if l.known && !l.catching {
		l.offer(r)
		return
	}
	if len(l.attachments) == 0 || l.again {
		return // no follower needs it, or it will be read from the Store
	}
	if len(l.pending) >= heldBound {
		l.pending, l.again = nil, true
		return
	}
	l.pending = append(l.pending, r)
}

// cast delivers an event without a seq to the live followers.
func (l *subscription) cast(r Record) {
	d := &Delivery{Stream: l.id, Record: r}
	for _, a := range l.attachments {
		if a.phase == live {
			a.sink.Deliver(d)
		}
	}
}

// offer processes a record while the position is known: it accepts the next record, ignores
// a duplicate, and catches up after a gap.
func (l *subscription) offer(r Record) {
	switch {
	case r.Epoch == l.at.Epoch && r.Seq <= l.at.Seq:
		// duplicate
	case r.Epoch == l.at.Epoch && r.Seq == l.at.Seq+1, l.at == Position{} && r.Seq == 1:
		l.accept(r)
	default:
		l.catchUp()
	}
}

// accept advances the subscription by one record and passes it to every follower.
func (l *subscription) accept(r Record) {
	l.at = r.Position
	d := &Delivery{Stream: l.id, Record: r}
	for _, a := range l.attachments {
		l.bring(a, d)
	}
}

// bring delivers a record of the subscription to a live follower, or holds it for another follower.
func (l *subscription) bring(a *Attachment, d *Delivery) {
	if a.phase == live && a.ahead {
		switch {
		case d.Epoch != a.at.Epoch:
			l.fallBehind(a)
		case d.Seq <= a.at.Seq:
			return // delivered by its own catch-up
		default:
			a.ahead = false
		}
	}
	if a.phase == live {
		a.sink.Deliver(d)
	} else {
		a.hold(d)
	}
}

// catchUp queues a catch-up of the subscription. Without followers it only marks the position as
// unknown.
func (l *subscription) catchUp() {
	switch {
	case len(l.attachments) == 0:
		l.known, l.pending = false, nil
	case l.catching:
		l.again = true
	default:
		l.catching, l.again, l.pending = true, false, nil
		l.hub.jobs.put(job{subscription: l})
	}
}

// startCatchUp returns the position from which to catch up; false when the subscription has no follower.
// It drops the pending records: they were committed before the Store's read, which returns
// them.
func (l *subscription) startCatchUp() (Position, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.again, l.pending = false, nil
	if len(l.attachments) == 0 {
		l.known, l.catching = false, false
		return Position{}, false
	}
	return l.at, true
}

// finishCatchUp applies the answer of a catch-up that startCatchUp started.
func (l *subscription) finishCatchUp(c Catchup) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.catching = false
	if len(l.attachments) == 0 {
		l.known, l.pending = false, nil // records that arrived after the Store's read were dropped
		return
	}
	if c.Recovered {
		l.replay(c)
	} else {
		l.reset(c.Now)
	}
	l.drain()
}

// replay delivers the missed records. A follower that is ahead in another epoch may have
// records that Redis lost, so it catches up by itself.
func (l *subscription) replay(c Catchup) {
	for _, r := range c.Records {
		l.accept(r)
	}
	l.at = c.Now.Position
	for _, a := range l.attachments {
		if a.phase == live && a.ahead && a.at.Epoch != l.at.Epoch {
			l.fallBehind(a)
		}
	}
}

// reset sends the snapshot to the live followers. For other followers it drops the held
// records; enter then finds the gap.
func (l *subscription) reset(now Snapshot) {
	l.at = now.Position
	for _, a := range l.attachments {
		if a.phase == live {
			a.ahead = false
			a.sink.Reset(l.id, now)
		} else {
			a.release()
		}
	}
}

// drain processes the pending records, and then makes waiting followers live.
func (l *subscription) drain() {
	if l.again {
		l.catchUp()
	}
	pending := l.pending
	for _, r := range pending {
		if l.catching {
			return // will be read from the Store with the rest
		}
		l.offer(r)
	}
	if l.catching {
		return
	}
	l.pending = nil
	for _, a := range l.attachments {
		if a.phase == behind && !a.queued {
			l.goLive(a)
		}
	}
}
