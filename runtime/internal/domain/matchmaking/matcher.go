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
	// beat is the interval at which the due queues are determined.
	beat = 100 * time.Millisecond
	// queuesAtOnce bounds the queues of this process that are processed concurrently.
	queuesAtOnce = 8
	// anewAfter is how often all tickets of a queue are read, in case the database lost
	// changes.
	anewAfter = 30 * time.Second
)

// Matcher makes the matches of the queues whose leases it holds.
type Matcher struct {
	s *Service

	mu     sync.Mutex
	queues map[string]*watch
	// beside has the running hand-offs; patience is how long an interval waits for them.
	beside   sync.WaitGroup
	patience time.Duration
}

// watch is this process's view of a queue.
type watch struct {
	name  string
	fence *records.Fence
	busy  bool
	// next is the time of the next interval.
	next    time.Time
	readAt  time.Time
	mark    uint64
	waiting map[string]waiter
	// of are the waiting tickets by player. held are tickets that do not search while
	// another proposal has one of their players.
	of   map[string][]string
	held map[string]bool
	// verified are the times at which the parties of waiting tickets were verified, by
	// ticket.
	verified map[string]time.Time
	waits    waits
	written  Stats
	toldAt   time.Time
	handing  *handovers
	// shown is the result for Figures; nil while another process is the matcher.
	shown *Stats
}

func newWatch(queue string) *watch {
	return &watch{name: queue, handing: newHandovers(), of: map[string][]string{}, held: map[string]bool{}, verified: map[string]time.Time{}}
}

// waiter is a waiting ticket with its record.
type waiter struct {
	Ticket
	raw []byte
}

// NewMatcher makes a Matcher.
func NewMatcher(s *Service) *Matcher {
	return &Matcher{s: s, queues: map[string]*watch{}, patience: handPatience}
}

// Run makes matches until ctx ends, and then releases its leases.
func (m *Matcher) Run(ctx context.Context) error {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	var group errgroup.Group
	group.SetLimit(queuesAtOnce)
	for {
		select {
		case <-ctx.Done():
			_ = group.Wait()
			m.beside.Wait()
			m.release(stream.Detached(ctx))
			return ctx.Err()
		case <-tick.C:
			for _, w := range m.due() {
				group.Go(func() error {
					m.turn(ctx, w)
					return nil
				})
			}
		}
	}
}

// due returns the queues whose next interval has come, and marks them busy until their turn
// ends. A removed queue is included until it is empty.
func (m *Matcher) due() []*watch {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, q := range m.s.Queues.Queues() {
		if m.queues[q.Name] == nil {
			m.queues[q.Name] = newWatch(q.Name)
		}
	}
	now := m.s.Now()
	var all []*watch
	for _, w := range m.queues {
		if !w.busy && !w.next.After(now) {
			w.busy = true
			all = append(all, w)
		}
	}
	return all
}

// turn runs one interval of a queue.
func (m *Matcher) turn(ctx context.Context, w *watch) {
	began := m.s.Now()
	err := m.Tick(ctx, w.name)
	if err != nil && ctx.Err() == nil && !errors.Is(err, records.ErrFenced) {
		m.s.Log.Warn("interval of a queue failed; will retry at the next", "queue", w.name, "error", err)
	}
	q, inForce := m.s.Queues.Queue(w.name)
	m.mu.Lock()
	defer m.mu.Unlock()
	w.busy = false
	w.shown = nil
	if w.fence != nil {
		figures := w.written
		w.shown = &figures
	}
	pause := renewAfter
	if w.fence != nil && inForce {
		pause = min(q.Interval, renewAfter)
	}
	w.next = began.Add(pause)
	if !inForce && w.fence != nil && len(w.waiting) == 0 {
		delete(m.queues, w.name)
	}
}

// Figures returns the stats of the queues whose matcher this process is, by name. A queue
// whose interval is overdue by leaseTTL is omitted, because its lease has expired.
func (m *Matcher) Figures() map[string]Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.s.Now()
	all := map[string]Stats{}
	for name, w := range m.queues {
		if w.shown != nil && now.Before(w.next.Add(leaseTTL)) {
			all[name] = *w.shown
		}
	}
	return all
}

func (m *Matcher) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, renewAfter)
	defer cancel()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, w := range m.queues {
		if w.fence != nil {
			_ = m.s.Ledger.Release(ctx, book(w.name), *w.fence)
		}
	}
}

// Tick runs one interval of a queue, if this process has or gets its lease. Slow hand-offs
// continue until ctx ends.
func (m *Matcher) Tick(ctx context.Context, queue string) error {
	m.mu.Lock()
	w := m.queues[queue]
	if w == nil {
		w = newWatch(queue)
		m.queues[queue] = w
	}
	m.mu.Unlock()
	step, cancel := context.WithTimeout(ctx, leaseTTL)
	defer cancel()
	fence, held, err := m.s.Ledger.Acquire(step, book(queue), m.s.Pod, leaseTTL)
	if err != nil {
		return err
	}
	if !held {
		w.fence, w.mark = nil, 0
		return nil
	}
	if w.fence == nil || *w.fence != fence {
		m.mu.Lock()
		w.fence, w.mark, w.waits = &fence, 0, waits{}
		m.mu.Unlock()
	}
	if err := m.read(step, w); err != nil {
		return err
	}
	q, inForce := m.s.Queues.Queue(queue)
	if !inForce {
		return errors.Join(m.empty(step, w), m.s.catchUp(step, queue))
	}
	tidied := errors.Join(m.tidy(step, w, q), m.verifyParties(step, w))
	ready, went := m.goOn(step, w)
	made, matched := m.match(step, w, q)
	handed := m.handOver(ctx, w, q, append(ready, made...))
	return errors.Join(
		tidied, went, matched, handed, m.tell(step, w, q), m.s.catchUp(step, queue), m.write(step, w),
	)
}

// read updates the waiting tickets from the ledger.
func (m *Matcher) read(ctx context.Context, w *watch) error {
	now := m.s.Now()
	if now.Sub(w.readAt) >= anewAfter {
		w.mark = 0
	}
	changes, err := m.s.Ledger.Changed(ctx, book(w.name), tickets, w.mark)
	if err != nil {
		return err
	}
	if changes.Anew || w.waiting == nil {
		w.waiting, w.of, w.readAt = map[string]waiter{}, map[string][]string{}, now
	}
	w.mark = changes.Mark
	for _, r := range changes.Records {
		var t Ticket
		if err := decode(r.Value, &t); err != nil {
			return err
		}
		if r.Value == nil || t.Round != "" {
			w.drop(r.Key)
		} else {
			w.put(waiter{t, r.Value})
		}
	}
	if !changes.Anew {
		return nil
	}
	return errors.Join(m.dropOrphans(ctx, w), m.s.forgetVoids(ctx, w.name))
}
