package chat

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Handlers implement the wire contract of chat: a method for each request, and the methods by
// which a session subscribes to channels.
type Handlers struct{ service *Service }

// NewHandlers makes the Handlers of a service.
func NewHandlers(s *Service) *Handlers { return &Handlers{service: s} }

// Join is chat:join: it subscribes the session to the channel.
func (h *Handlers) Join(ctx context.Context, call request.Call, req *wire.ChatJoin) (request.Reply, error) {
	if _, err := h.service.Authorize(ctx, call.Caller, req.Channel); err != nil {
		return request.Reply{}, err
	}
	now, err := h.service.Position(ctx, req.Channel)
	if err != nil {
		return request.Reply{}, err
	}
	unread, marks, err := h.service.unread(ctx, call.ID, req.Channel)
	if err != nil {
		return request.Reply{}, err
	}
	if err := call.Streams.Follow(StreamID(req.Channel), now.Position); err != nil {
		return request.Reply{}, fmt.Errorf("follow channel %s: %w", req.Channel, err)
	}
	return request.Reply{
		Data: wire.ChatJoined{Channel: req.Channel, ChatUnread: unread, Reads: marks.VisibleTo(call.ID)},
		Meta: meta(req.Channel, now.Position, now.TS),
	}, nil
}

// Leave is chat:leave: it ends the subscription to the channel. Without a subscription it does
// nothing.
func (h *Handlers) Leave(_ context.Context, call request.Call, req *wire.ChatLeave) (request.Reply, error) {
	call.Streams.Unfollow(StreamID(req.Channel))
	return request.Reply{}, nil
}

// Send is chat:send.
func (h *Handlers) Send(ctx context.Context, call request.Call, req *wire.ChatSend) (request.Reply, error) {
	sent, err := h.service.Send(ctx, call, req)
	if err != nil {
		return request.Reply{}, err
	}
	return request.Reply{
		Data: wire.ChatSent{ID: sent.ID, Seq: sent.At.Seq, TS: sent.TS},
		Meta: meta(req.Channel, sent.At, sent.TS),
	}, nil
}

// Edit is chat:edit.
func (h *Handlers) Edit(ctx context.Context, call request.Call, req *wire.ChatEdit) (request.Reply, error) {
	m, result, err := h.service.Edit(ctx, call, req)
	return changed(req.ChatTarget, m, result, err)
}

// Delete is chat:delete.
func (h *Handlers) Delete(ctx context.Context, call request.Call, req *wire.ChatDelete) (request.Reply, error) {
	m, result, err := h.service.Delete(ctx, call, req)
	return changed(req.ChatTarget, m, result, err)
}

func changed(t wire.ChatTarget, m Message, result stream.Result, err error) (request.Reply, error) {
	if err != nil {
		return request.Reply{}, err
	}
	return request.Reply{Data: wire.ChatChanged{Seq: t.Seq, ID: m.ID}, Meta: metaOf(t.Channel, result)}, nil
}

// metaOf returns the meta of a change; nil when nothing changed.
func metaOf(channel string, result stream.Result) *wire.Meta {
	if result.Seq == 0 {
		return nil
	}
	return meta(channel, result.Position, result.TS)
}

// React is chat:react.
func (h *Handlers) React(ctx context.Context, call request.Call, req *wire.ChatReact) (request.Reply, error) {
	count, result, err := h.service.React(ctx, call, req)
	if err != nil {
		return request.Reply{}, err
	}
	return request.Reply{
		Data: wire.ChatReacted{Seq: req.Seq, Reaction: req.Reaction, Count: count},
		Meta: metaOf(req.Channel, result),
	}, nil
}

// Read is chat:read.
func (h *Handlers) Read(ctx context.Context, call request.Call, req *wire.ChatRead) (request.Reply, error) {
	mark, err := h.service.Read(ctx, call, req)
	if err != nil {
		return request.Reply{}, err
	}
	return request.Reply{Data: wire.ChatReadTo{ReadTo: mark}}, nil
}

// Typing is chat:typing.
func (h *Handlers) Typing(ctx context.Context, call request.Call, req *wire.ChatTyping) (request.Reply, error) {
	return request.Reply{}, h.service.Typing(ctx, call, req)
}

// Mute is chat:mute.
func (h *Handlers) Mute(ctx context.Context, call request.Call, req *wire.ChatMute) (request.Reply, error) {
	m, result, err := h.service.Mute(ctx, call, req)
	return muted(m, result, err)
}

// Unmute is chat:unmute.
func (h *Handlers) Unmute(ctx context.Context, call request.Call, req *wire.ChatUnmute) (request.Reply, error) {
	m, result, err := h.service.Unmute(ctx, call, req)
	return muted(m, result, err)
}

func muted(m wire.ChatMuted, result stream.Result, err error) (request.Reply, error) {
	if err != nil {
		return request.Reply{}, err
	}
	return request.Reply{Data: m, Meta: metaOf(m.Channel, result)}, nil
}

// Channels is chat:channels.
func (h *Handlers) Channels(ctx context.Context, call request.Call, req *wire.ChatChannels) (request.Reply, error) {
	page, err := h.service.Channels(ctx, call.Caller, req)
	if err != nil {
		return request.Reply{}, err
	}
	return request.Reply{Data: page}, nil
}

// History is chat:history.
func (h *Handlers) History(ctx context.Context, call request.Call, req *wire.ChatHistory) (request.Reply, error) {
	page, err := h.service.History(ctx, call.Caller, req)
	if err != nil {
		return request.Reply{}, err
	}
	return request.Reply{Data: page}, nil
}

// Authorize checks whether the caller may subscribe to the stream of a channel.
func (h *Handlers) Authorize(ctx context.Context, caller request.Caller, id stream.ID) error {
	_, err := h.service.Authorize(ctx, caller, id.Name())
	return err
}

// Snapshot returns no snapshot: clients read earlier messages from the history.
func (h *Handlers) Snapshot(context.Context, request.Caller, stream.ID, stream.Snapshot) (
	event string, payload json.RawMessage, err error,
) {
	return "", nil, nil
}
