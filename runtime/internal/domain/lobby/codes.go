package lobby

import (
	"context"
	"errors"
	"fmt"

	"github.com/anteroom/anteroom/runtime/internal/core/budget"
	"github.com/anteroom/anteroom/runtime/internal/core/ids"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// The spaces of names that lobbies use.
const (
	codeSpace   = "lobby-code"
	createSpace = "lobby-create"
	joinSpace   = "lobby-join"
	inviteSpace = "lobby-invite"
)

// codeTries is how many codes are tried before a create is refused as
// unavailable: with codes of the default length that does not happen.
const codeTries = 8

// claimCode claims a free join code; "" when the policy wants none. The claim lasts as long as
// the lobby, so that a join with an expired code gets code_expired.
func (s *Service) claimCode(ctx context.Context, l rules.Lobby) (string, error) {
	policy := l.Policy.Join.Code
	if !policy.Enabled {
		return "", nil
	}
	for range codeTries {
		code := ids.NewCode(min(max(policy.Length, 4), 16))
		mine, err := s.Names.Claim(ctx, codeSpace, code, l.ID, s.ttl(l))
		if err != nil {
			return "", fmt.Errorf("claim a join code: %w", err)
		}
		if mine {
			return code, nil
		}
	}
	return "", wire.Refuse(wire.CodeUnavailable, "no join code is free right now")
}

// byCode finds the lobby of a join code. Codes that lead nowhere are counted for the user.
func (s *Service) byCode(ctx context.Context, userID, code string) (string, error) {
	guess, err := s.Budgets.Guess(ctx, budget.Codes, userID, "")
	if err != nil {
		return "", err
	}
	id, err := s.Names.Owner(ctx, codeSpace, code)
	if errors.Is(err, stream.ErrNotFound) {
		return "", wire.Refuse(wire.CodeNotFound, "no lobby has this code")
	}
	if err != nil {
		guess.Void(ctx)
		return "", fmt.Errorf("look up a join code: %w", err)
	}
	guess.Right(ctx)
	return id, nil
}
