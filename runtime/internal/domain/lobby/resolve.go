package lobby

import (
	"context"

	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

func (s *Service) resolve(ctx context.Context, userID, lobbyID, code, invite string) (string, error) {
	given := 0
	for _, way := range []string{lobbyID, code, invite} {
		if way != "" {
			given++
		}
	}
	switch {
	case given != 1:
		return "", wire.Invalid("lobbyId", "give one of lobbyId, code and inviteId")
	case code != "":
		return s.byCode(ctx, userID, code)
	case invite != "":
		return rules.LobbyOfInvite(invite), nil
	}
	return lobbyID, nil
}

// codeExpiredIfGone returns code_expired to a user with the code of a lost lobby, or an invite
// to it.
func codeExpiredIfGone(err error, byWord bool) error {
	if byWord && isNotFound(err) {
		return rules.CodeExpired()
	}
	return err
}
