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

// stepsAtOnce bounds the concurrent steps on the proposals of a queue.
const maxConcurrentSteps = 64

// emptyRemovedQueue cancels the tickets and proposals of a queue that was removed.
func (m *Matcher) emptyRemovedQueue(ctx context.Context, state *queueState) error {
	var errs []error
	for id, t := range state.waiting {
		err := m.cancelTicket(ctx, state, t.Ticket, reasonQueueRemoved)
		if err == nil {
			state.remove(id)
		}
		errs = append(errs, err)
	}
	open, err := m.s.Records.All(ctx, partition(state.name), proposals)
	errs = append(errs, err)
	for _, r := range open {
		var now Proposal
		if err := decode(r.Value, &now); err != nil || now.Ended != nil {
			errs = append(errs, err, m.s.applyLateSideEffects(ctx, now))
			continue
		}
		errs = append(errs, ignoreRefusal(m.s.dissolve(ctx, state.name, r.Key, records.Step{Fence: state.fence}, func(Proposal) ([]string, string, error) {
			return nil, reasonQueueRemoved, nil
		})))
	}
	_, err = m.openBackfills(ctx, state, Queue{Name: state.name})
	return errors.Join(append(errs, err)...)
}

// expireTickets removes the tickets that are over.
func (m *Matcher) expireTickets(ctx context.Context, state *queueState, q Queue) error {
	var errs []error
	for id, t := range state.waiting {
		if reason := t.endReason(q, m.s.Now()); reason != "" {
			state.remove(id)
			errs = append(errs, m.cancelTicket(ctx, state, t.Ticket, reason))
		}
	}
	return errors.Join(errs...)
}

// cancelTicket removes a searching ticket. It does nothing to a ticket that is in a proposal or
// gone.
func (m *Matcher) cancelTicket(ctx context.Context, state *queueState, t Ticket, reason string) error {
	if err := m.s.syncFirstCopy(ctx, t); err != nil {
		return err
	}
	for _, queue := range t.Queues[min(1, len(t.Queues)):] {
		if proposal, err := m.s.dropCopy(ctx, queue, t.ID); err != nil || proposal != "" {
			return err
		}
	}
	var step records.Step
	if t.homeQueue() == state.name {
		step.Fence = state.fence
	}
	_, err := m.s.removeSearching(ctx, t.homeQueue(), t.ID, reason, step)
	if wire.CodeOf(err) == wire.CodeNotFound {
		return nil
	}
	return err
}

// storedProposal is a proposal with its record, and with its tickets if it was made in this pass.
type storedProposal struct {
	Proposal
	raw     []byte
	tickets map[string]storedTicket
	// held are players that another proposal has claimed; then no proposal was made.
	claimedElsewhere []string
}

// advanceProposals advances the proposals. It dissolves proposals that not all players accepted in time, and
// returns the proposals that are ready for their hand-off.
func (m *Matcher) advanceProposals(ctx context.Context, state *queueState) (ready []storedProposal, err error) {
	going := state.handoffs.runningIDs() // read before the proposals, so that a hand-off that just ended is not started again
	all, err := m.s.Records.All(ctx, partition(state.name), proposals)
	if err != nil {
		return nil, err
	}
	var late []string
	var done []Proposal
	for _, record := range all {
		if going[record.Key] {
			continue
		}
		r := storedProposal{raw: record.Value}
		if err := decode(record.Value, &r.Proposal); err != nil {
			return nil, err
		}
		switch {
		case r.Ended != nil:
			done = append(done, r.Proposal)
		case r.InHandoff:
			ready = append(ready, r)
		case r.Deadline <= ms(m.s.Now()):
			late = append(late, r.ID)
		}
	}
	ended := forEach(done, func(_ int, r Proposal) error { return m.s.applyLateSideEffects(ctx, r) })
	return ready, errors.Join(ended, forEach(late, func(_ int, id string) error {
		return ignoreRefusal(m.s.dissolve(ctx, state.name, id, records.Step{Fence: state.fence}, func(now Proposal) ([]string, string, error) {
			if now.InHandoff || now.Deadline > ms(m.s.Now()) {
				return nil, "", wire.Precondition(wire.ReasonProposalClosed, "all have accepted")
			}
			return now.pendingPlayers(), reasonTimedOut, nil
		}))
	}))
}

// ignoreRefusal ignores a refusal, which means that the proposal has ended or advanced concurrently.
func ignoreRefusal(err error) error {
	var refusal *wire.Error
	if errors.As(err, &refusal) {
		return nil
	}
	return err
}

// forEach calls do for all elements, up to stepsAtOnce concurrently, and continues after
// errors.
func forEach[T any](all []T, do func(i int, one T) error) error {
	var group errgroup.Group
	group.SetLimit(maxConcurrentSteps)
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

// matchTries bounds the runs of the matcher in one pass. Each further run omits the
// tickets whose players turned out to be in another proposal.
const matchTries = 3

// makeMatches makes proposals of the waiting tickets and returns those that are ready for their
// hand-off. Tickets of a proposal no longer wait; the others wait for the next pass.
func (m *Matcher) makeMatches(ctx context.Context, state *queueState, q Queue) (ready []storedProposal, err error) {
	vacancies, err := m.openBackfills(ctx, state, q)
	if len(state.waiting) == 0 {
		return nil, err
	}
	err = errors.Join(err, m.resumeSuspended(ctx, state))
	for range matchTries {
		made, lost, failed := m.matchOnce(ctx, state, q, vacancies)
		ready, err = append(ready, made...), errors.Join(err, failed)
		if !lost || failed != nil {
			break
		}
	}
	return ready, err
}

// matchOnce is one run; lost reports that a candidate lost a player to another queue's proposal.
func (m *Matcher) matchOnce(ctx context.Context, state *queueState, q Queue, vacancies map[string]vacancy) (ready []storedProposal, lost bool, err error) {
	pool := make([]matching.Ticket, 0, len(state.waiting))
	apart := state.sharedPlayers()
	for id, t := range state.waiting {
		if state.suspended[id] {
			continue
		}
		waiting := t.ForMatching()
		waiting.Apart = apart[id]
		pool = append(pool, waiting)
	}
	proposals := matching.Match(pool, state.matchingBackfills(vacancies), q.Match, m.s.Now())
	made := make([]storedProposal, len(proposals))
	err = forEach(proposals, func(i int, p matching.Candidate) error {
		var err error
		made[i], err = m.propose(ctx, state, q, p, vacancies[p.Backfill])
		return err
	})
	for i, p := range proposals {
		if made[i].raw == nil {
			lost = state.suspend(p, made[i].claimedElsewhere) || lost
			continue
		}
		delete(vacancies, p.Backfill)
		for _, id := range p.Tickets() {
			state.remove(id)
		}
		if made[i].InHandoff {
			ready = append(ready, made[i])
		}
	}
	return ready, lost, err
}

// resumeSuspended releases the held tickets whose players are free.
func (m *Matcher) resumeSuspended(ctx context.Context, state *queueState) error {
	var users []string
	for id := range state.suspended {
		if t, waits := state.waiting[id]; waits {
			users = append(users, t.Users()...)
		} else {
			delete(state.suspended, id)
		}
	}
	if len(users) == 0 {
		return nil
	}
	slices.Sort(users)
	found, err := m.s.readClaims(ctx, slices.Compact(users))
	if err != nil {
		return err
	}
	for id := range state.suspended {
		if !slices.ContainsFunc(state.waiting[id].Users(), func(user string) bool { return slices.Contains(found.live, user) }) {
			delete(state.suspended, id)
		}
	}
	return nil
}

// open makes a proposal of a proposal and takes the proposal's tickets and places. When any of
// these has changed, open takes nothing and returns no record.
func (m *Matcher) propose(ctx context.Context, state *queueState, q Queue, p matching.Candidate, v vacancy) (storedProposal, error) {
	id, err := ulid.New(ulid.Timestamp(m.s.Now()), rand.Reader)
	if err != nil {
		return storedProposal{}, fmt.Errorf("make the id of a match: %w", err)
	}
	r := NewProposal(q, id.String(), p, v.lobby.Match, func(id string) Ticket { return state.waiting[id].Ticket }, m.s.Now())
	value, err := json.Marshal(r)
	if err != nil {
		return storedProposal{}, fmt.Errorf("encode a proposal: %w", err)
	}
	taken := map[string]storedTicket{}
	for _, id := range p.Tickets() {
		taken[id] = state.waiting[id]
	}
	if t, changed, err := m.changedParty(ctx, taken); err != nil || changed {
		if changed {
			err = m.cancelTicket(ctx, state, t, reasonPartyChanged)
		}
		return storedProposal{}, err
	}
	if held, err := m.s.claimPlayers(ctx, r); err != nil || len(held) > 0 {
		return storedProposal{claimedElsewhere: held}, err
	}
	step := records.Step{Fence: state.fence, Changes: []records.Change{{Table: proposals, Key: r.ID, Value: value}, r.requireNotVoid()}}
	views := map[string]*wire.MMTicket{}
	for _, id := range p.Tickets() {
		next := state.waiting[id].Ticket
		next.Proposal = r.ID
		is, err := json.Marshal(next)
		if err != nil {
			return storedProposal{}, fmt.Errorf("encode a ticket: %w", err)
		}
		step.Changes = append(step.Changes, records.Change{Table: tickets, Key: id, Was: state.waiting[id].raw, Value: is})
		taken[id], views[id] = storedTicket{next, is}, next.In(wire.TicketProposed)
	}
	if r.Backfill != "" {
		if err := v.reserve(&step, r.ID); err != nil {
			return storedProposal{}, err
		}
	}
	var messages []outboxMessage
	if !r.InHandoff {
		if messages, err = m.s.pushProposal(&step, r, views); err != nil {
			return storedProposal{}, err
		}
	}
	if searching, err := m.s.firstCopiesSearch(ctx, taken); err != nil || !searching {
		m.s.releasePlayersOrLog(ctx, r)
		return storedProposal{}, err
	}
	err = m.s.Records.Apply(ctx, partition(state.name), step)
	var conflict *records.ConflictError
	switch {
	case errors.As(err, &conflict):
		m.s.releasePlayersOrLog(ctx, r)
		return storedProposal{}, nil
	case errors.Is(err, records.ErrFenced):
		m.s.releasePlayersOrLog(ctx, r)
		return storedProposal{}, err
	case err != nil: // the proposal may exist: its claims last as long as the proposal
		return storedProposal{}, err
	}
	m.s.deliverOrLog(ctx, state.name, messages)
	return storedProposal{Proposal: r, raw: value, tickets: taken}, nil
}

// endTickets adds the end of a proposal's tickets to the step.
func (m *Matcher) endTickets(
	ctx context.Context, step *records.Step, r Proposal, are map[string]storedTicket, place Place,
) (messages []outboxMessage, done []Ticket, err error) {
	for _, id := range r.ticketIDs() {
		t, there := are[id]
		var view *wire.MMTicket
		if there {
			view = t.In(wire.TicketAssigned)
		}
		for _, news := range r.matchedPushes(id, place) {
			letter, err := m.s.addMessage(step,
				message{Users: news.userIDs, Event: wire.EventMMMatched, OrderKey: id, Order: orderEnd, EndedTicket: id, HomeQueue: t.homeQueue(), Ticket: view}, news.matched)
			if err != nil {
				return nil, nil, err
			}
			messages = append(messages, letter)
		}
		if there {
			step.Changes = append(step.Changes, records.Change{Table: tickets, Key: id, Was: t.raw})
			done = append(done, t.Ticket)
		}
	}
	return messages, done, errors.Join(m.s.removeFromUsers(ctx, step, r.Queue, done, nil, 0), m.s.releaseBackfill(ctx, step, r))
}
