package streamtest

import (
	"context"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// pollEvery is the interval at which Run reads due deadlines. lookAgain is the pause before
// a failed handler runs again, and leaseFor the pause for a handler that never returned.
const (
	pollEvery = 5 * time.Millisecond
	lookAgain = 2 * time.Second
	leaseFor  = 25 * time.Second
)

// Deadlines is one pod's stream.Deadlines on a Memory.
type Deadlines struct{ m *Memory }

// Deadlines makes the stream.Deadlines of a further pod.
func (m *Memory) Deadlines() *Deadlines { return &Deadlines{m: m} }

// Schedule implements stream.Deadlines.
func (d *Deadlines) Schedule(ctx context.Context, id stream.ID, at time.Time) error {
	if err := d.m.lock(ctx); err != nil {
		return err
	}
	defer d.m.mu.Unlock()
	d.m.schedule(id, at)
	return nil
}

func (m *Memory) schedule(id stream.ID, at time.Time) {
	if was, ok := m.deadlines[id]; !ok || at.Before(was) {
		m.deadlines[id] = at
	}
}

// Due returns the deadline of a stream; false when none is set.
func (d *Deadlines) Due(id stream.ID) (time.Time, bool) {
	d.m.mu.Lock()
	defer d.m.mu.Unlock()
	at, ok := d.m.deadlines[id]
	return at, ok
}

// Tick runs look once for each stream that is due by the Memory's clock, sequentially, and
// returns their number. It is for tests that control the clock.
func (d *Deadlines) Tick(ctx context.Context, look func(context.Context, stream.ID) (time.Time, error)) (int, error) {
	ids, lease, err := d.take(ctx)
	for _, id := range ids {
		next, err := look(ctx, id)
		if err != nil {
			next = d.m.now().Add(lookAgain)
		}
		d.end(id, lease, next)
	}
	return len(ids), err
}

// take moves all streams that are due, or whose lease expired, to a new lease.
func (d *Deadlines) take(ctx context.Context) ([]stream.ID, time.Time, error) {
	if err := d.m.lock(ctx); err != nil {
		return nil, time.Time{}, err
	}
	defer d.m.mu.Unlock()
	now := d.m.now()
	lease := now.Add(leaseFor)
	var due []stream.ID
	for _, from := range []map[stream.ID]time.Time{d.m.deadlines, d.m.leases} {
		for id, at := range from {
			if !at.After(now) {
				due = append(due, id)
				delete(from, id)
				d.m.leases[id] = lease
			}
		}
	}
	slices.Sort(due)
	return slices.Compact(due), lease, nil
}

// end releases the lease if it is still the same, and schedules the next deadline.
func (d *Deadlines) end(id stream.ID, lease, next time.Time) {
	d.m.mu.Lock()
	defer d.m.mu.Unlock()
	if d.m.leases[id].Equal(lease) {
		delete(d.m.leases, id)
	}
	if !next.IsZero() {
		d.m.schedule(id, next)
	}
}

// Run implements stream.Deadlines.
func (d *Deadlines) Run(ctx context.Context, look func(context.Context, stream.ID) (time.Time, error)) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			// A Memory that is down has nothing due; the next tick tries again.
			_, _ = d.Tick(ctx, look)
		}
	}
}
