package socketio

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/edge/engineio"
)

// startAudience serves an audience that admits who brings {ok: true}.
func startAudience(t *testing.T, timeout time.Duration) (url string, left <-chan *Listener) {
	t.Helper()
	gone := make(chan *Listener, 10)
	a, err := NewAudience(engineio.Options{Path: "/socket.io/"}, AudienceOptions{
		Namespace: "/tell", Most: 4, ConnectTimeout: timeout,
		Admit: func(auth map[string]any) (func(*Listener), error) {
			if auth["ok"] != true {
				return nil, errors.New("not you")
			}
			return func(l *Listener) { _ = l.Emit("hello", map[string]any{"n": 1}) }, nil
		},
		Left: func(l *Listener) { gone <- l },
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(a)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
		defer cancel()
		if err := a.Close(ctx); err != nil {
			t.Error(err)
		}
		server.Close()
	})
	return server.URL, gone
}

// over waits until the transport of a client ends.
func (c *client) over() {
	c.t.Helper()
	c.wait("end", func() bool { return c.ended })
}

func TestAnAudience(t *testing.T) {
	for name, dial := range map[string]func(*testing.T, string) (*client, error){
		"websocket": func(t *testing.T, url string) (*client, error) { t.Helper(); return dialWebSocket(t, url, nil) },
		"polling":   func(t *testing.T, url string) (*client, error) { t.Helper(); return dialPolling(t, url, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			enter := func(url, auth string) *client {
				t.Helper()
				c, err := dial(t, url)
				if err == nil {
					err = c.send("40/tell," + auth)
				}
				if err != nil {
					t.Fatal(err)
				}
				return c
			}
			url, left := startAudience(t, time.Minute)
			in := enter(url, `{"ok":true}`)
			in.find("hello", func(m message) bool { return m.event == "hello" && string(m.data) == `{"n":1}` })
			out := enter(url, `{"ok":1}`)
			out.find("refusal", func(m message) bool { return m.kind == packetConnectError && string(m.data) != "" })

			// Who leaves the namespace leaves altogether.
			if err := in.send("41/tell,"); err != nil {
				t.Fatal(err)
			}
			in.over()
			<-left

			// Nobody may go on and on.
			for range maxSaid + 1 {
				if out.send(`40/tell,{"guess":1}`) != nil {
					break
				}
			}
			out.over()

			// Who is not admitted in time is cut.
			short, _ := startAudience(t, 50*time.Millisecond)
			enter(short, `{}`).over()
		})
	}
}
