package stream

// Attachment is one follower's place in a stream.
type Attachment struct {
	// Catchup is what came after the position that was asked for, or the state of
	// now. Recovered and without records when there is nothing to deal with.
	Catchup Catchup

	hub  *Hub
	line *line
	sink Sink

	// What follows is guarded by the line's lock.

	phase phase
	// at is the follower's place while it is not live, and, when ahead is set, the
	// place up to which a live follower already has what the line will bring.
	at    Position
	ahead bool
	// held are the records that the line brought while the follower was not live;
	// overflown says that there were too many.
	held      []*Delivery
	overflown bool
	// queued says that a job for this follower waits or runs; compared that the line
	// has asked in which epoch the stream is.
	queued, compared bool
	// index is the place in the line's list.
	index int
}

// phase is how far an attachment is.
type phase int

const (
	// waiting: Start was not called yet.
	waiting phase = iota
	// live: the line's records are delivered as they come.
	live
	// behind: the follower catches up on its own.
	behind
	// gone: Detach was called.
	gone
)

// Start delivers what was held, and from then on each record as it comes. It is
// called once, after the Catchup was dealt with.
func (a *Attachment) Start() {
	l := a.line
	l.mu.Lock()
	defer l.mu.Unlock()
	if a.phase == waiting {
		l.enter(a)
	}
}

// Detach ends the attachment; the sink is not called again. It may be called twice.
func (a *Attachment) Detach() {
	a.line.remove(a)
}

// hold keeps a record for later; at the bound, all of them are dropped.
func (a *Attachment) hold(d *Delivery) {
	if len(a.held) >= heldBound {
		a.held, a.overflown = nil, true
	}
	if !a.overflown {
		a.held = append(a.held, d)
	}
}

// release gives what is held, and forgets it.
func (a *Attachment) release() []*Delivery {
	held := a.held
	a.held, a.overflown = nil, false
	return held
}
