package lobby

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/text"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Invite invites a user (members only).
func (s *Service) Invite(ctx context.Context, c request.Call, req *wire.LobbyMemberRef) (Outcome, rules.Invite, error) {
	nonce, err := s.ids.ID(ctx, inviteSpace, c.ID, c.Key)
	if err != nil {
		return Outcome{}, rules.Invite{}, err
	}
	now := s.Now()
	once := s.once(c.ID, c.Key).With(timestamp(now.Add(rules.InviteTTL)))
	out, err := s.change(ctx, req.LobbyID, once, rules.SendInvite(actor(c.Caller), req.UserID, nonce, now))
	if err != nil {
		return Outcome{}, rules.Invite{}, err
	}
	invite, open := out.Lobby.Invites[req.UserID]
	if !open { // a repeated request whose invite was answered meanwhile
		invite.ID = rules.InviteID(req.LobbyID, nonce)
	}
	invite.ExpiresAt, err = out.timestamp(invite.ExpiresAt)
	return out, invite, err
}

// timestamp encodes a time as the value of a request's commit, for the answer to a repeated
// request.
func timestamp(t time.Time) []byte { return strconv.AppendInt(nil, t.UnixMilli(), 10) }

// timestamp returns the time in the value of the request's commit, in milliseconds since the
// epoch, or the given time without a value.
func (o Outcome) timestamp(otherwise int64) (int64, error) {
	if len(o.value) == 0 {
		return otherwise, nil
	}
	return strconv.ParseInt(string(o.value), 10, 64)
}

// RespondInvite accepts an invite, which joins, or declines it.
func (s *Service) RespondInvite(ctx context.Context, c request.Call, req *wire.LobbyRespondInvite) (Outcome, error) {
	if req.Accept {
		return s.Join(ctx, c, &wire.LobbyJoin{Key: req.Key, InviteID: req.InviteID, Member: req.Member})
	}
	out, err := s.change(ctx, rules.LobbyOfInvite(req.InviteID), s.once(c.ID, c.Key), rules.Decline(c.ID, req.InviteID))
	return out, codeExpiredIfGone(err, true)
}

// RequestJoin asks the host to admit the caller, and returns the expiry of the request.
func (s *Service) RequestJoin(ctx context.Context, c request.Call, req *wire.LobbyRequestJoin) (out Outcome, expiresAt int64, err error) {
	code := text.Code(req.Code)
	id, err := s.resolve(ctx, c.ID, req.LobbyID, code, "")
	if err != nil {
		return Outcome{}, 0, err
	}
	now := s.Now()
	once := s.once(c.ID, c.Key).With(timestamp(now.Add(rules.RequestTTL)))
	out, err = s.change(ctx, id, once, rules.RequestJoin(actor(c.Caller), code, req.Message, now))
	if err != nil {
		return out, 0, codeExpiredIfGone(err, code != "")
	}
	expiresAt, err = out.timestamp(out.Lobby.Requests[c.ID].ExpiresAt)
	return out, expiresAt, err
}

// RespondJoin answers a request (host only).
func (s *Service) RespondJoin(ctx context.Context, c request.Call, req *wire.LobbyRespondJoin) (Outcome, error) {
	nonce, err := s.ids.ID(ctx, inviteSpace, c.ID, c.Key)
	if err != nil {
		return Outcome{}, err
	}
	return s.change(ctx, req.LobbyID, s.once(c.ID, c.Key), rules.RespondJoin(actor(c.Caller), req.UserID, req.Accept, nonce))
}

// RegenerateCode replaces the join code (host only). A join with an earlier code gets
// code_expired while the lobby lives.
func (s *Service) RegenerateCode(ctx context.Context, c request.Call, req *wire.LobbyRef) (Outcome, error) {
	var out Outcome
	code, err := "", error(nil)
	for range attempts {
		if out, code, err = s.tryNewCode(ctx, c, req.LobbyID, code); !errors.Is(err, rules.ErrNotPrepared) {
			break
		}
		err = fmt.Errorf("lobby %s changed during each of %d attempts to replace its code: %w", req.LobbyID, attempts, stream.ErrConflict)
	}
	if code != "" && (isRefusal(err) || err == nil && out.Lobby.Code != code) {
		if err := s.Names.Release(ctx, codeSpace, code, req.LobbyID); err != nil {
			return Outcome{}, fmt.Errorf("release a join code: %w", err)
		}
	}
	if len(out.value) > 0 {
		out.Lobby.Code = string(out.value)
	}
	return out, err
}

// tryNewCode claims a join code if the lobby may get one and none is claimed, and commits it. It
// returns the claimed code. Error: rules.ErrNotPrepared when the lobby changed in between.
func (s *Service) tryNewCode(ctx context.Context, c request.Call, lobbyID, code string) (Outcome, string, error) {
	l, err := s.load(ctx, lobbyID)
	if err != nil {
		return Outcome{}, code, err
	}
	if code == "" && l.CheckNewCode(c.ID, s.Now()) == nil {
		if code, err = s.claimCode(ctx, l); err != nil {
			out, err := s.change(ctx, lobbyID, s.once(c.ID, c.Key), rules.Refuse(err))
			return out, "", err
		}
	}
	once := s.once(c.ID, c.Key)
	if code != "" {
		once = once.With([]byte(code))
	}
	out, err := s.change(ctx, lobbyID, once, rules.RegenerateCode(c.ID, code))
	return out, code, err
}

// Ban keeps a user out (host only).
func (s *Service) Ban(ctx context.Context, c request.Call, req *wire.LobbyBan) (Outcome, error) {
	return s.change(ctx, req.LobbyID, s.once(c.ID, c.Key), rules.Ban(c.ID, req.UserID, req.Reason))
}

// Unban ends a ban (host only).
func (s *Service) Unban(ctx context.Context, c request.Call, req *wire.LobbyMemberRef) (Outcome, error) {
	return s.change(ctx, req.LobbyID, s.once(c.ID, c.Key), rules.Unban(c.ID, req.UserID))
}

// VoteKick votes for the removal of a player.
func (s *Service) VoteKick(ctx context.Context, c request.Call, req *wire.LobbyMemberRef) (Outcome, error) {
	return s.change(ctx, req.LobbyID, s.once(c.ID, c.Key), rules.VoteKick(c.ID, req.UserID, random()))
}

// Start begins the countdown (host only).
func (s *Service) Start(ctx context.Context, c request.Call, req *wire.LobbyRef) (Outcome, error) {
	return s.change(ctx, req.LobbyID, s.once(c.ID, c.Key), rules.Start(c.ID))
}

// End ends the running match (host only).
func (s *Service) End(ctx context.Context, c request.Call, req *wire.LobbyEnd) (Outcome, error) {
	cmd := rules.EndCommand{Host: c.ID, MatchID: req.MatchID, Result: req.Result, Reason: req.Reason}
	return s.change(ctx, req.LobbyID, s.once(c.ID, c.Key), rules.End(cmd))
}

// CancelStart cancels the countdown (host only).
func (s *Service) CancelStart(ctx context.Context, c request.Call, req *wire.LobbyRef) (Outcome, error) {
	return s.change(ctx, req.LobbyID, s.once(c.ID, c.Key), rules.CancelStart(c.ID))
}

// Close closes the lobby (host only).
func (s *Service) Close(ctx context.Context, c request.Call, req *wire.LobbyRef) (Outcome, error) {
	return s.change(ctx, req.LobbyID, s.once(c.ID, c.Key), rules.Close(c.ID))
}
