package lobby

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Handlers implement the wire contract of lobbies: a method for each request, and the access to
// the streams of lobbies.
type Handlers struct{ service *Service }

// NewHandlers makes the handlers of a service.
func NewHandlers(s *Service) *Handlers { return &Handlers{service: s} }

// Create is lobby:create.
func (h *Handlers) Create(ctx context.Context, call request.Call, req *wire.LobbyCreate) (request.Reply, error) {
	out, err := h.service.Create(ctx, call, req)
	if err != nil {
		return request.Reply{}, err
	}
	return replyState(call, out)
}

// Get is lobby:get.
func (h *Handlers) Get(ctx context.Context, call request.Call, req *wire.LobbyGet) (request.Reply, error) {
	out, err := h.service.Get(ctx, call.Caller, req.LobbyID)
	if err != nil {
		return request.Reply{}, err
	}
	return replyState(call, out)
}

// Join is lobby:join.
func (h *Handlers) Join(ctx context.Context, call request.Call, req *wire.LobbyJoin) (request.Reply, error) {
	out, err := h.service.Join(ctx, call, req)
	if err != nil {
		return request.Reply{}, err
	}
	return replyState(call, out)
}

// Leave is lobby:leave. It unsubscribes the caller from the lobby, even if the caller is not a
// member.
func (h *Handlers) Leave(ctx context.Context, call request.Call, req *wire.LobbyLeave) (request.Reply, error) {
	out, err := h.service.Leave(ctx, call, req.LobbyID)
	if err != nil && !notInLobby(err) {
		return request.Reply{}, err
	}
	if !out.Lobby.Has(call.ID) { // after a repeated request, the user may be a member again
		call.Streams.Unfollow(StreamID(req.LobbyID))
		call.Streams.Unfollow(ChatStream(req.LobbyID))
	}
	if err != nil {
		return request.Reply{}, err
	}
	return request.Reply{Meta: meta(req.LobbyID, out.At, out.TS)}, nil
}

// notInLobby reports whether a refusal means that the caller is not a member of an open lobby.
func notInLobby(err error) bool {
	var refusal *wire.Error
	if !errors.As(err, &refusal) {
		return false
	}
	return refusal.Code == wire.CodeNotFound ||
		refusal.Reason == wire.ReasonNotMember || refusal.Reason == wire.ReasonLobbyClosed
}

// Update is lobby:update.
func (h *Handlers) Update(ctx context.Context, call request.Call, req *wire.LobbyUpdate) (request.Reply, error) {
	return replyVersion(h.service.Update(ctx, call, req))
}

// SetMember is lobby:setMember.
func (h *Handlers) SetMember(ctx context.Context, call request.Call, req *wire.LobbySetMember) (request.Reply, error) {
	return replyVersion(h.service.SetMember(ctx, call, req))
}

// Ready is lobby:ready.
func (h *Handlers) Ready(ctx context.Context, call request.Call, req *wire.LobbyReady) (request.Reply, error) {
	return replyVersion(h.service.Ready(ctx, call, req))
}

// Kick is lobby:kick.
func (h *Handlers) Kick(ctx context.Context, call request.Call, req *wire.LobbyKick) (request.Reply, error) {
	return replyVersion(h.service.Kick(ctx, call, req))
}

// TransferHost is lobby:transferHost.
func (h *Handlers) TransferHost(ctx context.Context, call request.Call, req *wire.LobbyTransferHost) (request.Reply, error) {
	return replyVersion(h.service.TransferHost(ctx, call, req))
}

// Ban is lobby:ban.
func (h *Handlers) Ban(ctx context.Context, call request.Call, req *wire.LobbyBan) (request.Reply, error) {
	return replyVersion(h.service.Ban(ctx, call, req))
}

// Unban is lobby:unban.
func (h *Handlers) Unban(ctx context.Context, call request.Call, req *wire.LobbyMemberRef) (request.Reply, error) {
	return replyVersion(h.service.Unban(ctx, call, req))
}

// VoteKick is lobby:voteKick.
func (h *Handlers) VoteKick(ctx context.Context, call request.Call, req *wire.LobbyMemberRef) (request.Reply, error) {
	return replyVersion(h.service.VoteKick(ctx, call, req))
}

// Start is lobby:start.
func (h *Handlers) Start(ctx context.Context, call request.Call, req *wire.LobbyRef) (request.Reply, error) {
	return replyVersion(h.service.Start(ctx, call, req))
}

// CancelStart is lobby:cancelStart.
func (h *Handlers) CancelStart(ctx context.Context, call request.Call, req *wire.LobbyRef) (request.Reply, error) {
	return replyVersion(h.service.CancelStart(ctx, call, req))
}

// End is lobby:end.
func (h *Handlers) End(ctx context.Context, call request.Call, req *wire.LobbyEnd) (request.Reply, error) {
	return replyVersion(h.service.End(ctx, call, req))
}

// Close is lobby:close.
func (h *Handlers) Close(ctx context.Context, call request.Call, req *wire.LobbyRef) (request.Reply, error) {
	return replyVersion(h.service.Close(ctx, call, req))
}

// RespondJoin is lobby:respondJoin.
func (h *Handlers) RespondJoin(ctx context.Context, call request.Call, req *wire.LobbyRespondJoin) (request.Reply, error) {
	return replyVersion(h.service.RespondJoin(ctx, call, req))
}

// Invite is lobby:invite.
func (h *Handlers) Invite(ctx context.Context, call request.Call, req *wire.LobbyMemberRef) (request.Reply, error) {
	out, invite, err := h.service.Invite(ctx, call, req)
	if err != nil {
		return request.Reply{}, err
	}
	return request.Reply{
		Data: wire.LobbyInviteSent{LobbyID: req.LobbyID, InviteID: invite.ID, ExpiresAt: invite.ExpiresAt},
		Meta: meta(req.LobbyID, out.At, out.TS),
	}, nil
}

// RespondInvite is lobby:respondInvite.
func (h *Handlers) RespondInvite(ctx context.Context, call request.Call, req *wire.LobbyRespondInvite) (request.Reply, error) {
	out, err := h.service.RespondInvite(ctx, call, req)
	if err != nil || !req.Accept {
		return request.Reply{}, err
	}
	return replyState(call, out)
}

// RequestJoin is lobby:requestJoin. The caller learns nothing of the lobby by it.
func (h *Handlers) RequestJoin(ctx context.Context, call request.Call, req *wire.LobbyRequestJoin) (request.Reply, error) {
	out, expiresAt, err := h.service.RequestJoin(ctx, call, req)
	if err != nil {
		return request.Reply{}, err
	}
	return request.Reply{Data: wire.LobbyRequestSent{LobbyID: out.Lobby.ID, ExpiresAt: expiresAt}}, nil
}

// RegenerateCode is lobby:regenerateCode.
func (h *Handlers) RegenerateCode(ctx context.Context, call request.Call, req *wire.LobbyRef) (request.Reply, error) {
	out, err := h.service.RegenerateCode(ctx, call, req)
	if err != nil {
		return request.Reply{}, err
	}
	return request.Reply{
		Data: wire.LobbyCode{LobbyID: req.LobbyID, Version: out.At.Seq, Code: out.Lobby.Code},
		Meta: meta(req.LobbyID, out.At, out.TS),
	}, nil
}

// Search is lobby:search.
func (h *Handlers) Search(ctx context.Context, _ request.Call, req *wire.LobbySearch) (request.Reply, error) {
	found, err := h.service.Search(ctx, req)
	return request.Reply{Data: found}, err
}

// QuickJoin is lobby:quickJoin.
func (h *Handlers) QuickJoin(ctx context.Context, call request.Call, req *wire.LobbyQuickJoin) (request.Reply, error) {
	out, created, err := h.service.QuickJoin(ctx, call, req)
	if err != nil {
		return request.Reply{}, err
	}
	reply, err := replyState(call, out)
	if err != nil {
		return request.Reply{}, err
	}
	reply.Data = wire.LobbyQuickJoined{Lobby: out.Lobby.View(), Created: created}
	return reply, nil
}

// Watch is lobby:watch: it subscribes the connection to the list of a type.
func (h *Handlers) Watch(ctx context.Context, call request.Call, req *wire.LobbyType) (request.Reply, error) {
	if _, err := h.service.searchablePolicy(req.Type); err != nil {
		return request.Reply{}, err
	}
	id := ListStream(req.Type)
	now, err := h.service.Store.Load(ctx, id)
	if err != nil && !errors.Is(err, stream.ErrNotFound) {
		return request.Reply{}, err
	}
	if err := call.Streams.Follow(id, now.Position); err != nil {
		return request.Reply{}, fmt.Errorf("follow the list of %s: %w", req.Type, err)
	}
	return request.Reply{
		Data: *req, Meta: &wire.Meta{Stream: string(id), Epoch: now.Epoch, Seq: now.Seq, TS: now.TS},
	}, nil
}

// Unwatch is lobby:unwatch.
func (h *Handlers) Unwatch(_ context.Context, call request.Call, req *wire.LobbyType) (request.Reply, error) {
	call.Streams.Unfollow(ListStream(req.Type))
	return request.Reply{}, nil
}

// Lists gives the streams of lists to clients that ask for them by name.
type Lists struct{ service *Service }

// NewLists makes the Lists of a service.
func NewLists(s *Service) Lists { return Lists{s} }

// Authorize lets everyone have the list of a type that can be searched.
func (l Lists) Authorize(_ context.Context, _ request.Caller, id stream.ID) error {
	_, err := l.service.searchablePolicy(id.Name())
	return err
}

// Snapshot returns no event: after a gap, a client searches again.
func (l Lists) Snapshot(context.Context, request.Caller, stream.ID, stream.Snapshot) (event string, payload json.RawMessage, err error) {
	return "", nil, nil
}

// replyState returns the state of a lobby, and subscribes a member from that position.
func replyState(call request.Call, out Outcome) (request.Reply, error) {
	l := out.Lobby
	if !l.Has(call.ID) {
		return request.Reply{Data: wire.LobbyState{Lobby: l.PublicView()}}, nil // without a place: it does not follow
	}
	if err := call.Streams.Follow(StreamID(l.ID), positionOf(l)); err != nil {
		return request.Reply{}, fmt.Errorf("follow lobby %s: %w", l.ID, err)
	}
	return request.Reply{Data: wire.LobbyState{Lobby: l.View()}, Meta: meta(l.ID, positionOf(l), out.TS)}, nil
}

// replyVersion returns the version and position of a lobby after a change.
func replyVersion(out Outcome, err error) (request.Reply, error) {
	if err != nil {
		return request.Reply{}, err
	}
	return request.Reply{
		Data: wire.LobbyVersion{LobbyID: out.Lobby.ID, Version: out.At.Seq},
		Meta: meta(out.Lobby.ID, out.At, out.TS),
	}, nil
}

func positionOf(l rules.Lobby) stream.Position {
	return stream.Position{Epoch: l.Epoch, Seq: l.Version}
}

func meta(lobbyID string, at stream.Position, ts int64) *wire.Meta {
	return &wire.Meta{Stream: string(StreamID(lobbyID)), Epoch: at.Epoch, Seq: at.Seq, TS: ts}
}

// Authorize permits the stream of a lobby to its members, also after the lobby closed. It
// connects the session of the member.
func (h *Handlers) Authorize(ctx context.Context, caller request.Caller, id stream.ID) error {
	out, err := h.service.attach(ctx, caller, id.Name())
	if err != nil {
		return err
	}
	return out.Lobby.CheckMember(caller.ID)
}

// Snapshot turns the state of now into lobby:snapshot, for members.
func (h *Handlers) Snapshot(_ context.Context, caller request.Caller, id stream.ID, now stream.Snapshot) (
	event string, payload json.RawMessage, err error,
) {
	if now.Doc == nil {
		return replyLost(id)
	}
	l, err := h.service.keeper.Decode(now)
	if err != nil {
		return "", nil, err
	}
	if err := l.CheckMember(caller.ID); err != nil {
		return "", nil, err
	}
	payload, err = json.Marshal(wire.LobbySnapshot{Lobby: l.View()})
	if err != nil {
		return "", nil, fmt.Errorf("encode lobby %s: %w", l.ID, err)
	}
	return wire.EventLobbySnapshot, payload, nil
}

// replyLost returns lobby:removed for a lobby that the store has lost.
func replyLost(id stream.ID) (event string, payload json.RawMessage, err error) {
	payload, err = json.Marshal(wire.LobbyRemoved{LobbyID: id.Name(), Reason: "lost", Message: "the lobby is gone"})
	if err != nil {
		return "", nil, fmt.Errorf("encode the loss of %s: %w", id, err)
	}
	return wire.EventLobbyRemoved, payload, rules.NotFound()
}
