package stream

import "time"

// add adds an attachment and stops the timer that would end the subscription.
func (l *subscription) add(a *Attachment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.idle != nil {
		l.idle.Stop()
		l.idle = nil
	}
	a.index = len(l.attachments)
	l.attachments = append(l.attachments, a)
}

// remove removes an attachment. After the last attachment, the subscription stays subscribed for
// the Hub's linger time.
func (l *subscription) remove(a *Attachment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if a.phase == gone {
		return
	}
	a.phase = gone
	a.release()
	end := len(l.attachments) - 1
	last := l.attachments[end]
	l.attachments[a.index], last.index = last, a.index
	l.attachments[end] = nil
	l.attachments = l.attachments[:end]
	if end == 0 {
		l.pending = nil
		l.idle = time.AfterFunc(l.hub.linger, func() { l.hub.leave(l) })
	}
}

func (l *subscription) empty() bool { return l.followers() == 0 }

func (l *subscription) followers() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.attachments)
}

// meet attaches a follower whose position is the subscription's, without a read of the Store.
func (l *subscription) meet(a *Attachment, from Position) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.known || l.catching || from != l.at || from.Seq == 0 {
		return false
	}
	a.at = from
	a.Catchup = Catchup{Recovered: true, Now: Snapshot{Position: from}}
	return true
}

// place sets a follower's position from its Catchup. made is the subscription's generation when the
// Catchup was requested. The first follower also sets the subscription's position.
func (l *subscription) place(a *Attachment, made int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a.at = a.Catchup.Now.Position
	if l.known {
		return
	}
	l.known, l.at = true, a.at
	l.again = l.again || l.made != made
	l.drain()
}

// goLive makes a follower live if its held records bridge its position and the subscription's.
// Otherwise the follower stays behind, and enter is called again after its catch-up.
func (l *subscription) goLive(a *Attachment) {
	a.phase = behind
	if !l.known || l.catching {
		return // drain calls enter again
	}
	if !l.sameEpoch(a) {
		l.differ(a)
		return
	}
	missed, ok := a.leadTo(l.at)
	if !ok {
		l.fallBehind(a)
		return
	}
	a.phase, a.compared = live, false
	a.ahead = a.at.Seq > l.at.Seq
	for _, d := range missed {
		a.sink.Deliver(d)
	}
}

// sameEpoch reports whether the positions of a follower and the subscription can be compared. The
// zero position, before the first record, can be compared with any position.
func (l *subscription) sameEpoch(a *Attachment) bool {
	return a.at.Epoch == l.at.Epoch || a.at == Position{}
}

// differ resolves different epochs: the subscription catches up first; if the epochs still differ,
// the follower does.
func (l *subscription) differ(a *Attachment) {
	if a.compared {
		l.fallBehind(a)
		return
	}
	a.compared = true
	l.catchUp()
}

// leadTo returns the held records between the follower's position and the subscription's. It
// returns false when a record is missing.
func (a *Attachment) leadTo(subscription Position) ([]*Delivery, bool) {
	if a.overflown {
		return nil, false
	}
	held := a.release()
	for len(held) > 0 && held[0].Seq <= a.at.Seq {
		held = held[1:]
	}
	next := a.at.Seq + 1
	for _, d := range held {
		if d.Seq != next || d.Epoch != subscription.Epoch {
			return nil, false
		}
		next++
	}
	return held, next > subscription.Seq
}

// fallBehind queues a catch-up of one follower.
func (l *subscription) fallBehind(a *Attachment) {
	a.phase, a.ahead, a.compared = behind, false, false
	if !a.queued {
		a.queued = true
		l.hub.jobs.put(job{subscription: l, only: a})
	}
}

// startCatchUpOf and finishCatchUpOf are begin and end for a single follower.
func (l *subscription) startCatchUpOf(a *Attachment) (Position, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a.release()
	return a.at, a.phase == behind
}

func (l *subscription) finishCatchUpOf(a *Attachment, c Catchup) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a.queued = false
	if a.phase != behind {
		return
	}
	if c.Recovered {
		for _, r := range c.Records {
			a.sink.Deliver(&Delivery{Stream: l.id, Record: r})
		}
	} else {
		a.sink.Reset(l.id, c.Now)
	}
	a.at = c.Now.Position
	l.goLive(a)
}
