package matchmaking

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/oklog/ulid/v2"
	"golang.org/x/sync/errgroup"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking/matching"
	"github.com/anteroom/anteroom/runtime/wire"
)

// stepsAtOnce bounds the concurrent steps on the rounds of a queue.
const stepsAtOnce = 64

// empty cancels the tickets and rounds of a queue that was removed.
func (m *Matcher) empty(ctx context.Context, w *watch) error {
	var errs []error
	for id, t := range w.waiting {
		err := m.expel(ctx, w, t.Ticket, reasonQueueRemoved)
		if err == nil {
			w.drop(id)
		}
		errs = append(errs, err)
	}
	open, err := m.s.Ledger.All(ctx, book(w.name), rounds)
	errs = append(errs, err)
	for _, r := range open {
		var now Round
		if err := decode(r.Value, &now); err != nil || now.Done != nil {
			errs = append(errs, err, m.s.settleLate(ctx, now))
			continue
		}
		errs = append(errs, settled(m.s.dissolve(ctx, w.name, r.Key, records.Step{Fence: w.fence}, func(Round) ([]string, string, error) {
			return nil, reasonQueueRemoved, nil
		})))
	}
	_, err = m.tend(ctx, w, Queue{Name: w.name})
	return errors.Join(append(errs, err)...)
}

// tidy removes the tickets that are over.
func (m *Matcher) tidy(ctx context.Context, w *watch, q Queue) error {
	var errs []error
	for id, t := range w.waiting {
		if reason := t.over(q, m.s.Now()); reason != "" {
			w.drop(id)
			errs = append(errs, m.expel(ctx, w, t.Ticket, reason))
		}
	}
	return errors.Join(errs...)
}

// expel removes a searching ticket. It does nothing to a ticket that is in a proposal or
// gone.
func (m *Matcher) expel(ctx context.Context, w *watch, t Ticket, reason string) error {
	if err := m.s.level(ctx, t); err != nil {
		return err
	}
	for _, queue := range t.Queues[min(1, len(t.Queues)):] {
		if round, err := m.s.dropCopy(ctx, queue, t.ID); err != nil || round != "" {
			return err
		}
	}
	var step records.Step
	if t.home() == w.name {
		step.Fence = w.fence
	}
	_, err := m.s.remove(ctx, t.home(), t.ID, reason, step)
	if wire.CodeOf(err) == wire.CodeNotFound {
		return nil
	}
	return err
}

// opened is a round with its record, and with its tickets if it was made in this interval.
type opened struct {
	Round
	raw     []byte
	tickets map[string]waiter
	// held are players that another round has claimed; then no round was made.
	held []string
}

// goOn advances the rounds. It dissolves rounds that not all players accepted in time, and
// returns the rounds that are ready for their hand-off.
func (m *Matcher) goOn(ctx context.Context, w *watch) (ready []opened, err error) {
	going := w.handing.now() // read before the rounds, so that a hand-off that just ended is not started again
	all, err := m.s.Ledger.All(ctx, book(w.name), rounds)
	if err != nil {
		return nil, err
	}
	var late []string
	var done []Round
	for _, record := range all {
		if going[record.Key] {
			continue
		}
		r := opened{raw: record.Value}
		if err := decode(record.Value, &r.Round); err != nil {
			return nil, err
		}
		switch {
		case r.Done != nil:
			done = append(done, r.Round)
		case r.Handing:
			ready = append(ready, r)
		case r.Deadline <= ms(m.s.Now()):
			late = append(late, r.ID)
		}
	}
	ended := each(done, func(_ int, r Round) error { return m.s.settleLate(ctx, r) })
	return ready, errors.Join(ended, each(late, func(_ int, id string) error {
		return settled(m.s.dissolve(ctx, w.name, id, records.Step{Fence: w.fence}, func(now Round) ([]string, string, error) {
			if now.Handing || now.Deadline > ms(m.s.Now()) {
				return nil, "", wire.Precondition(wire.ReasonProposalClosed, "all have accepted")
			}
			return now.missing(), reasonTimedOut, nil
		}))
	}))
}

// settled ignores a refusal, which means that the round has ended or advanced concurrently.
func settled(err error) error {
	var refusal *wire.Error
	if errors.As(err, &refusal) {
		return nil
	}
	return err
}

// each calls do for all elements, up to stepsAtOnce concurrently, and continues after
// errors.
func each[T any](all []T, do func(i int, one T) error) error {
	var group errgroup.Group
	group.SetLimit(stepsAtOnce)
	errs := make([]error, len(all))
	for i, one := range all {
		group.Go(func() error {
			errs[i] = do(i, one)
			return nil
		})
	}
	_ = group.Wait()
	return errors.Join(errs...)
}

// matchTries bounds the runs of the matcher in one interval. Each further run omits the
// tickets whose players turned out to be in another proposal.
const matchTries = 3

// match makes rounds of the waiting tickets and returns those that are ready for their
// hand-off. Tickets of a round no longer wait; the others wait for the next interval.
func (m *Matcher) match(ctx context.Context, w *watch, q Queue) (ready []opened, err error) {
	vacancies, err := m.tend(ctx, w, q)
	if len(w.waiting) == 0 {
		return nil, err
	}
	err = errors.Join(err, m.resume(ctx, w))
	for range matchTries {
		made, lost, failed := m.matchOnce(ctx, w, q, vacancies)
		ready, err = append(ready, made...), errors.Join(err, failed)
		if !lost || failed != nil {
			break
		}
	}
	return ready, err
}

// matchOnce is one run; lost reports that a proposal lost a player to another queue's.
func (m *Matcher) matchOnce(ctx context.Context, w *watch, q Queue, vacancies map[string]vacancy) (ready []opened, lost bool, err error) {
	pool := make([]matching.Ticket, 0, len(w.waiting))
	apart := w.apart()
	for id, t := range w.waiting {
		if w.held[id] {
			continue
		}
		waiting := t.Waiting()
		waiting.Apart = apart[id]
		pool = append(pool, waiting)
	}
	proposals := matching.Match(pool, w.runnings(vacancies), q.Match, m.s.Now())
	made := make([]opened, len(proposals))
	err = each(proposals, func(i int, p matching.Proposal) error {
		var err error
		made[i], err = m.open(ctx, w, q, p, vacancies[p.Backfill])
		return err
	})
	for i, p := range proposals {
		if made[i].raw == nil {
			lost = w.hold(p, made[i].held) || lost
			continue
		}
		delete(vacancies, p.Backfill)
		for _, id := range p.Tickets() {
			w.drop(id)
		}
		if made[i].Handing {
			ready = append(ready, made[i])
		}
	}
	return ready, lost, err
}

// resume releases the held tickets whose players are free.
func (m *Matcher) resume(ctx context.Context, w *watch) error {
	var users []string
	for id := range w.held {
		if t, waits := w.waiting[id]; waits {
			users = append(users, t.Users()...)
		} else {
			delete(w.held, id)
		}
	}
	if len(users) == 0 {
		return nil
	}
	slices.Sort(users)
	found, err := m.s.claimed(ctx, slices.Compact(users))
	if err != nil {
		return err
	}
	for id := range w.held {
		if !slices.ContainsFunc(w.waiting[id].Users(), func(user string) bool { return slices.Contains(found.held, user) }) {
			delete(w.held, id)
		}
	}
	return nil
}

// open makes a round of a proposal and takes the proposal's tickets and places. When any of
// these has changed, open takes nothing and returns no record.
func (m *Matcher) open(ctx context.Context, w *watch, q Queue, p matching.Proposal, v vacancy) (opened, error) {
	id, err := ulid.New(ulid.Timestamp(m.s.Now()), rand.Reader)
	if err != nil {
		return opened{}, fmt.Errorf("make the id of a match: %w", err)
	}
	r := NewRound(q, id.String(), p, v.room.Match, func(id string) Ticket { return w.waiting[id].Ticket }, m.s.Now())
	value, err := json.Marshal(r)
	if err != nil {
		return opened{}, fmt.Errorf("encode a round: %w", err)
	}
	taken := map[string]waiter{}
	for _, id := range p.Tickets() {
		taken[id] = w.waiting[id]
	}
	if t, changed, err := m.changedParty(ctx, taken); err != nil || changed {
		if changed {
			err = m.expel(ctx, w, t, reasonPartyChanged)
		}
		return opened{}, err
	}
	if held, err := m.s.claim(ctx, r); err != nil || len(held) > 0 {
		return opened{held: held}, err
	}
	step := records.Step{Fence: w.fence, Changes: []records.Change{{Table: rounds, Key: r.ID, Value: value}, r.notVoid()}}
	stand := map[string]*wire.MMTicket{}
	for _, id := range p.Tickets() {
		next := w.waiting[id].Ticket
		next.Round = r.ID
		is, err := json.Marshal(next)
		if err != nil {
			return opened{}, fmt.Errorf("encode a ticket: %w", err)
		}
		step.Changes = append(step.Changes, records.Change{Table: tickets, Key: id, Was: w.waiting[id].raw, Value: is})
		taken[id], stand[id] = waiter{next, is}, next.In(wire.TicketProposed)
	}
	if r.Backfill != "" {
		if err := v.fill(&step, r.ID); err != nil {
			return opened{}, err
		}
	}
	var letters []posted
	if !r.Handing {
		if letters, err = m.s.propose(&step, r, stand); err != nil {
			return opened{}, err
		}
	}
	if searching, err := m.s.existing(ctx, taken); err != nil || !searching {
		m.s.freeLater(ctx, r)
		return opened{}, err
	}
	err = m.s.Ledger.Apply(ctx, book(w.name), step)
	var conflict *records.ConflictError
	switch {
	case errors.As(err, &conflict):
		m.s.freeLater(ctx, r)
		return opened{}, nil
	case errors.Is(err, records.ErrFenced):
		m.s.freeLater(ctx, r)
		return opened{}, err
	case err != nil: // the round may exist: its claims last as long as the round
		return opened{}, err
	}
	m.s.deliver(ctx, w.name, letters)
	return opened{Round: r, raw: value, tickets: taken}, nil
}

// assign adds the end of a round's tickets to the step.
func (m *Matcher) assign(
	ctx context.Context, step *records.Step, r Round, are map[string]waiter, place Place,
) (letters []posted, done []Ticket, err error) {
	for _, id := range r.tickets() {
		t, there := are[id]
		var stands *wire.MMTicket
		if there {
			stands = t.In(wire.TicketAssigned)
		}
		for _, news := range r.news(id, place) {
			letter, err := m.s.post(step,
				letter{Users: news.users, Event: wire.EventMMMatched, About: id, Order: orderEnd, Left: id, Home: t.home(), Ticket: stands}, news.matched)
			if err != nil {
				return nil, nil, err
			}
			letters = append(letters, letter)
		}
		if there {
			step.Changes = append(step.Changes, records.Change{Table: tickets, Key: id, Was: t.raw})
			done = append(done, t.Ticket)
		}
	}
	return letters, done, errors.Join(m.s.strike(ctx, step, r.Queue, done, nil, 0), m.s.release(ctx, step, r))
}
