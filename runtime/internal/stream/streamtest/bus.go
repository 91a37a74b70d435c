package streamtest

import (
	"context"
	"sync"

	"github.com/anteroom/anteroom/runtime/internal/stream"
)

// Bus is one pod's stream.Bus on a Memory.
type Bus struct {
	mu      sync.Mutex
	asked   map[stream.ID]struct{}
	broken  bool
	stalled bool
	queue   []carried
	wake    chan struct{}
}

// carried is a record, or, without one, the news that a subscription stands.
type carried struct {
	id     stream.ID
	record *stream.Record
}

// Bus makes a bus for one more pod.
func (m *Memory) Bus() *Bus {
	b := &Bus{asked: map[stream.ID]struct{}{}, wake: make(chan struct{}, 1)}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.buses[b] = struct{}{}
	return b
}

// Subscribe implements stream.Bus.
func (b *Bus) Subscribe(id stream.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked[id] = struct{}{}
	if !b.broken {
		b.push(carried{id: id})
	}
}

// Unsubscribe implements stream.Bus.
func (b *Bus) Unsubscribe(id stream.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.asked, id)
}

// Asked tells whether the stream is subscribed.
func (b *Bus) Asked(id stream.ID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, ok := b.asked[id]
	return ok
}

// Break cuts the bus off: what is on its way and what is committed until Heal is lost.
func (b *Bus) Break() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken = true
	b.queue = nil
}

// Heal ends Break: all subscriptions are made anew.
func (b *Bus) Heal() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken = false
	for id := range b.asked {
		b.push(carried{id: id})
	}
}

// Stall holds up what the bus carries, until it is called with false.
func (b *Bus) Stall(stalled bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stalled = stalled
	b.rouse()
}

// Inject carries a record that no commit made, as a late duplicate or a server
// that was cut off would.
func (b *Bus) Inject(id stream.ID, r stream.Record) {
	b.publish(id, []stream.Record{r})
}

// publish puts records on their way if the bus carries their stream.
func (b *Bus) publish(id stream.ID, records []stream.Record) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.asked[id]; !ok || b.broken {
		return
	}
	for i := range records {
		b.push(carried{id: id, record: &records[i]})
	}
}

func (b *Bus) push(c carried) {
	b.queue = append(b.queue, c)
	b.rouse()
}

// rouse has Run look at the queue.
func (b *Bus) rouse() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// Run implements stream.Bus.
func (b *Bus) Run(ctx context.Context, r stream.Receiver) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-b.wake:
		}
		for _, c := range b.take() {
			if c.record == nil {
				r.Attached(c.id)
			} else {
				r.Receive(c.id, *c.record)
			}
		}
	}
}

func (b *Bus) take() []carried {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stalled {
		return nil
	}
	q := b.queue
	b.queue = nil
	return q
}
