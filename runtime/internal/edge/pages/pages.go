// Package pages serves the pages for browsers: the playground, on which two users try the
// events out (lobbies, chat, parties, queues, presence and notifications, with a log of the
// traffic), and the operators' dashboard. Their source is in web/. The built files are
// committed in dist/, so that building a server needs no Node.
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

// policy allows a page its own scripts and styles, and requests to its own server. It
// forbids inline code, foreign origins and frames.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

// forAYear is for files whose names contain a hash of their content.
const forAYear = "public, max-age=31536000, immutable"

// Settings are the playground's connection settings.
type Settings struct {
	// Path is the path of Engine.IO.
	Path string `json:"path"`
	// LobbyTypes are the types that have a policy now.
	LobbyTypes []string `json:"lobbyTypes"`
}

// DevUsers are users with tokens for development. The server's list is empty, so the page
// asks for a token; the local development setup serves its own list instead.
type DevUsers struct {
	Users []struct{} `json:"users"`
}

// Playground serves the page under [v1alpha1.PlaygroundPath]. It calls settings at each
// load of the page.
func Playground(settings func() Settings) http.Handler {
	mux := page(v1alpha1.PlaygroundPath)
	mux.Handle("GET "+v1alpha1.PlaygroundPath+"settings.json", document(func() any { return settings() }))
	mux.Handle("GET "+v1alpha1.PlaygroundPath+"users.json", document(func() any { return DevUsers{Users: []struct{}{}} }))
	return protected(mux)
}

// Dashboard serves the page under [v1alpha1.DashboardPath]. The page reads fleet.json from
// the same folder with the token that its user enters.
func Dashboard() http.Handler { return protected(page(v1alpha1.DashboardPath)) }

// page serves the files in dist/ for a path.
func page(base string) *http.ServeMux {
	files, err := fs.Sub(dist, "dist"+strings.TrimSuffix(base, "/"))
	if err != nil {
		panic(err) // the folder is embedded
	}
	mux := http.NewServeMux()
	mux.Handle("GET "+base, http.StripPrefix(strings.TrimSuffix(base, "/"), named(http.FileServerFS(files))))
	return mux
}

// protected sets the security headers of every answer.
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

// named allows caching of files whose names contain a hash, and lists no folder.
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

// document answers with JSON that must not be cached.
func document(of func() any) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_ = json.NewEncoder(w).Encode(of()) // a failure means that the client is gone
	})
}
