package matchmaking

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
)

// TicketsTable is the table whose changes a matcher reads.
const TicketsTable = "tickets"

// The tables of a queue's partition.
const (
	tickets   = TicketsTable // Ticket by id
	proposals = "rounds"     // Proposal by id
	backfills = "backfills"  // Backfill by the id of the lobby
	users     = "users"      // userRecord by user id: the user's tickets and cooldown
	outbox    = "outbox"     // message by id
	stats     = "stats"      // one Stats
)

func partition(queue string) records.Partition { return records.Partition(queue) }

func decode(value []byte, into any) error {
	if value == nil {
		return nil
	}
	if err := json.Unmarshal(value, into); err != nil {
		return fmt.Errorf("decode a record of a queue: %w", err)
	}
	return nil
}

// ticket reads a ticket; false when it does not exist.
func (s *Service) ticket(ctx context.Context, queue, id string) (Ticket, bool, error) {
	t, raw, err := s.readTicket(ctx, queue, id)
	return t, raw != nil, err
}

func (s *Service) readTicket(ctx context.Context, queue, id string) (t Ticket, raw []byte, err error) {
	found, err := s.Records.Get(ctx, partition(queue), tickets, id)
	if err != nil {
		return Ticket{}, nil, err
	}
	return t, found[id], decode(found[id], &t)
}

func (s *Service) readProposal(ctx context.Context, queue, id string) (p Proposal, raw []byte, err error) {
	found, err := s.Records.Get(ctx, partition(queue), proposals, id)
	if err != nil {
		return Proposal{}, nil, err
	}
	return p, found[id], decode(found[id], &p)
}

// ticketsOfProposal reads the tickets of a proposal.
func (s *Service) ticketsOfProposal(ctx context.Context, p Proposal) (map[string]storedTicket, error) {
	found, err := s.Records.Get(ctx, partition(p.Queue), tickets, p.ticketIDs()...)
	if err != nil {
		return nil, err
	}
	all := make(map[string]storedTicket, len(found))
	for id, raw := range found {
		var t Ticket
		if err := decode(raw, &t); err != nil {
			return nil, err
		}
		all[id] = storedTicket{t, raw}
	}
	return all, nil
}

// storedTicket is a waiting ticket with its record.
type storedTicket struct {
	Ticket
	raw []byte
}

// storedProposal is a proposal with its record, and with its tickets if it was made in this pass.
type storedProposal struct {
	Proposal
	raw     []byte
	tickets map[string]storedTicket
	// claimedElsewhere are players whom another proposal has claimed; then no proposal was made.
	claimedElsewhere []string
}

func (s *Service) readBackfill(ctx context.Context, queue, lobbyID string) (b Backfill, raw []byte, err error) {
	found, err := s.Records.Get(ctx, partition(queue), backfills, lobbyID)
	if err != nil {
		return Backfill{}, nil, err
	}
	return b, found[lobbyID], decode(found[lobbyID], &b)
}
