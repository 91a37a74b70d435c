package socketio

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/edge/session"
	"github.com/anteroom/anteroom/runtime/wire"
)

func TestExpiry(t *testing.T) {
	for _, transport := range []string{"websocket", "polling"} {
		t.Run(transport, func(t *testing.T) {
			st := newStack(t, func(s *setup) { s.session.WarnBefore, s.session.Grace = time.Hour, 50*time.Millisecond })
			until := time.Now().Add(50 * time.Millisecond)
			c := st.dial(transport)
			if refused := c.connect(wire.ConnectAuth{Token: tokenUntil("ann", until)}); refused != nil {
				t.Fatal(refused)
			}
			var expiring wire.SessionExpiring
			warned := c.pushed(wire.EventSessionExpiring, 1, &expiring)
			if expiring.ExpiresAt != until.UnixMilli() || expiring.GraceMs != 50 {
				t.Errorf("warning %+v", expiring)
			}
			var ended wire.SessionTerminated
			at := c.pushed(wire.EventSessionTerminated, 1, &ended)
			if ended.Code != wire.CloseTokenExpired || !ended.Reconnect || at < warned {
				t.Errorf("end %+v", ended)
			}
			c.closed()
			st.eventually("the session ends", func() bool { return st.sessions.Stats().Connections == 0 })
		})
	}
}

func TestRefresh(t *testing.T) {
	st := newStack(t, func(s *setup) {
		s.session.WarnBefore, s.session.Grace = time.Hour, time.Second
		s.limits.EventsPerSecond = 0
	})
	first := time.Now().Add(time.Second)
	c := st.join(tokenUntil("ann", first))
	c.pushed(wire.EventSessionExpiring, 1, &wire.SessionExpiring{})
	if a := c.request("session:refresh", wire.SessionRefresh{Token: "bob"}); a.Error == nil || a.Error.Code != wire.CodePermissionDenied {
		t.Errorf("another user's token: %+v", a)
	}
	if a := c.request("session:refresh", wire.SessionRefresh{}); a.Error == nil || a.Error.Field != "token" {
		t.Errorf("no token: %+v", a)
	}
	if a := c.request("session:refresh", wire.SessionRefresh{Token: "ann"}); !a.OK || string(a.Data) != `{"scopes":["play"]}` {
		t.Errorf("a token that does not expire: %+v", a)
	}
	until := time.Now().Add(30 * time.Minute)
	var fresh wire.SessionRefreshed
	a := c.request("session:refresh", wire.SessionRefresh{Token: tokenUntil("ann", until)})
	if err := json.Unmarshal(a.Data, &fresh); err != nil || fresh.TokenExpiresAt != until.UnixMilli() {
		t.Errorf("%s: %v", a.Data, err)
	}
	c.pushed(wire.EventSessionExpiring, 2, &wire.SessionExpiring{})
	for past := first.Add(1200 * time.Millisecond); time.Now().Before(past); {
		if a := c.request("session:refresh", wire.SessionRefresh{Token: "ann"}); !a.OK {
			t.Fatalf("before and after the first token's end: %+v", a)
		}
	}
}

func TestDrain(t *testing.T) {
	st := newStack(t)
	clients := []*client{st.join("ann"), st.join("bob"), st.join("cid")}
	polling := st.dial("polling")
	if refused := polling.connect(wire.ConnectAuth{Token: "dot"}); refused != nil {
		t.Fatal(refused)
	}
	late := st.dial("websocket")
	clients = append(clients, polling)
	for _, c := range clients {
		c.pushed(wire.EventSessionReady, 1, &wire.SessionReady{})
	}
	started := time.Now()
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		if err := st.sessions.Drain(context.Background(), 300*time.Millisecond); err != nil {
			t.Error(err)
		}
	}()
	for _, c := range clients {
		var notice wire.SessionDraining
		c.pushed(wire.EventSessionDraining, 1, &notice)
		if notice.DeadlineAt < started.UnixMilli()+300 || notice.ReconnectAfterMs > 300 {
			t.Errorf("notice %+v", notice)
		}
	}
	late.turnedAway(wire.ConnectAuth{Token: "eve"})
	for _, c := range clients {
		var ended wire.SessionTerminated
		c.pushed(wire.EventSessionTerminated, 1, &ended)
		if ended.Code != wire.CloseDraining || !ended.Reconnect {
			t.Errorf("end %+v", ended)
		}
		c.closed()
	}
	<-drained
	if took := time.Since(started); took < 300*time.Millisecond {
		t.Errorf("drained in %v, before the window was over", took)
	}
	st.eventually("all sessions end", func() bool { return st.sessions.Stats().Connections == 0 })
	if !st.sessions.Stats().Draining {
		t.Error("stats do not say draining")
	}
}

func TestDrainCutShort(t *testing.T) {
	st := newStack(t)
	c := st.join("ann")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := st.sessions.Drain(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("drained with %v", err)
	}
	st.sessions.Resume()
	if a := c.request(wire.EventSyncPing, wire.SyncPing{At: new(int64(1))}); !a.OK {
		t.Errorf("after a drain that was taken back: %+v", a)
	}
	st.join("bob")
	if err := st.sessions.Drain(context.Background(), 0); err != nil {
		t.Error(err)
	}
	c.closed()
}

// TestRequestsOutliveTheConnection checks that received requests are executed after the close,
// and that the listener is called after them.
func TestRequestsOutliveTheConnection(t *testing.T) {
	st := newStack(t)
	c := st.join("ann")
	c.begin("counter:slow", struct{}{})
	c.begin("counter:add", counterAdd{ID: "a", By: 5})
	if err := c.send("41"); err != nil {
		t.Fatal(err)
	}
	st.eventually("the session is gone", func() bool { return st.sessions.Stats().Connections == 0 })
	if got := strings.Join(st.events.list(), ","); strings.Contains(got, "closed") {
		t.Errorf("the listener was told %s", got)
	}
	close(st.counters.slow)
	st.eventually("the listener is told", func() bool { return strings.Contains(strings.Join(st.events.list(), ","), "closed ann") })
	if got := st.join("bob").request("counter:add", counterAdd{ID: "a", By: 1}); string(got.Data) != `{"n":6}` {
		t.Errorf("the waiting request was not carried out: %s", got.Data)
	}
}

// TestFault03SlowPolling has a polling client that does not poll any more.
func TestFault03SlowPolling(t *testing.T) {
	st := newStack(t, func(s *setup) { s.outbound = 10 << 10 })
	url := st.url + "/socket.io/?EIO=4&transport=polling"
	body, err := fetch(http.MethodGet, url, http.Header{}, "")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(body, `"sid":"`)
	sid, _, _ := strings.Cut(rest, `"`)
	if _, err := fetch(http.MethodPost, url+"&sid="+sid, http.Header{}, `40{"token":"ann"}`); err != nil {
		t.Fatal(err)
	}
	st.eventually("the session opens", func() bool { return len(st.events.list()) == 1 })
	data := json.RawMessage(`{"x":"` + strings.Repeat("x", 1000) + `"}`)
	for range 20 {
		st.commit(session.UserStream("ann"), stream.Event{Name: "test:big", Data: data}, nil)
	}
	st.eventually("the session is cut", func() bool { return st.sessions.Stats().Connections == 0 })
	// Queued frames are dropped; the next poll reports the end of the session.
	if got, err := fetch(http.MethodGet, url+"&sid="+sid, http.Header{}, ""); err != nil || got != "1" {
		t.Errorf("the next poll: %s, %v", got, err)
	}
	if _, err := fetch(http.MethodGet, url+"&sid="+sid, http.Header{}, ""); err == nil || !strings.Contains(err.Error(), `"code":1`) {
		t.Errorf("the poll after it: %v", err)
	}
}

// TestFault03SlowWebSocket has a WebSocket client that does not read any more, among
// others that do.
func TestFault03SlowWebSocket(t *testing.T) {
	st := newStack(t, func(s *setup) { s.outbound = 256 << 10 })
	conn, _, err := websocket.DefaultDialer.Dial(
		"ws"+strings.TrimPrefix(st.url, "http")+"/socket.io/?EIO=4&transport=websocket", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.WriteMessage(websocket.TextMessage, []byte(`40{"token":"ann"}`)); err != nil {
		t.Fatal(err)
	}
	reader := st.join("ann")
	st.eventually("both sessions are open", func() bool { return len(st.events.list()) == 2 })
	data := json.RawMessage(`{"x":"` + strings.Repeat("x", 32<<10) + `"}`)
	sent := 0
	st.eventually("the stalled session is cut", func() bool {
		sent++
		st.commit(session.UserStream("ann"), stream.Event{Name: "test:big", Data: data}, nil)
		reader.pushed("test:big", sent, &struct{}{})
		return st.sessions.Stats().Connections == 1
	})
	if a := reader.request("sync:ping", wire.SyncPing{}); !a.OK {
		t.Errorf("the one that reads: %+v", a)
	}
}

// TestFault04WaitingPollIsAnswered closes the server below a poll that waits, and expects
// an orderly end of the http.Server.
func TestFault04WaitingPollIsAnswered(t *testing.T) {
	st := newStack(t)
	front := httptest.NewServer(st.server)
	c, err := dialPolling(t, front.URL, http.Header{})
	if err != nil {
		t.Fatal(err)
	}
	if refused := c.connect(wire.ConnectAuth{Token: "ann"}); refused != nil {
		t.Fatal(refused)
	}
	c.pushed(wire.EventSessionReady, 1, &wire.SessionReady{})
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := st.server.Close(ctx); err != nil {
		t.Errorf("close: %v", err)
	}
	c.closed()
	if err := front.Config.Shutdown(ctx); err != nil {
		t.Errorf("shut down: %v", err)
	}
}
