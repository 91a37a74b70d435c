package stream

// Attachment connects a follower to this pod's subscription of a stream.
type Attachment struct {
	// Catchup holds the records after the requested position, or a snapshot. It is
	// Recovered without records when the follower missed nothing.
	Catchup Catchup

	hub          *Hub
	subscription *subscription
	sink         Sink

	// The subscription's lock guards the fields below.

	phase phase
	// at is the follower's position while the follower is not live. With ahead set, a live
	// follower already has the subscription's records up to at, from its own catch-up.
	at    Position
	ahead bool
	// held are the records that arrived while the follower was not live. overflown says
	// that held reached its bound and was dropped.
	held      []*Delivery
	overflown bool
	// queued says that a job for this follower waits or runs. compared says that the subscription
	// has already read the stream's epoch for this follower.
	queued, compared bool
	// index is the attachment's index in the subscription's list.
	index int
}

// phase is the state of an attachment.
type phase int

const (
	// waiting: Start was not called yet.
	waiting phase = iota
	// live: the follower receives each record when the subscription does.
	live
	// behind: the follower misses records and catches up.
	behind
	// gone: Detach was called.
	gone
)

// Start delivers the held records, and from then on each record as it arrives. The caller
// calls it once, after it processed the Catchup.
func (a *Attachment) Start() {
	l := a.subscription
	l.mu.Lock()
	defer l.mu.Unlock()
	if a.phase == waiting {
		l.goLive(a)
	}
}

// Detach ends the attachment: the sink is not called again. Further calls do nothing.
func (a *Attachment) Detach() {
	a.subscription.remove(a)
}

// hold keeps a record until the follower is live. At heldBound it drops all held records,
// which are then read from the Store.
func (a *Attachment) hold(d *Delivery) {
	if len(a.held) >= heldBound {
		a.held, a.overflown = nil, true
	}
	if !a.overflown {
		a.held = append(a.held, d)
	}
}

// release returns the held records and clears them.
func (a *Attachment) release() []*Delivery {
	held := a.held
	a.held, a.overflown = nil, false
	return held
}
