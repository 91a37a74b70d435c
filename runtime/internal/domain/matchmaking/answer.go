package matchmaking

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Accept records that the caller accepts a proposal.
func (s *Service) Accept(ctx context.Context, c request.Call, proposalID string) error {
	return s.treatRepeatAsSuccess(ctx, c, s.accept(ctx, c, proposalID))
}

func (s *Service) accept(ctx context.Context, c request.Call, proposalID string) error {
	queue, err := s.queueOfProposal(ctx, c.ID, proposalID)
	if err != nil {
		return err
	}
	q, err := s.queue(queue)
	if err != nil {
		return err
	}
	return s.commit(ctx, func() (records.Txn, []outboxMessage, error) {
		p, raw, err := s.readProposal(ctx, queue, proposalID)
		if err != nil {
			return records.Txn{}, nil, err
		}
		if raw == nil || p.Ended != nil {
			return records.Txn{}, nil, proposalNotFound()
		}
		next, err := p.Accept(q, c.ID, s.Now())
		if err != nil || len(next.Accepted) == len(p.Accepted) {
			return records.Txn{}, nil, err
		}
		return s.acceptStep(ctx, next, raw, s.once(c))
	}, queue)
}

// acceptStep is the step after an mm:accept: it pushes the number of accepted players. After
// the last one it also pushes the tickets as accepted.
func (s *Service) acceptStep(ctx context.Context, p Proposal, was []byte, once *records.Once) (records.Txn, []outboxMessage, error) {
	value, err := json.Marshal(p)
	if err != nil {
		return records.Txn{}, nil, fmt.Errorf("encode a proposal: %w", err)
	}
	step := records.Txn{Once: once, Changes: []records.Change{{Table: proposals, Key: p.ID, Was: was, Value: value}}}
	views := map[string]*wire.MMTicket{}
	if p.InHandoff {
		stored, err := s.ticketsOfProposal(ctx, p)
		if err != nil {
			return records.Txn{}, nil, err
		}
		for id, t := range stored {
			views[id] = t.In(wire.TicketAccepted)
		}
	}
	messages, err := s.pushProposal(&step, p, views)
	return step, messages, err
}

// Decline declines a proposal.
func (s *Service) Decline(ctx context.Context, c request.Call, proposalID string) error {
	queue, err := s.queueOfProposal(ctx, c.ID, proposalID)
	if err == nil {
		err = s.decline(ctx, c, queue, proposalID)
	}
	return s.treatRepeatAsSuccess(ctx, c, err)
}

func (s *Service) decline(ctx context.Context, c request.Call, queue, proposalID string) error {
	return s.withdrawFromProposal(ctx, queue, proposalID, c.ID, reasonDeclined, records.Txn{Once: s.once(c)})
}
