package matchmaking

import (
	"context"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Handlers speak the wire contract of matchmaking.
type Handlers struct{ service *Service }

// NewHandlers makes the handlers of a service.
func NewHandlers(s *Service) *Handlers { return &Handlers{service: s} }

// Queues is mm:queues.
func (h *Handlers) Queues(ctx context.Context, _ request.Call, _ *wire.MMQueues) (request.Reply, error) {
	list, err := h.service.List(ctx)
	return request.Reply{Data: list}, err
}

// Enqueue is mm:enqueue.
func (h *Handlers) Enqueue(ctx context.Context, call request.Call, req *wire.MMEnqueue) (request.Reply, error) {
	t, err := h.service.Enqueue(ctx, call, req)
	if err != nil {
		return request.Reply{}, err
	}
	view := t.View()
	view.EstimateMs = h.service.estimates(ctx, t)
	return request.Reply{Data: wire.MMTicketState{Ticket: view}}, nil
}

// Cancel is mm:cancel.
func (h *Handlers) Cancel(ctx context.Context, call request.Call, req *wire.MMCancel) (request.Reply, error) {
	return request.Reply{}, h.service.Cancel(ctx, call, req.TicketID)
}

// Status is mm:status.
func (h *Handlers) Status(ctx context.Context, call request.Call, _ *wire.MMStatus) (request.Reply, error) {
	list, err := h.service.Status(ctx, call.ID)
	return request.Reply{Data: list}, err
}

// Accept is mm:accept.
func (h *Handlers) Accept(ctx context.Context, call request.Call, req *wire.MMAnswer) (request.Reply, error) {
	return request.Reply{}, h.service.Accept(ctx, call, req.ProposalID)
}

// Decline is mm:decline.
func (h *Handlers) Decline(ctx context.Context, call request.Call, req *wire.MMAnswer) (request.Reply, error) {
	return request.Reply{}, h.service.Decline(ctx, call, req.ProposalID)
}

// Backfill is mm:backfill.
func (h *Handlers) Backfill(ctx context.Context, call request.Call, req *wire.MMBackfill) (request.Reply, error) {
	state, err := h.service.Backfill(ctx, call, req)
	return request.Reply{Data: state}, err
}
