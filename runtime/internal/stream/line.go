package stream

import (
	"sync"
	"time"
)

// line is a stream with local followers.
//
// Its place, at, is what the live followers have. While the line catches up, and
// before its first place is known, records that arrive are pending.
type line struct {
	hub *Hub
	id  ID
	// standing is closed when the subscription stands for the first time.
	standing chan struct{}

	mu sync.Mutex
	// made counts how often the subscription was made.
	made        int
	known       bool
	at          Position
	catching    bool
	again       bool
	pending     []Record
	attachments []*Attachment
	idle        *time.Timer
}

func newLine(h *Hub, id ID) *line {
	return &line{hub: h, id: id, standing: make(chan struct{})}
}

// attached notes that the subscription stands. What was published since it broke is
// lost, so a line that had a place catches up.
func (l *line) attached() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.made++; l.made == 1 {
		close(l.standing)
		return
	}
	if l.known {
		l.catchUp()
	}
}

func (l *line) generation() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.made
}

// receive takes a record from the Bus.
func (l *line) receive(r Record) {
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
		return // nobody needs it, or it will be read from the Store
	}
	if len(l.pending) >= heldBound {
		l.pending, l.again = nil, true
		return
	}
	l.pending = append(l.pending, r)
}

// cast hands a record that has no place to those who are live.
func (l *line) cast(r Record) {
	d := &Delivery{Stream: l.id, Record: r}
	for _, a := range l.attachments {
		if a.phase == live {
			a.sink.Deliver(d)
		}
	}
}

// offer takes a record while the place is known.
func (l *line) offer(r Record) {
	switch {
	case r.Epoch == l.at.Epoch && r.Seq <= l.at.Seq:
		// had it
	case r.Epoch == l.at.Epoch && r.Seq == l.at.Seq+1, l.at == Position{} && r.Seq == 1:
		l.accept(r)
	default:
		l.catchUp()
	}
}

// accept moves the line on by one record.
func (l *line) accept(r Record) {
	l.at = r.Position
	d := &Delivery{Stream: l.id, Record: r}
	for _, a := range l.attachments {
		l.bring(a, d)
	}
}

// bring hands a record of the line to one follower.
func (l *line) bring(a *Attachment, d *Delivery) {
	if a.phase == live && a.ahead {
		switch {
		case d.Epoch != a.at.Epoch:
			l.fallBehind(a)
		case d.Seq <= a.at.Seq:
			return // had it from its own catching up
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

// catchUp has a worker read what the line misses. Without followers it just no
// longer knows its place.
func (l *line) catchUp() {
	switch {
	case len(l.attachments) == 0:
		l.known, l.pending = false, nil
	case l.catching:
		l.again = true
	default:
		l.catching, l.again, l.pending = true, false, nil
		l.hub.jobs.put(job{line: l})
	}
}

// begin gives the place from which to catch up; false when nobody needs it anymore.
// What is pending was committed before the Store is asked, so it will be answered.
func (l *line) begin() (Position, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.again, l.pending = false, nil
	if len(l.attachments) == 0 {
		l.known, l.catching = false, false
		return Position{}, false
	}
	return l.at, true
}

// end takes the answer to begin.
func (l *line) end(c Catchup) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.catching = false
	if len(l.attachments) == 0 {
		l.known, l.pending = false, nil // what came since the Store was read was dropped
		return
	}
	if c.Recovered {
		l.replay(c)
	} else {
		l.reset(c.Now)
	}
	l.drain()
}

// replay delivers what was missed. A follower that is ahead in another epoch may
// have seen what Redis lost, so it asks the Store for itself.
func (l *line) replay(c Catchup) {
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

// reset tells the followers the state of now. Those that are not live find out
// when they enter, as what they hold no longer leads to the line's place.
func (l *line) reset(now Snapshot) {
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

// drain takes what arrived meanwhile, and lets followers enter that waited for it.
func (l *line) drain() {
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
			l.enter(a)
		}
	}
}
