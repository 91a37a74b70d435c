package matchmaking

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

const (
	// leaseTTL is the time for which a dead matcher's lease keeps other matchers out. A
	// matcher renews its lease at least every renewAfter, and others try to acquire it that
	// often.
	leaseTTL   = 5 * time.Second
	renewAfter = 2 * time.Second
	// dueEvery is the pass at which the due queues are determined.
	dueEvery = 100 * time.Millisecond
	// parallelQueues bounds the queues of this process that are processed concurrently.
	parallelQueues = 8
	// fullReadEvery is how often all tickets of a queue are read, in case the database lost
	// changes.
	fullReadEvery = 30 * time.Second
)

// Matcher makes the matches of the queues whose leases it holds.
type Matcher struct {
	s *Service

	mu     sync.Mutex
	queues map[string]*queueState
	// handoffs has the running hand-offs; handoffWait is how long a pass waits for them.
	handoffs    sync.WaitGroup
	handoffWait time.Duration
}

// NewMatcher makes a Matcher.
func NewMatcher(s *Service) *Matcher {
	return &Matcher{s: s, queues: map[string]*queueState{}, handoffWait: defaultHandoffWait}
}

// Run makes matches until ctx ends, and then releases its leases.
func (m *Matcher) Run(ctx context.Context) error {
	tick := time.NewTicker(dueEvery)
	defer tick.Stop()
	var group errgroup.Group
	group.SetLimit(parallelQueues)
	for {
		select {
		case <-ctx.Done():
			_ = group.Wait()
			m.handoffs.Wait()
			m.releaseLeases(stream.Detached(ctx))
			return ctx.Err()
		case <-tick.C:
			for _, state := range m.dueQueues() {
				group.Go(func() error {
					m.runPass(ctx, state)
					return nil
				})
			}
		}
	}
}

// dueQueues returns the queues whose next pass has come, and marks them busy until their pass
// ends. A removed queue is included until it is empty.
func (m *Matcher) dueQueues() []*queueState {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, q := range m.s.Queues.Queues() {
		if m.queues[q.Name] == nil {
			m.queues[q.Name] = newQueueState(q.Name)
		}
	}
	now := m.s.Now()
	var all []*queueState
	for _, state := range m.queues {
		if !state.busy && !state.nextPass.After(now) {
			state.busy = true
			all = append(all, state)
		}
	}
	return all
}

// runPass runs one pass of a queue.
func (m *Matcher) runPass(ctx context.Context, state *queueState) {
	began := m.s.Now()
	err := m.Pass(ctx, state.name)
	if err != nil && ctx.Err() == nil && !errors.Is(err, records.ErrFenced) {
		m.s.Log.Warn("pass of a queue failed; will retry at the next pass", "queue", state.name, "error", err)
	}
	q, inForce := m.s.Queues.Queue(state.name)
	m.mu.Lock()
	defer m.mu.Unlock()
	state.busy = false
	state.shownStats = nil
	if state.fence != nil {
		figures := state.writtenStats
		state.shownStats = &figures
	}
	pause := renewAfter
	if state.fence != nil && inForce {
		pause = min(q.Interval, renewAfter)
	}
	state.nextPass = began.Add(pause)
	if !inForce && state.fence != nil && len(state.waiting) == 0 {
		delete(m.queues, state.name)
	}
}

// Stats returns the stats of the queues whose matcher this process is, by name. A queue
// whose pass is overdue by leaseTTL is omitted, because its lease has expired.
func (m *Matcher) Stats() map[string]Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.s.Now()
	all := map[string]Stats{}
	for name, state := range m.queues {
		if state.shownStats != nil && now.Before(state.nextPass.Add(leaseTTL)) {
			all[name] = *state.shownStats
		}
	}
	return all
}

func (m *Matcher) releaseLeases(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, renewAfter)
	defer cancel()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, state := range m.queues {
		if state.fence != nil {
			_ = m.s.Records.Release(ctx, partition(state.name), *state.fence)
		}
	}
}
