package matchmaking

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/anteroom/anteroom/runtime/internal/ledger"
	"github.com/anteroom/anteroom/runtime/internal/stream"
)

const (
	// leaseTTL is how long a matcher that died keeps others waiting; it renews its
	// lease every renewAfter at least, and others ask for it that often.
	leaseTTL   = 5 * time.Second
	renewAfter = 2 * time.Second
	// beat is how often queues are looked through for those that are due.
	beat = 100 * time.Millisecond
	// queuesAtOnce bounds the queues of this process that have their turn at a time.
	queuesAtOnce = 8
	// anewAfter is how often the tickets of a queue are read as a whole, in case the
	// database lost some.
	anewAfter = 30 * time.Second
)

// Matcher makes the matches of the queues whose leases it gets.
type Matcher struct {
	s *Service

	mu     sync.Mutex
	queues map[string]*watch
	// beside is what goes on beside the intervals, and patience how long one waits for it.
	beside   sync.WaitGroup
	patience time.Duration
}

// watch is a queue as one process follows it.
type watch struct {
	name  string
	fence *ledger.Fence
	busy  bool
	// next is when it is due.
	next    time.Time
	readAt  time.Time
	mark    uint64
	waiting map[string]waiter
	// of are the waiting tickets by player, and held are tickets that do not search while
	// another proposal has one of their players.
	of   map[string][]string
	held map[string]bool
	// verified is when the parties of waiting tickets were verified, by ticket.
	verified map[string]time.Time
	waits    waits
	written  Stats
	toldAt   time.Time
	handing  *handovers
	// shown is what Figures tells; nil while another process is the matcher.
	shown *Stats
}

func newWatch(queue string) *watch {
	return &watch{name: queue, handing: newHandovers(), of: map[string][]string{}, held: map[string]bool{}, verified: map[string]time.Time{}}
}

// waiter is a ticket that waits, and the record it was read from.
type waiter struct {
	Ticket
	raw []byte
}

// NewMatcher makes a Matcher.
func NewMatcher(s *Service) *Matcher {
	return &Matcher{s: s, queues: map[string]*watch{}, patience: handPatience}
}

// Run makes matches until ctx ends, and then gives its leases back.
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

// due are the queues whose time has come; they are busy until their turn is over.
// Queues that are not in force any more are among them until they are empty.
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

// turn is one interval of a queue.
func (m *Matcher) turn(ctx context.Context, w *watch) {
	began := m.s.Now()
	err := m.Tick(ctx, w.name)
	if err != nil && ctx.Err() == nil && !errors.Is(err, ledger.ErrFenced) {
		m.s.Log.Warn("an interval of a queue failed", "queue", w.name, "error", err)
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

// Figures are those of the queues whose matcher this process is, by name. A lease that
// was not renewed in its time does not count.
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

// Tick is what there is to do in a queue now, if this process has or gets its lease.
// Places that are slow to be made go on being made until ctx ends.
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

// read brings what is known of the queue's tickets up to date.
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
