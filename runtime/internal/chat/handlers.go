package chat

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/anteroom/anteroom/runtime/internal/command"
	"github.com/anteroom/anteroom/runtime/internal/identity"
	"github.com/anteroom/anteroom/runtime/internal/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Handlers speak the wire contract of chat: a method for each request, and what
// a session needs to hand out the streams of channels.
type Handlers struct{ service *Service }

// NewHandlers makes the handlers of a service.
func NewHandlers(s *Service) *Handlers { return &Handlers{service: s} }

// Join is chat:join: the connection follows the channel from now on.
func (h *Handlers) Join(ctx context.Context, call command.Call, req *wire.ChatJoin) (command.Reply, error) {
	if _, err := h.service.Open(ctx, call.Caller, req.Channel); err != nil {
		return command.Reply{}, err
	}
	now, err := h.service.Position(ctx, req.Channel)
	if err != nil {
		return command.Reply{}, err
	}
	if err := call.Streams.Follow(StreamID(req.Channel), now.Position); err != nil {
		return command.Reply{}, fmt.Errorf("follow channel %s: %w", req.Channel, err)
	}
	return command.Reply{
		Data: wire.ChatJoined{Channel: req.Channel},
		Meta: meta(req.Channel, now.Position, now.TS),
	}, nil
}

// Leave is chat:leave: the connection hears the channel no more. A channel that it
// did not follow is as good as left.
func (h *Handlers) Leave(_ context.Context, call command.Call, req *wire.ChatLeave) (command.Reply, error) {
	call.Streams.Unfollow(StreamID(req.Channel))
	return command.Reply{}, nil
}

// Send is chat:send.
func (h *Handlers) Send(ctx context.Context, call command.Call, req *wire.ChatSend) (command.Reply, error) {
	sent, err := h.service.Send(ctx, call, req)
	if err != nil {
		return command.Reply{}, err
	}
	return command.Reply{
		Data: wire.ChatSent{ID: sent.ID, Seq: sent.At.Seq, TS: sent.TS},
		Meta: meta(req.Channel, sent.At, sent.TS),
	}, nil
}

// History is chat:history.
func (h *Handlers) History(ctx context.Context, call command.Call, req *wire.ChatHistory) (command.Reply, error) {
	page, err := h.service.History(ctx, call.Caller, req)
	if err != nil {
		return command.Reply{}, err
	}
	return command.Reply{Data: page}, nil
}

// Authorize tells whether the caller may have the stream of a channel.
func (h *Handlers) Authorize(ctx context.Context, caller identity.Caller, id stream.ID) error {
	_, err := h.service.Open(ctx, caller, id.Name())
	return err
}

// Snapshot has nothing to give: what was said before is in the history.
func (h *Handlers) Snapshot(context.Context, identity.Caller, stream.ID, stream.Snapshot) (
	event string, payload json.RawMessage, err error,
) {
	return "", nil, nil
}
