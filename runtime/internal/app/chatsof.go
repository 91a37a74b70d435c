package app

import (
	"context"
	"strings"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
)

// chatsOf lists the channels of a caller's lobbies and party, and of the topics that its
// token names; the scope for all topics names none.
func (a *App) chatsOf(k *core) func(context.Context, request.Caller) ([]string, error) {
	f := a.settings.config.Features
	return func(ctx context.Context, c request.Caller) ([]string, error) {
		var all []string
		if f.Lobby {
			lobbies, err := k.lobbies.Places(ctx, c.ID)
			if err != nil {
				return nil, err
			}
			for _, l := range lobbies {
				all = append(all, "lobby:"+l.LobbyID)
			}
		}
		if f.Lobby || f.Matchmaking {
			party, err := k.parties.Place(ctx, c.ID)
			if err != nil {
				return nil, err
			}
			if party != nil {
				all = append(all, "party:"+party.PartyID)
			}
		}
		for _, scope := range c.Scopes {
			if name, ok := strings.CutPrefix(scope, scopeTopic); ok && topicName.MatchString(name) {
				all = append(all, "topic:"+name)
			}
		}
		return all, nil
	}
}
