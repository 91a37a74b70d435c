package socketio

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/anteroom/anteroom/runtime/wire"
)

// The faults are those that Socket.IO servers were seen to have and that this one
// must not have; their numbers are those of the tests of package engineio, where
// the others are tested, and these too as far as they are the engine's.

// rawDial opens a WebSocket that is read by who calls readToEnd.
func (st *stack) rawDial(send ...string) *websocket.Conn {
	st.t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial(
		"ws"+strings.TrimPrefix(st.url, "http")+"/socket.io/?EIO=4&transport=websocket", nil)
	if err != nil {
		st.t.Fatal(err)
	}
	st.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	for _, text := range send {
		if err := conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
			st.t.Fatal(err)
		}
	}
	return conn
}

// readUntil reads until a message contains text.
func readUntil(t *testing.T, conn *websocket.Conn, text string) {
	t.Helper()
	for {
		_, message, err := conn.ReadMessage()
		if err != nil {
			t.Fatalf("no %s: %v", text, err)
		}
		if strings.Contains(string(message), text) {
			return
		}
	}
}

// readToEnd gives the last message and the close frame.
func readToEnd(t *testing.T, conn *websocket.Conn) (last string, code int, text string) {
	t.Helper()
	for {
		_, message, err := conn.ReadMessage()
		var closed *websocket.CloseError
		if errors.As(err, &closed) {
			return last, closed.Code, closed.Text
		}
		if err != nil {
			t.Fatalf("no close frame: %v", err)
		}
		last = string(message)
	}
}

// A binary event is refused by its first text: no attachment is ever waited for.
func TestFault08AttachmentsAreRefusedUnread(t *testing.T) {
	st := newStack(t)
	conn := st.rawDial(`40{"token":"ann"}`)
	readUntil(t, conn, wire.EventSessionReady)
	text := `459-["a",{"_placeholder":true,"num":0}]`
	if err := conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		t.Fatal(err)
	}
	last, code, text := readToEnd(t, conn)
	if code != websocket.ClosePolicyViolation || text != string(wire.CloseInvalidPacket) ||
		!strings.Contains(last, wire.EventSessionTerminated) || !strings.Contains(last, errBinary.Error()) {
		t.Errorf("close %d %q after %q", code, text, last)
	}
}

// A close has a reason and follows all frames sent before it.
func TestFault09CloseFrame(t *testing.T) {
	connect := `40{"token":"ann"}`
	for _, c := range []struct {
		name string
		send []string
		end  func(*stack)
		last string // what the last message contains
		code int
		text string
	}{
		{"drain", []string{connect}, func(st *stack) { _ = st.sessions.Drain(context.Background(), 0) },
			`"session:terminated",{"code":"draining"`, websocket.CloseGoingAway, "draining"},
		{"server closes", []string{connect}, func(st *stack) {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			_ = st.server.Close(ctx)
		}, wire.EventSessionReady, websocket.CloseGoingAway, "server shutting down"},
		{"disconnect", []string{connect}, nil, wire.EventSessionReady, websocket.CloseNormalClosure, ""},
		{"event too early", []string{`42["sync:ping"]`}, nil, `"sid"`, websocket.ClosePolicyViolation, errEarly.Error()},
		{"no packet", []string{`4x`}, nil, `"sid"`, websocket.ClosePolicyViolation, errType.Error()},
	} {
		t.Run(c.name, func(t *testing.T) {
			st := newStack(t)
			conn := st.rawDial(c.send...)
			if c.send[0] == connect {
				st.eventually("the session starts", func() bool { return len(st.events.list()) == 1 })
			}
			switch {
			case c.end != nil:
				go c.end(st)
			case c.name == "disconnect":
				if err := conn.WriteMessage(websocket.TextMessage, []byte("41")); err != nil {
					t.Fatal(err)
				}
			}
			last, code, text := readToEnd(t, conn)
			if !strings.Contains(last, c.last) || code != c.code || text != c.text {
				t.Errorf("after %s: close %d %q, want %d %q after %s", last, code, text, c.code, c.text, c.last)
			}
		})
	}
}

func TestFault09ConnectTimeout(t *testing.T) {
	st := newStack(t, func(s *setup) { s.socket.ConnectTimeout = 20 * time.Millisecond })
	if _, code, text := readToEnd(t, st.rawDial()); code != websocket.ClosePolicyViolation || text != "connect timeout" {
		t.Errorf("close %d %q", code, text)
	}
}

// A client that is connected has no goroutine, no timer for its connect and
// nothing of the library's.
func TestFault12NothingIsKept(t *testing.T) {
	st := newStack(t, func(s *setup) { s.limits.ConnectionsPerUser = 0 })
	readUntil(t, st.rawDial(`40{"token":"ann"}`), wire.EventSessionReady)
	before := runtime.NumGoroutine()
	const more = 40
	for range more {
		readUntil(t, st.rawDial(`40{"token":"ann"}`), wire.EventSessionReady)
	}
	sockets := st.server.engine.Sockets()
	if len(sockets) != more+1 {
		t.Fatalf("%d sockets", len(sockets))
	}
	for _, below := range sockets {
		c, ok := below.Data().(*conn)
		if !ok {
			t.Fatal("a socket without a conn")
		}
		st.eventually("the library lets go", func() bool {
			c.mu.Lock()
			defer c.mu.Unlock()
			return c.link == nil && c.overdue == nil
		})
	}
	if runtime.GOOS != "linux" {
		return // elsewhere each connection has a goroutine that reads
	}
	st.eventually("no goroutine is left", func() bool { return runtime.NumGoroutine() < before+more/4 })
}

// The http.Server gives up half-sent headers, and its end answers the polls.
func TestFault13Attach(t *testing.T) {
	st := newStack(t)
	front := httptest.NewUnstartedServer(st.server)
	st.server.Attach(front.Config)
	if front.Config.ReadHeaderTimeout <= 0 || front.Config.MaxHeaderBytes <= 0 {
		t.Error("half-sent headers have no bounds")
	}
	front.Start()
	c, err := dialPolling(t, front.URL, http.Header{})
	if err != nil {
		t.Fatal(err)
	}
	if refused := c.connect(wire.ConnectAuth{Token: "ann"}); refused != nil {
		t.Fatal(refused)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := front.Config.Shutdown(ctx); err != nil {
		t.Errorf("shut down: %v", err)
	}
	c.closed()
}

// Reading too slowly is seen before it is too late, and in the numbers.
func TestMetrics(t *testing.T) {
	registry := prometheus.NewRegistry()
	st := newStack(t, func(s *setup) { s.outbound, s.socket.Registry = 4000, registry })
	readUntil(t, st.rawDial(`40{"token":"ann"}`), wire.EventSessionReady)
	if _, err := fetch(http.MethodGet, st.url+"/socket.io/?EIO=4&transport=polling", http.Header{}, ""); err != nil {
		t.Fatal(err)
	}
	for _, below := range st.server.engine.Sockets() {
		if below.Transport() == "polling" {
			for below.Send(encodeEvent("test:event", []byte(`{"x":"`+strings.Repeat("x", 200)+`"}`))) {
			}
		}
	}
	all, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, family := range all {
		m := family.GetMetric()[0]
		got[family.GetName()] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
	}
	for name, want := range map[string]float64{
		"anteroom_websockets": 1, "anteroom_handshakes_total": 2, "anteroom_outbound_backlogs_total": 1,
		"anteroom_slow_consumers_total": 1, "anteroom_transport_refusals_total": 0,
	} {
		if value, ok := got[name]; !ok || value != want {
			t.Errorf("%s is %v, want %v", name, value, want)
		}
	}
}

func TestCloseCodes(t *testing.T) {
	for reason, want := range map[wire.CloseReason]int{
		wire.CloseDraining: websocket.CloseGoingAway, wire.CloseSlowConsumer: websocket.CloseTryAgainLater,
		wire.CloseInsufficientState: websocket.CloseTryAgainLater, wire.CloseBanned: websocket.ClosePolicyViolation,
		wire.CloseTokenExpired: websocket.ClosePolicyViolation, wire.CloseRateLimited: websocket.ClosePolicyViolation,
	} {
		if got := closeCode(reason); int(got) != want {
			t.Errorf("%s closes with %d, want %d", reason, got, want)
		}
	}
}
