package matchmaking

import (
	"context"

	"github.com/anteroom/anteroom/runtime/internal/command"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Handlers speak the wire contract of matchmaking.
type Handlers struct{ service *Service }

// NewHandlers makes the handlers of a service.
func NewHandlers(s *Service) *Handlers { return &Handlers{service: s} }

// Queues is mm:queues.
func (h *Handlers) Queues(ctx context.Context, _ command.Call, _ *wire.MMQueues) (command.Reply, error) {
	list, err := h.service.List(ctx)
	return command.Reply{Data: list}, err
}

// Enqueue is mm:enqueue.
func (h *Handlers) Enqueue(ctx context.Context, call command.Call, req *wire.MMEnqueue) (command.Reply, error) {
	t, err := h.service.Enqueue(ctx, call, req)
	if err != nil {
		return command.Reply{}, err
	}
	view := t.View()
	view.EstimateMs = h.service.estimates(ctx, t)
	return command.Reply{Data: wire.MMTicketState{Ticket: view}}, nil
}

// Cancel is mm:cancel.
func (h *Handlers) Cancel(ctx context.Context, call command.Call, req *wire.MMCancel) (command.Reply, error) {
	return command.Reply{}, h.service.Cancel(ctx, call, req.TicketID)
}

// Status is mm:status.
func (h *Handlers) Status(ctx context.Context, call command.Call, _ *wire.MMStatus) (command.Reply, error) {
	list, err := h.service.Status(ctx, call.ID)
	return command.Reply{Data: list}, err
}

// Accept is mm:accept.
func (h *Handlers) Accept(ctx context.Context, call command.Call, req *wire.MMAnswer) (command.Reply, error) {
	return command.Reply{}, h.service.Accept(ctx, call, req.ProposalID)
}

// Decline is mm:decline.
func (h *Handlers) Decline(ctx context.Context, call command.Call, req *wire.MMAnswer) (command.Reply, error) {
	return command.Reply{}, h.service.Decline(ctx, call, req.ProposalID)
}

// Backfill is mm:backfill.
func (h *Handlers) Backfill(ctx context.Context, call command.Call, req *wire.MMBackfill) (command.Reply, error) {
	state, err := h.service.Backfill(ctx, call, req)
	return command.Reply{Data: state}, err
}
