package siotest

import "sync"

// maxEvents bounds what a client keeps of what it received; then the oldest go.
const maxEvents = 10_000

// inbox keeps what a client received, in order.
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

// take gives the first event that nobody took yet and that is meant, and takes it.
// Otherwise changed is closed when it is worth to look again.
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

// next is closed when another event has come.
func (i *inbox) next() <-chan struct{} {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.changed
}

// all is a copy of what is kept, and how many were dropped before.
func (i *inbox) all() (entries []entry, dropped int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return append([]entry(nil), i.entries...), i.dropped
}
