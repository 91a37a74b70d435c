package party

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/domain/party/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Handlers implement the wire contract of parties: a method for each request, and the access to
// the streams of parties.
type Handlers struct{ service *Service }

// NewHandlers makes the handlers of a service.
func NewHandlers(s *Service) *Handlers { return &Handlers{service: s} }

// Create is party:create.
func (h *Handlers) Create(ctx context.Context, call request.Call, req *wire.PartyCreate) (request.Reply, error) {
	out, err := h.service.Create(ctx, call, req)
	return replyState(call, out, err)
}

// Get is party:get.
func (h *Handlers) Get(ctx context.Context, call request.Call, req *wire.PartyGet) (request.Reply, error) {
	out, err := h.service.Get(ctx, call, req.PartyID)
	return replyState(call, out, err)
}

// Join is party:join.
func (h *Handlers) Join(ctx context.Context, call request.Call, req *wire.PartyJoin) (request.Reply, error) {
	out, err := h.service.Join(ctx, call, req)
	return replyState(call, out, err)
}

// Invite is party:invite.
func (h *Handlers) Invite(ctx context.Context, call request.Call, req *wire.PartyInvite) (request.Reply, error) {
	invite, err := h.service.Invite(ctx, call, req)
	if err != nil {
		return request.Reply{}, err
	}
	return request.Reply{Data: wire.PartyInviteSent{InviteID: invite.ID, ExpiresAt: invite.ExpiresAt}}, nil
}

// RespondInvite is party:respondInvite.
func (h *Handlers) RespondInvite(ctx context.Context, call request.Call, req *wire.PartyRespondInvite) (request.Reply, error) {
	if !req.Accept {
		return request.Reply{}, h.service.Decline(ctx, call, req.InviteID)
	}
	out, err := h.service.Accept(ctx, call, req)
	return replyState(call, out, err)
}

// Leave is party:leave. It unsubscribes the caller from the party, even if the caller is not a
// member.
func (h *Handlers) Leave(ctx context.Context, call request.Call, req *wire.PartyLeave) (request.Reply, error) {
	out, err := h.service.Leave(ctx, call, req.PartyID)
	if err != nil && !isNotFound(err) {
		return request.Reply{}, err
	}
	if !out.State.Has(call.ID) { // after a repeated request, the user may be a member again
		call.Streams.Unfollow(StreamID(req.PartyID))
		call.Streams.Unfollow(ChatStream(req.PartyID))
	}
	if err != nil {
		return request.Reply{}, err
	}
	return request.Reply{Meta: meta(req.PartyID, out.At, out.TS)}, nil
}

// Kick is party:kick.
func (h *Handlers) Kick(ctx context.Context, call request.Call, req *wire.PartyKick) (request.Reply, error) {
	return replyVersion(h.service.Kick(ctx, call, req))
}

// Promote is party:promote.
func (h *Handlers) Promote(ctx context.Context, call request.Call, req *wire.PartyPromote) (request.Reply, error) {
	return replyVersion(h.service.Promote(ctx, call, req))
}

// SetMember is party:setMember.
func (h *Handlers) SetMember(ctx context.Context, call request.Call, req *wire.PartySetMember) (request.Reply, error) {
	return replyVersion(h.service.SetMember(ctx, call, req))
}

// Ban is party:ban.
func (h *Handlers) Ban(ctx context.Context, call request.Call, req *wire.PartyBan) (request.Reply, error) {
	return replyVersion(h.service.Ban(ctx, call, req))
}

// Unban is party:unban.
func (h *Handlers) Unban(ctx context.Context, call request.Call, req *wire.PartyUnban) (request.Reply, error) {
	return replyVersion(h.service.Unban(ctx, call, req))
}

// Update is party:update.
func (h *Handlers) Update(ctx context.Context, call request.Call, req *wire.PartyUpdate) (request.Reply, error) {
	return replyVersion(h.service.Update(ctx, call, req))
}

// Ready is party:ready.
func (h *Handlers) Ready(ctx context.Context, call request.Call, req *wire.PartyReady) (request.Reply, error) {
	return replyVersion(h.service.Ready(ctx, call, req))
}

// RegenerateCode is party:regenerateCode.
func (h *Handlers) RegenerateCode(ctx context.Context, call request.Call, req *wire.PartyNewCode) (request.Reply, error) {
	out, code, err := h.service.RegenerateCode(ctx, call, req)
	if err != nil {
		return request.Reply{}, err
	}
	return request.Reply{
		Data: wire.PartyCode{PartyID: req.PartyID, Version: out.At.Seq, Code: code},
		Meta: meta(req.PartyID, out.At, out.TS),
	}, nil
}

// replyState returns the state of a party, and subscribes the member from that position.
func replyState(call request.Call, out Outcome, err error) (request.Reply, error) {
	if err != nil {
		return request.Reply{}, err
	}
	p := out.State
	at := stream.Position{Epoch: p.Epoch, Seq: p.Version}
	if err := call.Streams.Follow(StreamID(p.ID), at); err != nil {
		return request.Reply{}, fmt.Errorf("follow party %s: %w", p.ID, err)
	}
	return request.Reply{Data: wire.PartyState{Party: p.View()}, Meta: meta(p.ID, at, out.TS)}, nil
}

// replyVersion returns the version and position of a party after a change.
func replyVersion(out Outcome, err error) (request.Reply, error) {
	if err != nil {
		return request.Reply{}, err
	}
	return request.Reply{
		Data: wire.PartyVersion{PartyID: out.State.ID, Version: out.At.Seq},
		Meta: meta(out.State.ID, out.At, out.TS),
	}, nil
}

func meta(partyID string, at stream.Position, ts int64) *wire.Meta {
	return &wire.Meta{Stream: string(StreamID(partyID)), Epoch: at.Epoch, Seq: at.Seq, TS: ts}
}

// Authorize permits the stream of a party to its members. It connects the session of the
// member.
func (h *Handlers) Authorize(ctx context.Context, caller request.Caller, id stream.ID) error {
	_, err := h.service.attach(ctx, caller, id.Name())
	return err
}

// Snapshot turns the state of now into party:snapshot, for members.
func (h *Handlers) Snapshot(_ context.Context, caller request.Caller, id stream.ID, now stream.Snapshot) (
	event string, payload json.RawMessage, err error,
) {
	if now.Doc == nil {
		payload, err = json.Marshal(wire.PartyRemoved{PartyID: id.Name(), Reason: "lost", Message: "the party is gone"})
		if err != nil {
			return "", nil, fmt.Errorf("encode the loss of %s: %w", id, err)
		}
		return wire.EventPartyRemoved, payload, rules.NotFound()
	}
	p, err := h.service.keeper.Decode(now)
	if err != nil {
		return "", nil, err
	}
	if _, err := p.ActiveMember(caller.ID); err != nil {
		return "", nil, err
	}
	payload, err = json.Marshal(wire.PartySnapshot{Party: p.View()})
	if err != nil {
		return "", nil, fmt.Errorf("encode party %s: %w", p.ID, err)
	}
	return wire.EventPartySnapshot, payload, nil
}
