package matchmaking

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/oklog/ulid/v2"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking/matching"
	"github.com/anteroom/anteroom/runtime/wire"
)

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

// propose commits a proposal of a candidate, with its tickets and places. When any of these
// has changed, propose commits nothing and returns no record.
func (m *Matcher) propose(ctx context.Context, state *queueState, q Queue, candidate matching.Candidate, v vacancy) (storedProposal, error) {
	id, err := ulid.New(ulid.Timestamp(m.s.Now()), rand.Reader)
	if err != nil {
		return storedProposal{}, fmt.Errorf("make the id of a match: %w", err)
	}
	p := NewProposal(q, id.String(), candidate, v.lobby.Match, func(id string) Ticket { return state.waiting[id].Ticket }, m.s.Now())
	value, err := json.Marshal(p)
	if err != nil {
		return storedProposal{}, fmt.Errorf("encode a proposal: %w", err)
	}
	taken := map[string]storedTicket{}
	for _, id := range candidate.Tickets() {
		taken[id] = state.waiting[id]
	}
	if t, changed, err := m.changedParty(ctx, taken); err != nil || changed {
		if changed {
			err = m.cancelTicket(ctx, state, t, reasonPartyChanged)
		}
		return storedProposal{}, err
	}
	if held, err := m.s.claimPlayers(ctx, p); err != nil || len(held) > 0 {
		return storedProposal{claimedElsewhere: held}, err
	}
	step := records.Txn{Fence: state.fence, Changes: []records.Change{{Table: proposals, Key: p.ID, Value: value}, p.requireNotVoid()}}
	views := map[string]*wire.MMTicket{}
	for _, id := range candidate.Tickets() {
		next := state.waiting[id].Ticket
		next.Proposal = p.ID
		encoded, err := json.Marshal(next)
		if err != nil {
			return storedProposal{}, fmt.Errorf("encode a ticket: %w", err)
		}
		step.Changes = append(step.Changes, records.Change{Table: tickets, Key: id, Was: state.waiting[id].raw, Value: encoded})
		taken[id], views[id] = storedTicket{next, encoded}, next.In(wire.TicketProposed)
	}
	if p.Backfill != "" {
		if err := v.reserve(&step, p.ID); err != nil {
			return storedProposal{}, err
		}
	}
	var messages []outboxMessage
	if !p.InHandoff {
		if messages, err = m.s.pushProposal(&step, p, views); err != nil {
			return storedProposal{}, err
		}
	}
	if searching, err := m.s.firstCopiesSearch(ctx, taken); err != nil || !searching {
		m.s.releasePlayersOrLog(ctx, p)
		return storedProposal{}, err
	}
	err = m.s.Records.Apply(ctx, partition(state.name), step)
	var conflict *records.ConflictError
	switch {
	case errors.As(err, &conflict):
		m.s.releasePlayersOrLog(ctx, p)
		return storedProposal{}, nil
	case errors.Is(err, records.ErrFenced):
		m.s.releasePlayersOrLog(ctx, p)
		return storedProposal{}, err
	case err != nil: // the proposal may exist: its claims last as long as the proposal
		return storedProposal{}, err
	}
	m.s.deliverOrLog(ctx, state.name, messages)
	return storedProposal{Proposal: p, raw: value, tickets: taken}, nil
}

// pushProposal pushes the state of a proposal to all its players, with the tickets whose state
// changes.
func (s *Service) pushProposal(step *records.Txn, p Proposal, views map[string]*wire.MMTicket) ([]outboxMessage, error) {
	var messages []outboxMessage
	for _, id := range p.ticketIDs() {
		pushed, err := s.addMessage(step, message{
			Users: p.playersOf(id), Event: wire.EventMMProposal, Ticket: views[id],
			OrderKey: id, Order: orderProposed(p.Attempts[id], len(p.Accepted)),
		}, p.proposalView(id))
		if err != nil {
			return nil, err
		}
		messages = append(messages, pushed)
	}
	return messages, nil
}

// resumeSuspended releases the suspended tickets whose players are free.
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
