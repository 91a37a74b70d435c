package matchmaking

import (
	"context"

	"github.com/anteroom/anteroom/runtime/wire"
)

// Status returns a user's tickets and open proposals.
func (s *Service) Status(ctx context.Context, userID string) (wire.MMStatusList, error) {
	list := wire.MMStatusList{Tickets: []wire.MMTicket{}, Proposals: []wire.MMProposal{}}
	all, err := s.index.Tickets(ctx, userID)
	if err != nil {
		return list, err
	}
	for _, t := range all {
		if t, err = s.currentCopy(ctx, t); err != nil {
			return list, err
		}
		view := t.View()
		if t.Proposal == "" {
			view.EstimateMs = s.estimates(ctx, t)
		} else {
			p, raw, err := s.readProposal(ctx, t.Queue, t.Proposal)
			if err != nil {
				return list, err
			}
			if raw != nil && !p.InHandoff {
				list.Proposals = append(list.Proposals, p.proposalView(t.ID))
			} else if raw != nil {
				view.State = wire.TicketAccepted
			}
		}
		list.Tickets = append(list.Tickets, view)
	}
	return list, nil
}

// queueOfProposal returns the queue of a user's proposal.
func (s *Service) queueOfProposal(ctx context.Context, userID, proposalID string) (queue string, err error) {
	all, err := s.index.Tickets(ctx, userID)
	if err != nil {
		return "", err
	}
	for _, t := range all {
		if t, err = s.currentCopy(ctx, t); err != nil {
			return "", err
		}
		if t.Proposal == proposalID && proposalID != "" {
			return t.Queue, nil
		}
	}
	return "", proposalNotFound()
}

// queueOfTicket returns the queue of a user's ticket.
func (s *Service) queueOfTicket(ctx context.Context, userID, ticketID string) (queue string, err error) {
	all, err := s.index.Entries(ctx, userID)
	if err != nil {
		return "", err
	}
	for _, e := range all {
		if e.ticket == ticketID {
			return e.queue, nil
		}
	}
	return "", ticketNotFound()
}
