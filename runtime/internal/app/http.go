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
	// requestTimeout is how long a request may take to arrive, its body included. A
	// poll that waits has its own deadlines, and so has a WebSocket.
	requestTimeout = 30 * time.Second
)

// newHTTPServer makes a server that gives nobody unlimited time or room.
func newHTTPServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       requestTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// serve serves until the server is shut down; any other end is sent to failed.
func serve(server *http.Server, listener net.Listener, what string, failed chan<- error) {
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		failed <- fmt.Errorf("the %s listener: %w", what, err)
	}
}
