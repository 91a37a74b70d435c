// Package pages serves what people look at in a browser: the playground, on which two
// users try the events out (lobbies, chat, parties, queues, presence and notifications,
// with a log of what is sent and received), and the operators' dashboard. Their source is
// in web/; what is built from it stands in dist/, so that a server needs no Node to be
// built.
package pages

import (
	"embed"
	"encoding/json"
	"io/fs"
	"net/http"
	"strings"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
)

//go:embed dist
var dist embed.FS

// policy lets a page run its own script and style, and talk to its own server;
// nothing inline, nothing from elsewhere, in no frame.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

// forAYear is for files that have a hash of their content in their names.
const forAYear = "public, max-age=31536000, immutable"

// Settings tell the playground how to connect.
type Settings struct {
	// Path is the engine's.
	Path string `json:"path"`
	// LobbyTypes are those that have a policy now.
	LobbyTypes []string `json:"lobbyTypes"`
}

// DevUsers are users with tokens to sign in as. A server knows none: the page then
// asks for a token. Whoever signs tokens for development answers in its place.
type DevUsers struct {
	Users []struct{} `json:"users"`
}

// Playground serves the page under [v1alpha1.PlaygroundPath]. The settings are asked for
// whenever it is loaded.
func Playground(settings func() Settings) http.Handler {
	mux := page(v1alpha1.PlaygroundPath)
	mux.Handle("GET "+v1alpha1.PlaygroundPath+"settings.json", document(func() any { return settings() }))
	mux.Handle("GET "+v1alpha1.PlaygroundPath+"users.json", document(func() any { return DevUsers{Users: []struct{}{}} }))
	return protected(mux)
}

// Dashboard serves the page under [v1alpha1.DashboardPath]. It has nothing to tell by
// itself: it asks for fleet.json beside it, with the token that whoever looks on brings.
func Dashboard() http.Handler { return protected(page(v1alpha1.DashboardPath)) }

// page serves the files of dist/ that are built for a path.
func page(base string) *http.ServeMux {
	files, err := fs.Sub(dist, "dist"+strings.TrimSuffix(base, "/"))
	if err != nil {
		panic(err) // the folder is embedded
	}
	mux := http.NewServeMux()
	mux.Handle("GET "+base, http.StripPrefix(strings.TrimSuffix(base, "/"), named(http.FileServerFS(files))))
	return mux
}

// protected sets the headers of every answer.
func protected(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-cache")
		next.ServeHTTP(w, r)
	})
}

// named lets files whose names change with their content be kept, and lists no folder.
func named(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch assets := strings.HasPrefix(r.URL.Path, "/assets/"); {
		case assets && strings.HasSuffix(r.URL.Path, "/"):
			http.NotFound(w, r)
			return
		case assets:
			w.Header().Set("Cache-Control", forAYear)
		}
		next.ServeHTTP(w, r)
	})
}

// document answers with JSON that is not kept.
func document(of func() any) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_ = json.NewEncoder(w).Encode(of()) // whoever asked is gone
	})
}
