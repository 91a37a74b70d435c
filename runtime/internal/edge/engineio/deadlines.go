package engineio

import (
	"sync"
	"time"
)

// deadlines is a set of lines, each of entries that fall due the same time after
// they were put in. All of a line wait equally long, so it is a queue in the order
// of their time and one timer serves it, whatever its length: an entry costs no
// timer and no goroutine of its own.
type deadlines struct {
	mu sync.Mutex
}

// line is one queue of [deadlines].
type line struct {
	set         *deadlines
	wait        time.Duration
	fire        func(*entry)
	first, last *entry
	timer       *time.Timer
}

// entry is in one line at most. Owners embed it.
type entry struct {
	prev, next *entry
	line       *line
	due        time.Time
	owner      any
}

// line makes a queue whose entries are given to fire, one after the other, when
// their time has come. An entry that was moved at that very moment may still be
// fired: the owner checks whether it is meant.
func (d *deadlines) line(wait time.Duration, fire func(*entry)) *line {
	return &line{set: d, wait: wait, fire: fire}
}

// move puts the entry at the end of the line, out of any other.
func (l *line) move(e *entry) {
	l.set.mu.Lock()
	defer l.set.mu.Unlock()
	l.put(e, time.Now().Add(l.wait))
}

// follow is move for an entry that has just fallen due elsewhere: the time counts
// from when it was due, so that the lateness of two timers does not add up. Half of
// it is left in any case.
func (l *line) follow(e *entry) {
	l.set.mu.Lock()
	defer l.set.mu.Unlock()
	due, least := e.due.Add(l.wait), time.Now().Add(l.wait/2)
	if due.Before(least) {
		due = least
	}
	l.put(e, due)
}

// put is for callers that give times in order, and have locked the set.
func (l *line) put(e *entry, due time.Time) {
	e.unlink()
	e.line, e.due, e.prev = l, due, l.last
	if l.last != nil {
		l.last.next = e
		l.last = e
		return
	}
	l.first, l.last = e, e
	l.arm(time.Until(due))
}

// drop takes the entry out of its line, if it is in one.
func (d *deadlines) drop(e *entry) {
	d.mu.Lock()
	e.unlink()
	d.mu.Unlock()
}

func (l *line) arm(wait time.Duration) {
	if l.timer == nil {
		l.timer = time.AfterFunc(wait, l.expire)
		return
	}
	l.timer.Reset(wait)
}

func (l *line) expire() { l.sweep(time.Now()) }

// sweep fires all that is due at now.
func (l *line) sweep(now time.Time) {
	for _, e := range l.take(now) {
		l.fire(e)
	}
}

func (l *line) take(now time.Time) (due []*entry) {
	l.set.mu.Lock()
	defer l.set.mu.Unlock()
	for e := l.first; e != nil && !e.due.After(now); e = l.first {
		e.unlink()
		due = append(due, e)
	}
	if l.first != nil {
		l.arm(max(l.first.due.Sub(now), 0))
	}
	return due
}

// stop ends the timer; entries are not fired any more.
func (l *line) stop() {
	l.set.mu.Lock()
	defer l.set.mu.Unlock()
	if l.timer != nil {
		l.timer.Stop()
	}
}

func (e *entry) unlink() {
	l := e.line
	if l == nil {
		return
	}
	if e.prev != nil {
		e.prev.next = e.next
	} else {
		l.first = e.next
	}
	if e.next != nil {
		e.next.prev = e.prev
	} else {
		l.last = e.prev
	}
	e.prev, e.next, e.line = nil, nil, nil
}

// isIn reports whether the entry waits in the line.
func (e *entry) isIn(l *line) bool {
	l.set.mu.Lock()
	defer l.set.mu.Unlock()
	return e.line == l
}
