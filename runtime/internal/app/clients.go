package app

import (
	"net/http"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/runtime/internal/edge/pages"
)

// clientHandler is what the client listener serves: all of it is for the gate, but the
// playground where it is switched on, whose files take up no connection.
func (a *App) clientHandler() http.Handler {
	if !a.settings.config.Observability.Playground {
		return a.gate
	}
	mux := http.NewServeMux()
	mux.Handle("/", a.gate)
	mux.Handle(v1alpha1.PlaygroundPath, pages.Playground(func() pages.Settings {
		return pages.Settings{Path: a.settings.config.Engine.Path, LobbyTypes: a.rules.lobbyTypes()}
	}))
	return mux
}
