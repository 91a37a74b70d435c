package streamtest

import (
	"context"
	"sync"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
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

// carried is a record, or, without a record, the confirmation of a subscription.
type carried struct {
	id     stream.ID
	record *stream.Record
}

// Bus makes the bus of a further pod.
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

// Asked reports whether the stream is subscribed.
func (b *Bus) Asked(id stream.ID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, ok := b.asked[id]
	return ok
}

// Break disconnects the bus: queued records, and records committed before Heal, are lost.
func (b *Bus) Break() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken = true
	b.queue = nil
}

// Heal ends Break and renews all subscriptions.
func (b *Bus) Heal() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken = false
	for id := range b.asked {
		b.push(carried{id: id})
	}
}

// Stall delays all deliveries until it is called with false.
func (b *Bus) Stall(stalled bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stalled = stalled
	b.rouse()
}

// Inject delivers a record that no commit made, such as a late duplicate or a record of a
// partitioned server.
func (b *Bus) Inject(id stream.ID, r stream.Record) {
	b.publish(id, []stream.Record{r})
}

// publish queues records if the bus is subscribed to their stream.
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

// rouse wakes Run to read the queue.
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
