package siotest

import "sync"

// maxEvents bounds the kept events of a client; beyond it, the oldest are dropped.
const maxEvents = 10_000

// inbox keeps the events that a client received, in order.
type inbox struct {
	mu      sync.Mutex
	entries []entry
	dropped int
	// changed is closed with the next event.
	changed chan struct{}
}

// entry is an event, and whether an expectation took it.
type entry struct {
	Event
	taken bool
}

func newInbox() *inbox { return &inbox{changed: make(chan struct{})} }

func (i *inbox) add(e Event) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.entries) == maxEvents {
		i.entries = i.entries[1:]
		i.dropped++
	}
	i.entries = append(i.entries, entry{Event: e})
	close(i.changed)
	i.changed = make(chan struct{})
}

// take takes the first matching event that no expectation took yet. Without a match,
// changed is closed when another event arrives.
func (i *inbox) take(name string, where []Where) (e Event, ok bool, changed <-chan struct{}) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for n := range i.entries {
		entry := &i.entries[n]
		if entry.taken {
			continue
		}
		if ok, _ := match(entry.Event, name, where); ok {
			entry.taken = true
			return entry.Event, true, nil
		}
	}
	return Event{}, false, i.changed
}

// next is closed when another event arrives.
func (i *inbox) next() <-chan struct{} {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.changed
}

// all returns a copy of the kept events, and the number of dropped ones.
func (i *inbox) all() (entries []entry, dropped int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return append([]entry(nil), i.entries...), i.dropped
}
