// Command conformance serves what the official protocol test suites of Engine.IO
// v4 (at /engine.io/) and Socket.IO v5 (at /socket.io/) expect of a server: echo
// handlers, and timeouts short enough to be tested. Below the handlers is the
// engine, the binding, the adapter and the library options that players are served
// with; only the bounds of time and size differ, and that binary is accepted.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/zishang520/socket.io/servers/socket/v3"

	"github.com/anteroom/anteroom/runtime/internal/edge/engineio"
	"github.com/anteroom/anteroom/runtime/internal/edge/socketio"
)

// What the suites prescribe.
const (
	pingInterval = 300 * time.Millisecond
	pingTimeout  = 200 * time.Millisecond
	maxPayload   = 1_000_000
	// connectTimeout is what Socket.IO servers have by default.
	connectTimeout = 45 * time.Second
	// apart is the pause between the answer to a CONNECT and the first event. The
	// suite listens for the second only when it has seen the first, and the engine
	// writes both at once when they are ready at once: they would be read as one
	// chunk, whose second frame nobody waits for yet.
	apart = 20 * time.Millisecond
)

func main() {
	addr := flag.String("addr", "127.0.0.1:3000", "where to listen")
	patience := flag.Duration("ping-timeout", pingTimeout, "how long to wait for a pong; other tests than the suites have no need for haste")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *addr, *patience); err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1) //nolint:gocritic // the signals may stay as they are
	}
}

// run serves until ctx ends.
func run(ctx context.Context, addr string, patience time.Duration) error {
	var ports net.ListenConfig
	listener, err := ports.Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	fmt.Println("listening on", listener.Addr())
	return serve(ctx, listener, patience)
}

func serve(ctx context.Context, listener net.Listener, patience time.Duration) error {
	plain := engineio.New(mirror{}, options("/engine.io/", patience))
	library, full := socketio.Bind(options("/socket.io/", patience), connectTimeout)
	for _, namespace := range []string{"/", "/custom"} {
		if err := library.Of(namespace, nil).On("connection", greet); err != nil {
			return err
		}
	}
	mux := http.NewServeMux()
	mux.Handle("/engine.io/", plain)
	mux.Handle("/socket.io/", full)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	plain.Attach(server)
	full.Attach(server)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	return errors.Join(server.Shutdown(last), plain.Close(last), full.Close(last))
}

func options(path string, patience time.Duration) engineio.Options {
	return engineio.Options{
		Path: path, PingInterval: pingInterval, PingTimeout: patience,
		MaxPayload: maxPayload, Binary: true,
	}
}

// mirror sends every Engine.IO message back.
type mirror struct{}

// Open implements engineio.Handler.
func (mirror) Open(*engineio.Socket, *http.Request) {}

// Message implements engineio.Handler.
func (mirror) Message(s *engineio.Socket, kind engineio.Kind, payload []byte) {
	s.Send(engineio.Message(kind, payload))
}

// Close implements engineio.Handler.
func (mirror) Close(*engineio.Socket, engineio.Reason) {}

// greet sends a Socket.IO client its auth, and echoes events.
func greet(sockets ...any) {
	s, ok := sockets[0].(*socket.Socket)
	if !ok {
		return
	}
	auth := s.Handshake().Auth
	if auth == nil {
		auth = map[string]any{}
	}
	time.AfterFunc(apart, func() { emit(s, "auth", auth) })
	listen(s, "message", func(args ...any) { emit(s, "message-back", args...) })
	listen(s, "message-with-ack", func(args ...any) {
		last := len(args) - 1
		if last < 0 {
			return
		}
		if ack, ok := args[last].(socket.Ack); ok {
			ack(args[:last], nil)
		}
	})
}

// emit and listen end a client that cannot be served.
func emit(s *socket.Socket, event string, args ...any) {
	if err := s.Emit(event, args...); err != nil {
		s.Disconnect(true)
	}
}

func listen(s *socket.Socket, event string, listener func(...any)) {
	if err := s.On(event, listener); err != nil {
		s.Disconnect(true)
	}
}
