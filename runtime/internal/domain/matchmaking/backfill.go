package matchmaking

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking/matching"
	"github.com/anteroom/anteroom/runtime/wire"
)

// maxBackfills bounds the backfills of a queue.
const maxBackfills = 1000

// Backfill starts or stops the backfill of a match; only the match's host may ask.
func (s *Service) Backfill(ctx context.Context, c request.Call, req *wire.MMBackfill) (wire.MMBackfillState, error) {
	lobby, err := s.Handoffs.Lobby(ctx, req.LobbyID, c.ID)
	if err != nil {
		return wire.MMBackfillState{}, err
	}
	q, known := s.Queues.Queue(lobby.Queue)
	switch {
	case lobby.HostID != c.ID:
		return wire.MMBackfillState{}, wire.Precondition(wire.ReasonNotHost, "only the host may do this")
	case !known || !q.Backfill:
		return wire.MMBackfillState{}, wire.Refuse(wire.CodePermissionDenied, "the queue of this match fills no open places")
	}
	_, open := lobby.openPlaces(q)
	state := wire.MMBackfillState{LobbyID: req.LobbyID, Queue: q.Name, Open: open}
	if !req.Stop {
		state.ExpiresAt = ms(s.Now().Add(q.TicketTTL))
	}
	return state, s.commit(ctx, func() (records.Txn, []outboxMessage, error) {
		b, raw, err := s.readBackfill(ctx, q.Name, req.LobbyID)
		if err != nil || raw == nil && req.Stop {
			return records.Txn{}, nil, err
		}
		b.LobbyID, b.Stopped = req.LobbyID, req.Stop
		if !req.Stop {
			b.ExpiresAt = state.ExpiresAt
		}
		change, err := b.change(raw, s.Now())
		return records.Txn{
			Changes: []records.Change{change}, Bounds: []records.Bound{{Table: backfills, Most: maxBackfills}},
		}, nil, err
	}, q.Name)
}

// change writes a backfill, or deletes it when it is over and no proposal needs it.
func (b Backfill) change(was []byte, now time.Time) (records.Change, error) {
	c := records.Change{Table: backfills, Key: b.LobbyID, Was: was}
	if b.Proposal == "" && (b.Stopped || b.ExpiresAt <= ms(now)) {
		return c, nil
	}
	var err error
	if c.Value, err = json.Marshal(b); err != nil {
		err = fmt.Errorf("encode a backfill: %w", err)
	}
	return c, err
}

// releaseBackfill frees the backfill of an ended proposal for another proposal.
func (s *Service) releaseBackfill(ctx context.Context, step *records.Txn, p Proposal) error {
	if p.Backfill == "" {
		return nil
	}
	b, raw, err := s.readBackfill(ctx, p.Queue, p.Backfill)
	if err != nil || raw == nil || b.Proposal != p.ID {
		return err
	}
	b.Proposal = ""
	change, err := b.change(raw, s.Now())
	step.Changes = append(step.Changes, change)
	return err
}

// vacancy is a backfill with open places for which no proposal exists.
type vacancy struct {
	Backfill
	raw   []byte
	lobby MatchLobby
	free  map[string]int
}

// reserve adds to a proposal's step that the proposal fills this vacancy.
func (v vacancy) reserve(step *records.Txn, proposalID string) error {
	v.Proposal = proposalID
	value, err := json.Marshal(v.Backfill)
	if err != nil {
		return fmt.Errorf("encode a backfill: %w", err)
	}
	step.Changes = append(step.Changes, records.Change{Table: backfills, Key: v.LobbyID, Was: v.raw, Value: value})
	return nil
}

// openBackfills reads the backfills and returns those with open places. It deletes backfills that
// are over.
func (m *Matcher) openBackfills(ctx context.Context, state *queueState, q Queue) (map[string]vacancy, error) {
	open, err := m.s.Records.All(ctx, partition(state.name), backfills)
	if err != nil {
		return nil, err
	}
	found := make([]vacancy, len(open))
	err = forEach(open, func(i int, record records.Record) error {
		v := vacancy{raw: record.Value}
		if err := decode(record.Value, &v.Backfill); err != nil || v.Proposal != "" {
			return err
		}
		err := m.refreshBackfill(ctx, state, q, &v)
		if err == nil && v.OpenAt > 0 {
			found[i] = v
		}
		return err
	})
	vacancies := map[string]vacancy{}
	for _, v := range found {
		if v.OpenAt > 0 {
			vacancies[v.LobbyID] = v
		}
	}
	return vacancies, err
}

// refreshBackfill reads the lobby of a backfill and updates OpenAt, which is 0 when no place is open or
// the backfill is over.
func (m *Matcher) refreshBackfill(ctx context.Context, state *queueState, q Queue, v *vacancy) error {
	var err error
	open := 0
	if v.ExpiresAt > ms(m.s.Now()) {
		v.lobby, err = m.s.Handoffs.Lobby(ctx, v.LobbyID, "")
		var refusal *wire.Error
		if errors.As(err, &refusal) {
			v.Stopped = true // the lobby is closed
		} else if err != nil {
			return err
		}
		v.free, open = v.lobby.openPlaces(q)
	}
	was := v.OpenAt
	switch {
	case !q.Backfill:
		v.Stopped = true
	case open == 0 || !v.lobby.commonProfile().fits(q):
		v.OpenAt = 0
	case v.OpenAt == 0:
		v.OpenAt = ms(m.s.Now())
	}
	change, err := v.change(v.raw, m.s.Now())
	if err != nil || change.Value != nil && v.OpenAt == was {
		return err
	}
	if change.Value == nil {
		v.OpenAt = 0
	}
	err = m.s.Records.Apply(ctx, partition(state.name), records.Txn{Fence: state.fence, Changes: []records.Change{change}})
	var conflict *records.ConflictError
	if errors.As(err, &conflict) {
		v.OpenAt = 0 // the host has changed the backfill: next pass
		return nil
	}
	v.raw = change.Value
	return err
}

// matchingBackfills converts vacancies to the matcher's input. It bars the tickets of users who play
// there or may not join.
func (state *queueState) matchingBackfills(vacancies map[string]vacancy) []matching.Backfill {
	if len(vacancies) == 0 {
		return nil
	}
	all := make([]matching.Backfill, 0, len(vacancies))
	for _, v := range vacancies {
		barred := map[string]bool{}
		for _, user := range slices.AppendSeq(slices.Clone(v.lobby.Barred), maps.Keys(v.lobby.Players)) {
			for _, id := range state.ticketsByPlayer[user] {
				barred[id] = true
			}
		}
		all = append(all, v.lobby.forMatching(v.Backfill, v.free, barred))
	}
	return all
}
