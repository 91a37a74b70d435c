package stream

import "time"

// add takes an attachment in.
func (l *line) add(a *Attachment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.idle != nil {
		l.idle.Stop()
		l.idle = nil
	}
	a.index = len(l.attachments)
	l.attachments = append(l.attachments, a)
}

// remove takes an attachment out. After the last one the line lingers.
func (l *line) remove(a *Attachment) {
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

func (l *line) empty() bool { return l.followers() == 0 }

func (l *line) followers() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.attachments)
}

// meet places a follower that is where the line is, without asking the Store.
func (l *line) meet(a *Attachment, from Position) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.known || l.catching || from != l.at || from.Seq == 0 {
		return false
	}
	a.at = from
	a.Catchup = Catchup{Recovered: true, Now: Snapshot{Position: from}}
	return true
}

// place notes where a follower is after its Catchup, which was asked for when the
// subscription had been made as often as made says. The first of them places the line.
func (l *line) place(a *Attachment, made int) {
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

// enter makes a follower live, if what it holds leads from its place to the line's.
// Otherwise it stays behind, and comes here again.
func (l *line) enter(a *Attachment) {
	a.phase = behind
	if !l.known || l.catching {
		return // drain calls again
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

// sameEpoch tells whether the places of a follower and the line can be compared;
// one before the stream's first record always can.
func (l *line) sameEpoch(a *Attachment) bool {
	return a.at.Epoch == l.at.Epoch || a.at == Position{}
}

// differ settles in which epoch the stream is: first the line asks, then the
// follower.
func (l *line) differ(a *Attachment) {
	if a.compared {
		l.fallBehind(a)
		return
	}
	a.compared = true
	l.catchUp()
}

// leadTo gives the held records between the follower's place and the line's; false
// when some of them are missing.
func (a *Attachment) leadTo(line Position) ([]*Delivery, bool) {
	if a.overflown {
		return nil, false
	}
	held := a.release()
	for len(held) > 0 && held[0].Seq <= a.at.Seq {
		held = held[1:]
	}
	next := a.at.Seq + 1
	for _, d := range held {
		if d.Seq != next || d.Epoch != line.Epoch {
			return nil, false
		}
		next++
	}
	return held, next > line.Seq
}

// fallBehind has a worker read what one follower misses.
func (l *line) fallBehind(a *Attachment) {
	a.phase, a.ahead, a.compared = behind, false, false
	if !a.queued {
		a.queued = true
		l.hub.jobs.put(job{line: l, only: a})
	}
}

// beginFor and endFor are begin and end for one follower.
func (l *line) beginFor(a *Attachment) (Position, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a.release()
	return a.at, a.phase == behind
}

func (l *line) endFor(a *Attachment, c Catchup) {
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
	l.enter(a)
}
