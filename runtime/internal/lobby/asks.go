package lobby

import (
	"context"
	"fmt"

	"github.com/anteroom/anteroom/runtime/internal/command"
	"github.com/anteroom/anteroom/runtime/internal/names"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Invite asks a user in (members only).
func (s *Service) Invite(ctx context.Context, c command.Call, req *wire.LobbyMemberRef) (Outcome, Invite, error) {
	nonce, err := s.ids.ID(ctx, inviteSpace, c.ID, c.Key)
	if err != nil {
		return Outcome{}, Invite{}, err
	}
	out, err := s.change(ctx, req.LobbyID, s.once(c.ID, c.Key), func(l Lobby) (Lobby, []wire.LobbyPatch, error) {
		return l.Invite(actor(c.Caller), req.UserID, nonce, s.Now())
	})
	if err != nil {
		return Outcome{}, Invite{}, err
	}
	invite, open := out.Lobby.Invites[req.UserID]
	if !open { // a repeated request whose invite was answered meanwhile
		invite.ID = inviteID(req.LobbyID, nonce)
	}
	return out, invite, nil
}

// RespondInvite accepts an invite, which joins, or declines it.
func (s *Service) RespondInvite(ctx context.Context, c command.Call, req *wire.LobbyRespondInvite) (Outcome, error) {
	if req.Accept {
		return s.Join(ctx, c, &wire.LobbyJoin{Key: req.Key, InviteID: req.InviteID, Member: req.Member})
	}
	out, err := s.change(ctx, lobbyOfInvite(req.InviteID), s.once(c.ID, c.Key), func(l Lobby) (Lobby, []wire.LobbyPatch, error) {
		return l.Decline(c.ID, req.InviteID, s.Now())
	})
	return out, orExpired(err, true)
}

// RequestJoin asks the host to let the caller in.
func (s *Service) RequestJoin(ctx context.Context, c command.Call, req *wire.LobbyRequestJoin) (Outcome, error) {
	code := names.TidyCode(req.Code)
	id, err := s.find(ctx, req.LobbyID, code, "")
	if err != nil {
		return Outcome{}, err
	}
	out, err := s.change(ctx, id, s.once(c.ID, c.Key), func(l Lobby) (Lobby, []wire.LobbyPatch, error) {
		return l.RequestJoin(actor(c.Caller), code, req.Message, s.Now())
	})
	return out, orExpired(err, code != "")
}

// RespondJoin answers a request (host only).
func (s *Service) RespondJoin(ctx context.Context, c command.Call, req *wire.LobbyRespondJoin) (Outcome, error) {
	nonce, err := s.ids.ID(ctx, inviteSpace, c.ID, c.Key)
	if err != nil {
		return Outcome{}, err
	}
	return s.change(ctx, req.LobbyID, s.once(c.ID, c.Key), func(l Lobby) (Lobby, []wire.LobbyPatch, error) {
		return l.RespondJoin(actor(c.Caller), req.UserID, req.Accept, nonce, s.Now())
	})
}

// RegenerateCode gives the lobby another join code (host only). The old one is no
// longer good; who comes with it is told so as long as the lobby lives.
func (s *Service) RegenerateCode(ctx context.Context, c command.Call, req *wire.LobbyRef) (Outcome, error) {
	l, err := s.load(ctx, req.LobbyID)
	if err != nil {
		return Outcome{}, err
	}
	code := ""
	out, err := s.change(ctx, req.LobbyID, s.once(c.ID, c.Key), func(l Lobby) (Lobby, []wire.LobbyPatch, error) {
		if _, _, err := l.RegenerateCode(c.ID, code, s.Now()); err != nil {
			return l, nil, err
		}
		if code == "" {
			if code, err = s.claimCode(ctx, l); err != nil {
				return l, nil, err
			}
		}
		return l.RegenerateCode(c.ID, code, s.Now())
	})
	if code != "" && (refused(err) || err == nil && out.Lobby.Code != code) {
		if err := s.Names.Release(ctx, codeSpace, code, l.ID); err != nil {
			return Outcome{}, fmt.Errorf("release a join code: %w", err)
		}
	}
	return out, err
}

// Ban keeps a user out (host only).
func (s *Service) Ban(ctx context.Context, c command.Call, req *wire.LobbyBan) (Outcome, error) {
	return s.change(ctx, req.LobbyID, s.once(c.ID, c.Key), func(l Lobby) (Lobby, []wire.LobbyPatch, error) {
		return l.Ban(c.ID, req.UserID, req.Reason, s.Now())
	})
}

// Unban takes a ban back (host only).
func (s *Service) Unban(ctx context.Context, c command.Call, req *wire.LobbyMemberRef) (Outcome, error) {
	return s.change(ctx, req.LobbyID, s.once(c.ID, c.Key), func(l Lobby) (Lobby, []wire.LobbyPatch, error) {
		return l.Unban(c.ID, req.UserID, s.Now())
	})
}

// VoteKick says that the caller wants a player out.
func (s *Service) VoteKick(ctx context.Context, c command.Call, req *wire.LobbyMemberRef) (Outcome, error) {
	return s.change(ctx, req.LobbyID, s.once(c.ID, c.Key), func(l Lobby) (Lobby, []wire.LobbyPatch, error) {
		return l.VoteKick(c.ID, req.UserID, random(), s.Now())
	})
}

// Start begins the countdown (host only).
func (s *Service) Start(ctx context.Context, c command.Call, req *wire.LobbyRef) (Outcome, error) {
	return s.change(ctx, req.LobbyID, s.once(c.ID, c.Key), func(l Lobby) (Lobby, []wire.LobbyPatch, error) {
		return l.Start(c.ID, s.Now())
	})
}

// CancelStart takes a start back (host only).
func (s *Service) CancelStart(ctx context.Context, c command.Call, req *wire.LobbyRef) (Outcome, error) {
	return s.change(ctx, req.LobbyID, s.once(c.ID, c.Key), func(l Lobby) (Lobby, []wire.LobbyPatch, error) {
		return l.CancelStart(c.ID, s.Now())
	})
}

// Close ends the lobby (host only).
func (s *Service) Close(ctx context.Context, c command.Call, req *wire.LobbyRef) (Outcome, error) {
	return s.change(ctx, req.LobbyID, s.once(c.ID, c.Key), func(l Lobby) (Lobby, []wire.LobbyPatch, error) {
		return l.Close(c.ID, s.Now())
	})
}
