package party

import (
	"context"
	"errors"
	"fmt"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/domain/party/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Ban keeps a user out (leader only).
func (s *Service) Ban(ctx context.Context, c request.Call, req *wire.PartyBan) (Outcome, error) {
	return s.change(ctx, req.PartyID, s.onceOf(c), func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
		return p.Ban(c.ID, req.UserID, req.Reason, s.Now())
	})
}

// Unban takes a ban back (leader only).
func (s *Service) Unban(ctx context.Context, c request.Call, req *wire.PartyUnban) (Outcome, error) {
	return s.change(ctx, req.PartyID, s.onceOf(c), func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
		return p.Unban(c.ID, req.UserID, s.Now())
	})
}

// Update changes the party itself (leader only).
func (s *Service) Update(ctx context.Context, c request.Call, req *wire.PartyUpdate) (Outcome, error) {
	cmd := rules.UpdateCommand{Leader: c.ID, Expected: req.ExpectedVersion, Unset: req.Unset}
	if req.Set != nil {
		cmd.Set = *req.Set
	}
	return s.change(ctx, req.PartyID, s.onceOf(c), func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
		return p.Update(cmd, s.Now())
	})
}

// Ready says whether the caller is ready.
func (s *Service) Ready(ctx context.Context, c request.Call, req *wire.PartyReady) (Outcome, error) {
	return s.change(ctx, req.PartyID, s.onceOf(c), func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
		return p.Ready(c.ID, req.Ready, s.Now())
	})
}

// RegenerateCode gives the party another code (leader only), and tells it: a repeated
// request gets the same one. Users who come with the old code get not_found.
func (s *Service) RegenerateCode(ctx context.Context, c request.Call, req *wire.PartyNewCode) (Outcome, string, error) {
	code, once := "", s.onceOf(c)
	out, err := s.change(ctx, req.PartyID, once, func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
		if _, _, err := p.RegenerateCode(c.ID, code, s.Now()); err != nil {
			return p, nil, err
		}
		if code == "" {
			var err error
			if code, err = s.claimCode(ctx, p.ID); err != nil {
				return p, nil, err
			}
			if once != nil {
				once.Value = []byte(code)
			}
		}
		return p.RegenerateCode(c.ID, code, s.Now())
	})
	if err := s.releaseCodes(ctx, req.PartyID, code, out, err); err != nil {
		return Outcome{}, "", err
	}
	if err != nil {
		return Outcome{}, "", err
	}
	if len(out.Value) > 0 {
		return out, string(out.Value), nil
	}
	return out, out.State.Code, nil
}

// releaseCodes gives back the code that a regeneration claimed and did not use, or the code
// that it replaced. What a dead pod leaves lapses after partyTTL.
func (s *Service) releaseCodes(ctx context.Context, partyID, claimed string, out Outcome, err error) error {
	free := ""
	switch {
	case claimed == "":
	case err == nil && out.State.Code == claimed:
		free = out.Before.Code
	case err == nil || isRefusal(err):
		free = claimed
	}
	if free == "" || free == out.State.Code {
		return nil
	}
	if err := s.Names.Release(ctx, codeSpace, free, partyID); err != nil {
		return fmt.Errorf("release a party's code: %w", err)
	}
	return nil
}

// isRefusal tells whether a command certainly had no effect.
func isRefusal(err error) bool {
	var refusal *wire.Error
	return errors.As(err, &refusal)
}
