package party

import (
	"context"
	"errors"
	"fmt"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/domain/party/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Ban keeps a user out (leader only).
func (s *Service) Ban(ctx context.Context, c request.Call, req *wire.PartyBan) (Outcome, error) {
	return s.change(ctx, req.PartyID, s.once(c), rules.Ban(c.ID, req.UserID, req.Reason))
}

// Unban ends a ban (leader only).
func (s *Service) Unban(ctx context.Context, c request.Call, req *wire.PartyUnban) (Outcome, error) {
	return s.change(ctx, req.PartyID, s.once(c), rules.Unban(c.ID, req.UserID))
}

// Update changes the party itself (leader only).
func (s *Service) Update(ctx context.Context, c request.Call, req *wire.PartyUpdate) (Outcome, error) {
	cmd := rules.UpdateCommand{Leader: c.ID, Expected: req.ExpectedVersion, Unset: req.Unset}
	if req.Set != nil {
		cmd.Set = *req.Set
	}
	return s.change(ctx, req.PartyID, s.once(c), rules.Update(cmd))
}

// Ready sets the caller's ready flag.
func (s *Service) Ready(ctx context.Context, c request.Call, req *wire.PartyReady) (Outcome, error) {
	return s.change(ctx, req.PartyID, s.once(c), rules.Ready(c.ID, req.Ready))
}

// RegenerateCode replaces the party's code (leader only) and returns the new code. A repeated
// request returns the same code. A join with the old code gets not_found.
func (s *Service) RegenerateCode(ctx context.Context, c request.Call, req *wire.PartyNewCode) (Outcome, string, error) {
	var out Outcome
	code, err := "", error(nil)
	for range attempts {
		if out, code, err = s.tryNewCode(ctx, c, req.PartyID, code); !errors.Is(err, rules.ErrNotPrepared) {
			break
		}
		err = fmt.Errorf("party %s changed during each of %d attempts to replace its code: %w", req.PartyID, attempts, stream.ErrConflict)
	}
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

// tryNewCode claims a code if the party may get one and none is claimed, and commits it. It
// returns the claimed code. Error: rules.ErrNotPrepared when the party changed in between.
func (s *Service) tryNewCode(ctx context.Context, c request.Call, partyID, code string) (Outcome, string, error) {
	p, err := s.load(ctx, partyID)
	if err != nil {
		return Outcome{}, code, err
	}
	if code == "" && p.CheckNewCode(c.ID, s.Now()) == nil {
		if code, err = s.claimCode(ctx, partyID); err != nil {
			out, err := s.change(ctx, partyID, s.once(c), rules.Refuse(err))
			return out, "", err
		}
	}
	once := s.once(c)
	if code != "" {
		once = once.With([]byte(code))
	}
	out, err := s.change(ctx, partyID, once, rules.RegenerateCode(c.ID, code))
	return out, code, err
}

// releaseCodes releases a claimed code that the party does not use, or the replaced code. A
// code of a dead pod expires after partyTTL.
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

// isRefusal reports whether a command certainly had no effect.
func isRefusal(err error) bool {
	var refusal *wire.Error
	return errors.As(err, &refusal)
}
