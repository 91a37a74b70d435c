package serverapi

import (
	"context"

	"github.com/anteroom/anteroom/runtime/internal/core/liveness"
	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/wire"
)

// TicketRequest queues a user, or the party that the user leads, as mm:enqueue does. A
// disconnected user must be within the queue's grace period.
type TicketRequest struct {
	UserID string `json:"userId" validate:"required,max=128"`
	Queue  string `json:"queue" validate:"required,max=253"`
	// PartyID queues the whole party; its leader is the user.
	PartyID string `json:"partyId,omitempty" validate:"max=64"`
	// Attributes are those that the queue declares.
	Attributes map[string]any `json:"attributes,omitempty" validate:"max=32"`
	// Latencies are milliseconds by region.
	Latencies map[string]float64 `json:"latencies,omitempty" validate:"max=32,dive,min=0,max=60000"`
}

// TicketResponse is a ticket as its players see it.
type TicketResponse struct {
	Ticket wire.MMTicket `json:"ticket"`
}

// TicketQuery asks for a user's tickets.
type TicketQuery struct {
	UserID string `json:"userId" validate:"required,max=128"`
}

// TicketCancelRequest takes a user's ticket out of its queue, with the whole party.
type TicketCancelRequest struct {
	UserID   string `json:"userId" validate:"required,max=128"`
	TicketID string `json:"ticketId" validate:"required,max=64"`
}

// Done is the answer where there is nothing to say.
type Done struct{}

func (s *Server) registerTickets() {
	if s.Queues == nil {
		return
	}
	post(s, "/v1/tickets", "Queue a user, or the party that it leads", s.enqueue)
	post(s, "/v1/tickets:query", "The tickets and proposals of a user",
		func(ctx context.Context, _ call, req *TicketQuery) (*wire.MMStatusList, error) {
			if !request.ValidID(req.UserID) {
				return nil, wire.Invalid("userId", notAUser)
			}
			list, err := s.Queues.Status(ctx, req.UserID)
			return &list, err
		})
	post(s, "/v1/tickets:cancel", "Take a ticket out of its queue",
		func(ctx context.Context, c call, req *TicketCancelRequest) (*Done, error) {
			if !request.ValidID(req.UserID) {
				return nil, wire.Invalid("userId", notAUser)
			}
			return &Done{}, s.Queues.Cancel(ctx, asUser(req.UserID, c.key), req.TicketID)
		})
}

func (s *Server) enqueue(ctx context.Context, c call, req *TicketRequest) (*TicketResponse, error) {
	if !request.ValidID(req.UserID) {
		return nil, wire.Invalid("userId", notAUser)
	}
	live := liveness.Away(s.Now())
	if sessions, err := s.Sessions(ctx, req.UserID); err != nil {
		return nil, err
	} else if len(sessions) > 0 {
		live = liveness.Through(sessions...)
	}
	ticket, err := s.Queues.EnqueueFor(ctx, asUser(req.UserID, c.key), live, &wire.MMEnqueue{
		Queue: req.Queue, PartyID: req.PartyID, Attributes: req.Attributes, Latencies: req.Latencies,
	})
	if err != nil {
		return nil, err
	}
	return &TicketResponse{Ticket: ticket.View()}, nil
}

// asUser is a call in the name of a user, with a key that no client's can be.
func asUser(user, key string) request.Call {
	if key != "" {
		key = scope + " " + key
	}
	return request.Call{Caller: request.Caller{User: request.User{ID: user}}, Key: key}
}
