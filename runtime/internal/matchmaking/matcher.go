package matchmaking

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
	"golang.org/x/sync/errgroup"

	"github.com/anteroom/anteroom/runtime/internal/ledger"
	"github.com/anteroom/anteroom/runtime/internal/matchmaking/matching"
	"github.com/anteroom/anteroom/runtime/wire"
)

const (
	// leaseTTL is how long a matcher that died keeps others waiting; it renews its
	// lease every renewAfter at least, and others ask for it that often.
	leaseTTL   = 5 * time.Second
	renewAfter = 2 * time.Second
	// beat is how often queues are looked through for those that are due.
	beat = 100 * time.Millisecond
	// queuesAtOnce and stepsAtOnce bound what goes on at the same time: queues in this
	// process, and matches of one queue.
	queuesAtOnce = 8
	stepsAtOnce  = 8
	// anewAfter is how often the tickets of a queue are read as a whole, in case the
	// database lost some.
	anewAfter = 30 * time.Second
	// estimateEvery is how often players who wait are told how it stands.
	estimateEvery = 5 * time.Second
)

// Matcher makes the matches of the queues whose leases it gets.
type Matcher struct {
	s *Service

	mu     sync.Mutex
	queues map[string]*watch
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
	waits   waits
	written Stats
	toldAt  time.Time
}

// waiter is a ticket that waits, and the record it was read from.
type waiter struct {
	Ticket
	raw []byte
}

// NewMatcher makes a Matcher.
func NewMatcher(s *Service) *Matcher { return &Matcher{s: s, queues: map[string]*watch{}} }

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
			m.release(context.WithoutCancel(ctx))
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
			m.queues[q.Name] = &watch{name: q.Name}
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
	ctx, cancel := context.WithTimeout(ctx, leaseTTL)
	defer cancel()
	err := m.Tick(ctx, w.name)
	if err != nil && ctx.Err() == nil && !errors.Is(err, ledger.ErrFenced) {
		m.s.Log.Warn("an interval of a queue failed", "queue", w.name, "error", err)
	}
	q, inForce := m.s.Queues.Queue(w.name)
	m.mu.Lock()
	defer m.mu.Unlock()
	w.busy = false
	pause := renewAfter
	if w.fence != nil && inForce {
		pause = min(q.Interval, renewAfter)
	}
	w.next = m.s.Now().Add(pause)
	if !inForce && w.fence != nil && len(w.waiting) == 0 {
		delete(m.queues, w.name)
	}
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
func (m *Matcher) Tick(ctx context.Context, queue string) error {
	m.mu.Lock()
	w := m.queues[queue]
	if w == nil {
		w = &watch{name: queue}
		m.queues[queue] = w
	}
	m.mu.Unlock()
	fence, held, err := m.s.Ledger.Acquire(ctx, book(queue), m.s.Pod, leaseTTL)
	if err != nil {
		return err
	}
	if !held {
		w.fence, w.mark = nil, 0
		return nil
	}
	if w.fence == nil || *w.fence != fence {
		w.fence, w.mark, w.waits = &fence, 0, waits{}
	}
	if err := m.read(ctx, w); err != nil {
		return err
	}
	q, inForce := m.s.Queues.Queue(queue)
	if !inForce {
		return errors.Join(m.empty(ctx, w), m.s.catchUp(ctx, queue))
	}
	return errors.Join(
		m.tidy(ctx, w, q), m.goOn(ctx, w, q), m.match(ctx, w, q), m.tell(ctx, w, q), m.s.catchUp(ctx, queue), m.write(ctx, w),
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
		w.waiting, w.readAt = map[string]waiter{}, now
	}
	w.mark = changes.Mark
	for _, r := range changes.Records {
		var t Ticket
		if err := decode(r.Value, &t); err != nil {
			return err
		}
		if r.Value == nil || t.Round != "" {
			delete(w.waiting, r.Key)
		} else {
			w.waiting[r.Key] = waiter{t, r.Value}
		}
	}
	return nil
}

// empty cancels what waits in a queue that is not in force any more.
func (m *Matcher) empty(ctx context.Context, w *watch) error {
	var errs []error
	for id := range w.waiting {
		err := m.s.remove(ctx, w.name, id, reasonQueueRemoved, w.fence)
		if err == nil {
			delete(w.waiting, id)
		}
		errs = append(errs, err)
	}
	open, err := m.s.Ledger.All(ctx, book(w.name), rounds)
	errs = append(errs, err)
	for _, r := range open {
		errs = append(errs, settled(m.s.dissolve(ctx, w.name, r.Key, w.fence, func(Round) ([]string, string, error) {
			return nil, reasonQueueRemoved, nil
		})))
	}
	return errors.Join(errs...)
}

// tidy takes out the tickets that are over.
func (m *Matcher) tidy(ctx context.Context, w *watch, q Queue) error {
	var errs []error
	for id, t := range w.waiting {
		if reason := t.over(q, m.s.Now()); reason != "" {
			delete(w.waiting, id)
			errs = append(errs, m.s.remove(ctx, w.name, id, reason, w.fence))
		}
	}
	return errors.Join(errs...)
}

// goOn carries the rounds forward: those that not all accepted in time dissolve, and
// those that all accepted are handed over.
func (m *Matcher) goOn(ctx context.Context, w *watch, q Queue) error {
	open, err := m.s.Ledger.All(ctx, book(w.name), rounds)
	if err != nil {
		return err
	}
	return each(open, func(record ledger.Record) error {
		var r Round
		if err := decode(record.Value, &r); err != nil {
			return err
		}
		switch late := r.Deadline <= ms(m.s.Now()); {
		case r.Handing:
			return m.handOver(ctx, w, q, r, record.Value)
		case late:
			return settled(m.s.dissolve(ctx, w.name, r.ID, w.fence, func(now Round) ([]string, string, error) {
				if now.Handing || now.Deadline > ms(m.s.Now()) {
					return nil, "", wire.Precondition(wire.ReasonProposalClosed, "all have accepted")
				}
				return now.missing(), reasonTimedOut, nil
			}))
		}
		return nil
	})
}

// settled forgives that a round is over or has gone on meanwhile.
func settled(err error) error {
	var refusal *wire.Error
	if errors.As(err, &refusal) {
		return nil
	}
	return err
}

// each does the same with many, a few at a time, and goes on after errors.
func each[T any](all []T, do func(T) error) error {
	var group errgroup.Group
	group.SetLimit(stepsAtOnce)
	errs := make([]error, len(all))
	for i, one := range all {
		group.Go(func() error {
			errs[i] = do(one)
			return nil
		})
	}
	_ = group.Wait()
	return errors.Join(errs...)
}

// match makes matches of those who wait.
func (m *Matcher) match(ctx context.Context, w *watch, q Queue) error {
	if len(w.waiting) == 0 {
		return nil
	}
	pool := make([]matching.Ticket, 0, len(w.waiting))
	for _, t := range w.waiting {
		pool = append(pool, t.Waiting())
	}
	var mu sync.Mutex
	return each(matching.Match(pool, nil, q.Match, m.s.Now()), func(p matching.Proposal) error {
		mu.Lock()
		taken := map[string]waiter{}
		for _, id := range p.Tickets() {
			taken[id] = w.waiting[id]
		}
		mu.Unlock()
		r, raw, err := m.open(ctx, w, q, p, taken)
		if err != nil || raw == nil {
			return err
		}
		mu.Lock()
		for id := range taken {
			delete(w.waiting, id)
		}
		mu.Unlock()
		if !r.Handing {
			return nil
		}
		return m.handOver(ctx, w, q, r, raw)
	})
}

// open makes a round of a proposal and takes all its tickets, or none when one of
// them is not as it was; that one is looked at again at the next interval.
func (m *Matcher) open(ctx context.Context, w *watch, q Queue, p matching.Proposal, taken map[string]waiter) (Round, []byte, error) {
	id, err := ulid.New(ulid.Timestamp(m.s.Now()), rand.Reader)
	if err != nil {
		return Round{}, nil, fmt.Errorf("make the id of a match: %w", err)
	}
	r := NewRound(q, id.String(), p, func(id string) Ticket { return taken[id].Ticket }, m.s.Now())
	value, err := json.Marshal(r)
	if err != nil {
		return Round{}, nil, fmt.Errorf("encode a round: %w", err)
	}
	step := ledger.Step{Fence: w.fence, Changes: []ledger.Change{{Table: rounds, Key: r.ID, Value: value}}}
	for _, id := range p.Tickets() {
		next := taken[id].Ticket
		next.Round = r.ID
		is, err := json.Marshal(next)
		if err != nil {
			return Round{}, nil, fmt.Errorf("encode a ticket: %w", err)
		}
		step.Changes = append(step.Changes, ledger.Change{Table: tickets, Key: id, Was: taken[id].raw, Value: is})
	}
	var letters []string
	if !r.Handing {
		if letters, err = m.s.propose(&step, r); err != nil {
			return Round{}, nil, err
		}
	}
	err = m.s.Ledger.Apply(ctx, book(w.name), step)
	var conflict *ledger.ConflictError
	if errors.As(err, &conflict) {
		return Round{}, nil, nil
	}
	if err != nil {
		return Round{}, nil, err
	}
	m.s.deliver(ctx, w.name, step, letters)
	return r, value, nil
}

// handOver has the place of a round made and tells its players. When that cannot be
// had in time, their tickets search on.
func (m *Matcher) handOver(ctx context.Context, w *watch, q Queue, r Round, raw []byte) error {
	place, err := m.s.Places.Make(ctx, q, r)
	if err != nil {
		if r.Deadline > ms(m.s.Now()) {
			m.s.Log.WarnContext(ctx, "a match's place is not there yet", "queue", w.name, "match", r.ID, "error", err)
			return nil
		}
		return errors.Join(err, m.s.dissolve(ctx, w.name, r.ID, w.fence, func(Round) ([]string, string, error) {
			return nil, reasonHandoffFailed, nil
		}))
	}
	var done []Ticket
	err = m.s.retry(ctx, func() (ledger.Step, []string, error) {
		step := ledger.Step{Fence: w.fence, Changes: []ledger.Change{{Table: rounds, Key: r.ID, Was: raw}}}
		var letters []string
		letters, done, err = m.assign(ctx, &step, r, place)
		return step, letters, err
	}, w.name)
	if err != nil {
		return err
	}
	m.mu.Lock()
	w.waits.matched(ms(m.s.Now()), done)
	m.mu.Unlock()
	for _, t := range done {
		m.s.forget(ctx, w.name, t.ID, t.Users())
	}
	return nil
}

// assign is the end of a round's tickets.
func (m *Matcher) assign(ctx context.Context, step *ledger.Step, r Round, place Place) (letters []string, done []Ticket, err error) {
	found, err := m.s.Ledger.Get(ctx, book(r.Queue), tickets, r.tickets()...)
	if err != nil {
		return nil, nil, err
	}
	for _, id := range r.tickets() {
		var t Ticket
		if err := decode(found[id], &t); err != nil {
			return nil, nil, err
		}
		for _, news := range r.news(id, place) {
			letter, err := m.s.post(step, wire.EventMMMatched, news.matched, news.users...)
			if err != nil {
				return nil, nil, err
			}
			letters = append(letters, letter)
		}
		if found[id] != nil {
			step.Changes = append(step.Changes, ledger.Change{Table: tickets, Key: id, Was: found[id]})
			done = append(done, t)
		}
	}
	return letters, done, m.s.strike(ctx, step, r.Queue, done, nil, 0)
}

// tell lets those who wait know how it stands, where the queue gives estimates.
func (m *Matcher) tell(ctx context.Context, w *watch, q Queue) error {
	now := m.s.Now()
	if !q.Estimate || w.written.WaitP50Ms == 0 || now.Sub(w.toldAt) < estimateEvery {
		return nil
	}
	w.toldAt = now
	step := ledger.Step{Fence: w.fence}
	var letters []string
	for _, t := range w.waiting {
		view := t.View()
		view.EstimateMs = w.written.WaitP50Ms
		id, err := m.s.post(&step, wire.EventMMTicket, wire.MMTicketPush{Ticket: view}, t.Users()...)
		if err != nil {
			return err
		}
		letters = append(letters, id)
		if len(letters) == mostTold {
			break
		}
	}
	if len(letters) == 0 {
		return nil
	}
	if err := m.s.Ledger.Apply(ctx, book(w.name), step); err != nil {
		return err
	}
	m.s.deliver(ctx, w.name, step, letters)
	return nil
}

// mostTold is how many tickets are told an estimate at once; the others ask by
// mm:status.
const mostTold = 500

// write puts the queue's figures down when they have changed.
func (m *Matcher) write(ctx context.Context, w *watch) error {
	m.mu.Lock()
	now := w.waits.stats(w.waiting, m.s.Now())
	m.mu.Unlock()
	same := w.written
	same.At = now.At
	if now == same {
		return nil
	}
	change, err := now.change()
	if err != nil {
		return err
	}
	if err := m.s.Ledger.Apply(ctx, book(w.name), ledger.Step{Fence: w.fence, Changes: []ledger.Change{change}}); err != nil {
		return err
	}
	w.written = now
	return nil
}
