package socketio

import (
	"context"
	"net/http/httptest"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
	"weak"

	"github.com/gorilla/websocket"

	"github.com/anteroom/anteroom/runtime/internal/edge/engineio"
)

// ambush runs what it is set to, once, when something is sent: a CONNECT is answered
// before the library has put the client in.
type ambush struct{ atomic.Pointer[func()] }

func (a *ambush) limit() int64 {
	if do := a.Swap(nil); do != nil {
		(*do)()
	}
	return 1 << 20
}

// A client that goes while the library takes it in is not kept by it.
func TestGoneWhileItIsTakenIn(t *testing.T) {
	st := newStack(t)
	var trap ambush
	server, err := New(Options{
		Path: "/socket.io/", Transports: []string{"websocket"},
		PingInterval: time.Minute, PingTimeout: time.Minute, UpgradeTimeout: time.Minute, ConnectTimeout: time.Minute,
		MaxPayload: 4096, OutboundBytes: trap.limit, Sessions: st.sessions,
	})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(server)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Second)
		defer cancel()
		_ = server.Close(ctx)
		front.Close()
	})
	dialed := (&stack{t: t, url: front.URL}).rawDial()
	readUntil(t, dialed, `"sid"`)
	below := server.engine.Sockets()[0]
	known := make(chan weak.Pointer[link], 1)
	do := func() {
		client, _ := below.Data().(*conn)
		client.mu.Lock()
		known <- weak.Make(client.link)
		client.mu.Unlock()
		client.ended(engineio.TransportClose)
	}
	trap.Store(&do)
	if err := dialed.WriteMessage(websocket.TextMessage, []byte(`40{"token":"ann"}`)); err != nil {
		t.Fatal(err)
	}
	kept := <-known
	st.eventually("the library lets go", func() bool {
		runtime.GC()
		return kept.Value() == nil
	})
}

func TestListenerGoneWhileItIsTakenIn(t *testing.T) {
	var trap ambush
	gone := make(chan *Listener, 10)
	a, err := NewAudience(
		engineio.Options{Path: "/socket.io/", OutboundLimit: func() int { return int(trap.limit()) }},
		AudienceOptions{
			Namespace: "/tell", Most: 4, ConnectTimeout: time.Minute,
			Admit: func(map[string]any) (func(*Listener), error) { return func(*Listener) {}, nil },
			Left:  func(l *Listener) { gone <- l },
		})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(a)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Second)
		defer cancel()
		_ = a.Close(ctx)
		front.Close()
	})
	dialed := (&stack{t: t, url: front.URL}).rawDial()
	readUntil(t, dialed, `"sid"`)
	below := a.engine.Sockets()[0]
	do := func() {
		l, _ := below.Data().(*link)
		l.end(engineio.TransportClose)
	}
	trap.Store(&do)
	if err := dialed.WriteMessage(websocket.TextMessage, []byte(`40/tell,{}`)); err != nil {
		t.Fatal(err)
	}
	select {
	case l := <-gone:
		for end := time.Now().Add(patience); l.sock.Connected(); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("the library keeps it")
			}
		}
	case <-time.After(patience):
		t.Fatal("nobody is told")
	}
}
