package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/runtime/wire"
)

func TestDrain(t *testing.T) {
	for name, dial := range map[string]func(*testing.T, string, string) *client{"polling": connect, "websocket": connectWebSocket} {
		t.Run(name, func(t *testing.T) { testDrain(t, dial) })
	}
}

func testDrain(t *testing.T, dial func(t *testing.T, server, name string) *client) {
	r := startReady(t, func(c *v1alpha1.RuntimeConfig) { c.Drain.Settle, c.Drain.Window = seconds(5), seconds(0.5) }, "casual")
	ada := dial(t, r.client, "Ada")
	r.stop()
	r.until("unready", func() bool {
		code, body := r.get(r.admin + "/readyz")
		return code == http.StatusServiceUnavailable && strings.Contains(body, "draining")
	})
	if s := r.status(); !s.Draining || s.Ready {
		t.Errorf("status: %+v", s)
	}
	connect(t, r.client, "Bob") // proxies may still send some
	if a := ada.ask(wire.EventSyncPing, wire.SyncPing{At: new(int64(1))}); !a.OK {
		t.Errorf("a request while the server settles: %+v", a)
	}
	var told wire.SessionDraining
	ada.event(wire.EventSessionDraining, &told)
	var terminated wire.SessionTerminated
	ada.event(wire.EventSessionTerminated, &terminated)
	if terminated.Code != wire.CloseDraining || !terminated.Reconnect {
		t.Errorf("terminated: %+v", terminated)
	}
	if err := r.result(); err != nil {
		t.Errorf("ended with %v", err)
	}
}

// drainable runs a server that takes requests to drain, with the given times in seconds.
func drainable(t *testing.T, settle, window float64) *running {
	t.Helper()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("open sesame\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return startReady(t, func(c *v1alpha1.RuntimeConfig) {
		c.Admin.TokenFile = token
		c.Drain.Settle, c.Drain.Window = seconds(settle), seconds(window)
	}, "casual")
}

// drain sends a request to drain, or to take that back, and returns the answer's code.
func (r *running) drain(method, token string) int {
	r.t.Helper()
	request, err := http.NewRequest(method, r.admin+v1alpha1.DrainPath, http.NoBody)
	if err != nil {
		r.t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", token)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}

const sesame = "Bearer open sesame"

func TestDrainRequestsNeedTheToken(t *testing.T) {
	r := drainable(t, 0, 0)
	for _, token := range []string{"", "open sesame", "Bearer ", "Bearer open", "Bearer open sesame!", "Basic open sesame"} {
		for _, method := range []string{http.MethodPut, http.MethodDelete} {
			if code := r.drain(method, token); code != http.StatusUnauthorized {
				t.Errorf("%s with %q: %d", method, token, code)
			}
		}
	}
	if s := r.status(); s.Draining || !s.Ready {
		t.Errorf("it drains at anyone's request: %+v", s)
	}
	open := startReady(t, nil, "casual")
	if code := open.drain(http.MethodPut, "Bearer "); code != http.StatusForbidden {
		t.Errorf("a server without a token answers %d", code)
	}
}

func TestDrainRequested(t *testing.T) {
	r := drainable(t, 5, 0.5)
	ada := connectWebSocket(t, r.client, "Ada")
	for range 3 { // it is harmless to repeat
		if code := r.drain(http.MethodPut, sesame); code != http.StatusAccepted {
			t.Fatalf("answered %d", code)
		}
	}
	if s := r.status(); !s.Draining || s.Ready || s.Drained {
		t.Errorf("status at once: %+v", s)
	}
	if a := ada.ask(wire.EventSyncPing, wire.SyncPing{At: new(int64(1))}); !a.OK {
		t.Errorf("a request while the server settles: %+v", a)
	}
	ada.event(wire.EventSessionDraining, &wire.SessionDraining{})
	ada.event(wire.EventSessionTerminated, &wire.SessionTerminated{})
	r.until("drained", func() bool { return r.status().Drained })
	if s := r.status(); s.Connections != 0 || s.Ready {
		t.Errorf("status when drained: %+v", s)
	}
	if code := r.drain(http.MethodPut, sesame); code != http.StatusAccepted {
		t.Errorf("a request after the drain is answered %d", code)
	}
	if code := r.drain(http.MethodDelete, sesame); code != http.StatusNoContent {
		t.Fatalf("taking it back is answered %d", code)
	}
	if s := r.status(); !s.Ready || s.Draining || s.Drained {
		t.Errorf("status when taken back: %+v", s)
	}
	connect(t, r.client, "Bob")
}

func TestDrainTakenBackInTheMiddle(t *testing.T) {
	for name, times := range map[string][2]float64{"settling": {3600, 0}, "closing": {0, 3600}} {
		t.Run(name, func(t *testing.T) {
			r := drainable(t, times[0], times[1])
			ada := connect(t, r.client, "Ada")
			r.drain(http.MethodPut, sesame)
			if name == "closing" {
				ada.event(wire.EventSessionDraining, &wire.SessionDraining{})
			}
			if code := r.drain(http.MethodDelete, sesame); code != http.StatusNoContent {
				t.Fatalf("answered %d", code)
			}
			connect(t, r.client, "Bob")
			if a := ada.ask(wire.EventSyncPing, wire.SyncPing{At: new(int64(1))}); !a.OK {
				t.Errorf("who was there before: %+v", a)
			}
			r.stop()
			close(r.hurry) // the times are those of the stop too
			if err := r.result(); err != nil {
				t.Errorf("ended with %v", err)
			}
		})
	}
}

func TestStopGoesOnWithARequestedDrain(t *testing.T) {
	r := drainable(t, 3600, 0)
	connect(t, r.client, "Ada")
	r.drain(http.MethodPut, sesame)
	r.stop()
	r.until("told to stop", func() bool { return r.log.count("server is told to stop") == 1 })
	r.until("no longer to be taken back", func() bool { return r.drain(http.MethodDelete, sesame) == http.StatusConflict })
	close(r.hurry)
	if err := r.result(); err != nil {
		t.Errorf("ended with %v", err)
	}
}

// TestDrainLosesNothingAcknowledged sends through one server while it drains: who is
// on another one finds whatever was acknowledged in the history, once each.
func TestDrainLosesNothingAcknowledged(t *testing.T) {
	config := testConfig(miniredis.RunT(t).Addr())
	config.Drain.Window = seconds(1)
	config.Admin.TokenFile = filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(config.Admin.TokenFile, []byte("open sesame"), 0o600); err != nil {
		t.Fatal(err)
	}
	policies := testPolicies("casual")
	policies.Lobbies[0].Spec.Chat.Rate.Messages = 1000
	policies.Revision = policies.ComputeRevision()
	one, two := start(t, config, policies), start(t, config, policies)
	for _, r := range []*running{one, two} {
		r.until("ready", func() bool { return r.status().Ready })
	}
	ada, bob := connectWebSocket(t, one.client, "Ada"), connect(t, two.client, "Bob")
	connectWebSocket(t, one.client, "Cid") // one of the two on that server goes first, and it may be Ada
	var state wire.LobbyState
	created := ada.ask(wire.EventLobbyCreate, wire.LobbyCreate{Type: "casual", Name: "Hello"})
	if err := json.Unmarshal(created.Data, &state); err != nil || !created.OK {
		t.Fatalf("created: %+v, %v", created, err)
	}
	if a := bob.ask(wire.EventLobbyJoin, wire.LobbyJoin{LobbyID: state.Lobby.ID}); !a.OK {
		t.Fatalf("joined: %+v", a)
	}
	channel := "lobby:" + state.Lobby.ID
	for _, c := range []*client{ada, bob} {
		if a := c.ask(wire.EventChatJoin, wire.ChatJoin{Channel: channel}); !a.OK {
			t.Fatalf("chat: %+v", a)
		}
	}
	acked := map[string]int{}
	pace := time.NewTicker(20 * time.Millisecond)
	defer pace.Stop()
	for i := range 1000 {
		if i == 5 {
			one.drain(http.MethodPut, sesame)
		}
		text := fmt.Sprint("message ", i)
		a, open := ada.tryAsk(wire.EventChatSend, wire.ChatSend{Channel: channel, Text: text})
		if !open {
			break
		}
		if a.OK {
			acked[text] = 1
		}
		<-pace.C
	}
	one.until("drained", func() bool { return one.status().Drained })
	if len(acked) < 5 {
		t.Fatalf("only %v were acknowledged", acked)
	}
	var page wire.ChatPage
	if a := bob.ask(wire.EventChatHistory, wire.ChatHistory{Channel: channel, Limit: 100}); json.Unmarshal(a.Data, &page) != nil || !a.OK {
		t.Fatalf("history: %+v", a)
	}
	for _, raw := range page.Messages {
		var m wire.ChatMessage
		if err := json.Unmarshal(raw, &m); err != nil {
			t.Fatal(err)
		}
		acked[m.Text]-- // one that was carried out and whose answer was lost gets below 0 once
	}
	for text, n := range acked {
		if n != 0 && n != -1 {
			t.Errorf("%q: %d too many were acknowledged", text, n)
		}
	}
}
