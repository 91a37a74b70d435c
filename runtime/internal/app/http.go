package app

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

const (
	headerTimeout = 10 * time.Second
	// idleTimeout is longer than that of common proxies, which must be the ones to
	// close idle connections.
	idleTimeout = 2 * time.Minute
	maxHeader   = 16 << 10 // bytes
	// bodyTimeout is how long a request's body may take.
	bodyTimeout = 30 * time.Second
)

// newHTTPServer makes a server that gives nobody unlimited time or room.
func newHTTPServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// limited bounds the time of polling requests: for the body, and, as a poll waits
// at most until the next ping, for all of it. A WebSocket has its own deadlines.
func limited(next http.Handler, whole time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("transport") != "websocket" {
			now, control := time.Now(), http.NewResponseController(w)
			// A connection that has no deadlines is not net/http's.
			_ = control.SetWriteDeadline(now.Add(whole + bodyTimeout))
			if r.Method == http.MethodPost {
				_ = control.SetReadDeadline(now.Add(bodyTimeout))
			}
		}
		next.ServeHTTP(w, r)
	})
}

// serve serves until the server is shut down; any other end is sent to failed.
func serve(server *http.Server, listener net.Listener, what string, failed chan<- error) {
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		failed <- fmt.Errorf("the %s listener: %w", what, err)
	}
}
