package socketio

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/anteroom/anteroom/runtime/wire"
)

func TestConnect(t *testing.T) {
	for _, transport := range []string{"websocket", "polling"} {
		t.Run(transport, func(t *testing.T) {
			st := newStack(t)
			c := st.dial(transport)
			if refused := c.connect(wire.ConnectAuth{Token: "ann", Protocol: 1}); refused != nil {
				t.Fatal(refused)
			}
			var ready wire.SessionReady
			c.pushed(wire.EventSessionReady, 1, &ready)
			if ready.SessionID == "" || ready.ServerTime == 0 {
				t.Errorf("ready without id or time: %+v", ready)
			}
			ready.SessionID, ready.ServerTime = "", 0
			want := wire.SessionReady{
				UserID: "ann", Name: "ANN", Scopes: []string{"play"}, PolicyRevision: "r1",
				Limits:   wire.SessionLimits{EventsPerSecond: 1000, Burst: 1000, MaxPayload: 4096, Subscriptions: 4},
				Features: map[string]bool{"chat": true},
				Follows:  []wire.StreamStand{{Stream: "user:ann"}},
			}
			if diff := cmp.Diff(want, ready); diff != "" {
				t.Errorf("ready (-want +got):\n%s", diff)
			}
			a := c.request("sync:ping", wire.SyncPing{At: new(int64(7))})
			if !a.OK || !strings.HasPrefix(string(a.Data), `{"at":7,"serverTime":`) {
				t.Errorf("ping: %+v", a)
			}
			if got := st.sessions.Stats(); got.Connections != 1 || got.Users != 1 {
				t.Errorf("stats %+v", got)
			}
			c.stop()
			st.eventually("the session ends", func() bool { return st.sessions.Stats().Connections == 0 })
			st.eventually("the listener knows", func() bool {
				return cmp.Equal(st.events.list(), []string{"opened ann", "closed ann"})
			})
		})
	}
}

func TestConnectRefused(t *testing.T) {
	one := func(s *setup) { s.limits.ConnectionsPerUser = 1 }
	for _, c := range []struct {
		name   string
		change func(*setup)
		auth   any
		want   wire.Error
	}{
		{"no token", nil, map[string]any{}, wire.Error{Code: wire.CodeUnauthenticated}},
		{"another protocol", nil, map[string]any{"token": "bob", "protocol": 9}, wire.Error{Code: wire.CodeUnsupportedProtocol}},
		{"wrong type", nil, map[string]any{"token": 5}, wire.Error{Code: wire.CodeInvalidArgument, Field: "token"}},
		{"too long", nil, map[string]any{"token": "bob", "deviceId": strings.Repeat("d", 65)}, wire.Error{Code: wire.CodeInvalidArgument, Field: "deviceId"}},
		{"user full", one, wire.ConnectAuth{Token: "ann"}, wire.Error{Code: wire.CodeResourceExhausted, Reason: wire.ReasonConnectionLimit, Retryable: true, RetryAfterMs: 5000}},
		{"fault of the server", nil, wire.ConnectAuth{Token: "broken"}, wire.Error{Code: wire.CodeInternal}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var change []func(*setup)
			if c.change != nil {
				change = append(change, c.change)
			}
			st := newStack(t, change...)
			st.join("ann")
			second := st.dial("websocket")
			got := second.connect(c.auth)
			if got == nil {
				t.Fatal("connected")
			}
			if strings.Contains(got.Message, "fire") || got.Message == "" {
				t.Errorf("message %q", got.Message)
			}
			got.Message = ""
			if !cmp.Equal(*got, c.want) {
				t.Errorf("got %+v, want %+v", *got, c.want)
			}
			if n := st.sessions.Stats().Connections; n != 1 {
				t.Errorf("%d connections are counted", n)
			}
		})
	}
}

// TestTurnedAway has the server in trouble that is not the client's.
func TestTurnedAway(t *testing.T) {
	t.Run("server full", func(t *testing.T) {
		st := newStack(t, func(s *setup) { s.limits.Connections = 1 })
		st.join("ann")
		st.dial("websocket").turnedAway(wire.ConnectAuth{Token: "bob"})
		st.dial("polling").turnedAway(wire.ConnectAuth{Token: "bob"})
		if n := st.sessions.Stats().Connections; n != 1 {
			t.Errorf("%d connections are counted", n)
		}
	})
	t.Run("too many connects a second", func(t *testing.T) {
		st := newStack(t, func(s *setup) { s.limits.ConnectsPerSecond = 1 })
		for range 50 {
			if st.dial("websocket").isTurnedAway(wire.ConnectAuth{Token: "ann"}) {
				return
			}
		}
		t.Error("50 connects in a row were taken in")
	})
	t.Run("store down", func(t *testing.T) {
		st := newStack(t)
		st.db.SetDown(true)
		st.dial("websocket").turnedAway(wire.ConnectAuth{Token: "ann"})
		if n := st.sessions.Stats().Connections; n != 0 {
			t.Errorf("%d connections are counted", n)
		}
		st.db.SetDown(false)
		st.join("ann")
	})
}

// Who has too many connections is refused before the store is asked for anything.
// The check of the token comes first: there is no user before it.
func TestUserLimitComesBeforeTheStore(t *testing.T) {
	st := newStack(t, func(s *setup) { s.limits.ConnectionsPerUser = 1 })
	st.join("ann")
	st.db.SetDown(true)
	got := st.dial("websocket").connect(wire.ConnectAuth{Token: "ann"})
	if got == nil || got.Code != wire.CodeResourceExhausted || !got.Retryable {
		t.Errorf("got %+v", got)
	}
	st.dial("websocket").turnedAway(wire.ConnectAuth{Token: "bob"}) // for whom the store is asked
}

// TestATransportDrawsOnConnectsOnce: what a client tries on one transport takes no more than
// one of the connects that all clients share.
func TestATransportDrawsOnConnectsOnce(t *testing.T) {
	const perSecond = 3
	st := newStack(t, func(s *setup) { s.limits.ConnectsPerSecond = perSecond })
	c := st.dial("websocket")
	for i := range 20 {
		if err := c.send(`40{}`); err != nil {
			t.Fatal(err)
		}
		answered := 0
		c.find("answer to the CONNECT", func(m message) bool {
			if m.kind == packetConnectError {
				answered++
			}
			return answered == i+1
		})
	}
	st.join("ann")
}

func TestConnectAgainAfterRefusal(t *testing.T) {
	st := newStack(t)
	c := st.dial("websocket")
	if c.connect(wire.ConnectAuth{}) == nil {
		t.Fatal("connected without a token")
	}
	if err := c.send(`40{"token":"ann"}`); err != nil {
		t.Fatal(err)
	}
	c.pushed(wire.EventSessionReady, 1, &wire.SessionReady{})
}

func TestOtherNamespace(t *testing.T) {
	st := newStack(t)
	c := st.dial("websocket")
	if err := c.send("40/admin,"); err != nil {
		t.Fatal(err)
	}
	m, _ := c.find("CONNECT_ERROR", func(m message) bool { return m.kind == packetConnectError })
	if got := string(m.data); got != `{"message":"Invalid namespace"}` {
		t.Errorf("got %s", got)
	}
	if err := c.send(`40{"token":"ann"}`); err != nil {
		t.Fatal(err)
	}
	c.pushed(wire.EventSessionReady, 1, &wire.SessionReady{})
}

// TestRudeClients checks that what no client may send ends the transport.
func TestRudeClients(t *testing.T) {
	for _, c := range []struct {
		name    string
		connect bool
		send    string
	}{
		{"event before CONNECT", false, `42["sync:ping"]`},
		{"large before CONNECT", false, `40{"token":"` + strings.Repeat("x", earlyPayload) + `"}`},
		{"second CONNECT", true, `40{"token":"ann"}`},
		{"binary event", true, `451-["a",{"_placeholder":true,"num":0}]`},
		{"binary ack", true, `461-1[{"_placeholder":true,"num":0}]`},
		{"CONNECT_ERROR", true, `44{}`},
		{"broken JSON", true, `42["a"`},
		{"reserved event", true, `42["disconnect"]`},
		{"broken UTF-8", true, "42[\"a\",\"\xff\"]"},
		{"event elsewhere", true, `42/x,["a"]`},
		{"unknown engine packet", true, `9`},
		{"far too large", true, `42["a","` + strings.Repeat("x", 9000) + `"]`},
		{"disconnect", true, `41`},
	} {
		for _, transport := range []string{"websocket", "polling"} {
			t.Run(c.name+" over "+transport, func(t *testing.T) {
				st := newStack(t)
				rude := st.dial(transport)
				if c.connect {
					if refused := rude.connect(wire.ConnectAuth{Token: "ann"}); refused != nil {
						t.Fatal(refused)
					}
				}
				_ = rude.send(c.send)
				if len(c.send) > 9000 && transport == "polling" {
					rude.stop() // a POST that is too large is refused with 413, no more
				}
				rude.closed()
				st.eventually("the session ends", func() bool { return st.sessions.Stats().Connections == 0 })
			})
		}
	}
}

func TestBinaryFrames(t *testing.T) {
	st := newStack(t)
	c := st.dial("polling")
	if refused := c.connect(wire.ConnectAuth{Token: "ann"}); refused != nil {
		t.Fatal(refused)
	}
	_ = c.send("bAQID")
	c.closed()
}

func TestOrigins(t *testing.T) {
	for _, c := range []struct {
		name    string
		allowed []string
		origin  string // {host} is the server's own
		ok      bool
	}{
		{"no browser", nil, "", true},
		{"same origin", nil, "http://{host}", true},
		{"same origin, with ws", nil, "ws://{host}", true},
		{"same host, TLS ends elsewhere", nil, "https://{host}", true},
		{"another site", nil, "https://evil.example", false},
		{"no site", nil, "null", false},
		{"listed", []string{"https://Game.example/"}, "https://game.example", true},
		{"listed with another scheme", []string{"https://game.example"}, "http://game.example", false},
		{"not listed", []string{"https://game.example"}, "https://game.example.evil.example", false},
		{"any", []string{"*"}, "https://evil.example", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			st := newStack(t, func(s *setup) { s.socket.AllowedOrigins = c.allowed })
			header := http.Header{}
			origin := strings.ReplaceAll(c.origin, "{host}", strings.TrimPrefix(st.url, "http://"))
			if origin != "" {
				header.Set("Origin", origin)
			}
			_, wsErr := dialWebSocket(t, st.url, header)
			polling, pollErr := dialPolling(t, st.url, header)
			if (wsErr == nil) != c.ok || (pollErr == nil) != c.ok {
				t.Errorf("websocket %v, polling %v, want allowed %v", wsErr, pollErr, c.ok)
			}
			for transport, err := range map[string]error{"websocket": wsErr, "polling": pollErr} {
				if !c.ok && !(strings.Contains(err.Error(), "403") && strings.Contains(err.Error(), c.origin) &&
					strings.Contains(err.Error(), "spec.engine.allowedOrigins")) {
					t.Errorf("%s is refused with %v; want 403, the origin and the field", transport, err)
				}
			}
			if polling != nil {
				polling.stop()
			}
		})
	}
}

func TestPreflight(t *testing.T) {
	st := newStack(t, func(s *setup) { s.socket.AllowedOrigins = []string{"https://game.example"} })
	req, err := http.NewRequest(http.MethodOptions, st.url+"/socket.io/?EIO=4&transport=polling", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", "https://game.example")
	req.Header.Set("Access-Control-Request-Method", "POST")
	req.Header.Set("Access-Control-Request-Headers", "content-type")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	want := map[string]string{
		"Access-Control-Allow-Origin": "https://game.example", "Access-Control-Allow-Credentials": "true",
		"Access-Control-Allow-Methods": "GET, POST", "Access-Control-Allow-Headers": "content-type",
	}
	for name, value := range want {
		if got := res.Header.Get(name); got != value {
			t.Errorf("%s is %q, want %q", name, got, value)
		}
	}
	if res.StatusCode != http.StatusNoContent {
		t.Errorf("status %d", res.StatusCode)
	}
}

func TestFault10HandshakeErrors(t *testing.T) {
	st := newStack(t, func(s *setup) { s.socket.Transports = []string{"polling"} })
	for _, c := range []struct {
		name, method, query string
		status, code        int
	}{
		{"transport that is switched off", "GET", "EIO=4&transport=websocket", 400, 0},
		{"no transport", "GET", "EIO=4", 400, 0},
		{"unknown session", "GET", "EIO=4&transport=polling&sid=nope", 400, 1},
		{"malformed session", "GET", "EIO=4&transport=polling&sid=%00%7f", 400, 1},
		{"session twice", "GET", "EIO=4&transport=polling&sid=a&sid=b", 400, 3},
		{"handshake by POST", "POST", "EIO=4&transport=polling", 400, 2},
		{"old protocol", "GET", "EIO=3&transport=polling", 400, 5},
		{"no protocol", "GET", "transport=polling", 400, 5},
		{"JSONP", "GET", "EIO=4&transport=polling&j=0", 400, 3},
		{"post to an unknown session", "POST", "EIO=4&transport=polling&sid=nope", 400, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := fetch(c.method, st.url+"/socket.io/?"+c.query, http.Header{}, "4")
			want := `{"code":` + string(rune('0'+c.code)) + `,`
			if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "status 400") {
				t.Errorf("got %v, want status 400 with %s", err, want)
			}
		})
	}
	if _, err := fetch("GET", st.url+"/socket.io/socket.io.js", http.Header{}, ""); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("a path below: %v", err)
	}
}

func TestFault06PostTooLarge(t *testing.T) {
	st := newStack(t)
	body, err := fetch("GET", st.url+"/socket.io/?EIO=4&transport=polling", http.Header{}, "")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(body, `"sid":"`)
	sid, _, _ := strings.Cut(rest, `"`)
	_, err = fetch("POST", st.url+"/socket.io/?EIO=4&transport=polling&sid="+sid, http.Header{}, strings.Repeat("4", 9000))
	if err == nil || !strings.Contains(err.Error(), "status 413") {
		t.Errorf("got %v", err)
	}
}

// TestFault01ConnectIsNotLost has clients send CONNECT together with the handshake, before
// the engine has set itself up.
func TestFault01ConnectIsNotLost(t *testing.T) {
	st := newStack(t, func(s *setup) { s.limits.Connections, s.limits.ConnectionsPerUser = 0, 0 })
	const clients = 200
	done := make(chan *client, clients)
	for range clients {
		go func() {
			c, err := dialWebSocket(t, st.url, http.Header{})
			if err != nil {
				t.Error(err)
				done <- nil
				return
			}
			if err := c.send(`40{"token":"ann"}`); err != nil {
				t.Error(err)
			}
			done <- c
		}()
	}
	for range clients {
		if c := <-done; c != nil {
			c.pushed(wire.EventSessionReady, 1, &wire.SessionReady{})
		}
	}
}

func TestConnectTimeout(t *testing.T) {
	st := newStack(t, func(s *setup) { s.socket.ConnectTimeout = 50 * time.Millisecond })
	for _, transport := range []string{"websocket", "polling"} {
		st.dial(transport).closed()
	}
}

// Before a client is connected it may send a few packets, whatever they are.
func TestFloodBeforeConnect(t *testing.T) {
	st := newStack(t)
	conn := st.rawDial()
	for range maxEarly + 1 {
		if err := conn.WriteMessage(websocket.TextMessage, []byte(`430[]`)); err != nil {
			t.Fatal(err)
		}
	}
	if _, code, text := readToEnd(t, conn); code != websocket.ClosePolicyViolation || text != errFlood.Error() {
		t.Errorf("close %d %q", code, text)
	}
}

// Whoever is cut before CONNECT is answered is counted, by the reason; whoever is cut
// later is not.
func TestCutsBeforeConnectAreCounted(t *testing.T) {
	many := func(text string, n int) []string { return slices.Repeat([]string{text}, n) }
	for reason, send := range map[string][]string{
		"flood":      many(`430[]`, maxEarly+1),
		"namespaces": many(`40/nowhere,`, maxStrays+1),
		"event":      {`42["sync:ping"]`},
		"packet":     {`4x`},
		"transport":  {`40{"token":"` + strings.Repeat("x", earlyPayload) + `"}`},
		"timeout":    nil,
	} {
		t.Run(reason, func(t *testing.T) {
			registry := prometheus.NewRegistry()
			st := newStack(t, func(s *setup) {
				s.socket.Registry = registry
				if reason == "timeout" {
					s.socket.ConnectTimeout = 20 * time.Millisecond
				}
			})
			_, _, _ = readToEnd(t, st.rawDial(send...))
			st.eventually("the cut is counted", func() bool {
				return cmp.Equal(countedCuts(t, registry), map[string]float64{reason: 1})
			})
		})
	}
	t.Run("later", func(t *testing.T) {
		registry := prometheus.NewRegistry()
		st := newStack(t, func(s *setup) { s.socket.Registry = registry })
		conn := st.rawDial(`40{"token":"ann"}`)
		readUntil(t, conn, wire.EventSessionReady)
		if err := conn.WriteMessage(websocket.TextMessage, []byte(`4x`)); err != nil {
			t.Fatal(err)
		}
		_, _, _ = readToEnd(t, conn)
		st.eventually("the session ends", func() bool { return st.sessions.Stats().Connections == 0 })
		if got := countedCuts(t, registry); len(got) > 0 {
			t.Errorf("counted: %v", got)
		}
	})
}

// countedCuts gives how many were cut for which reason.
func countedCuts(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	all, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	cuts := map[string]float64{}
	for _, family := range all {
		if family.GetName() != "anteroom_cuts_before_connect_total" {
			continue
		}
		for _, m := range family.GetMetric() {
			cuts[m.GetLabel()[0].GetValue()] = m.GetCounter().GetValue()
		}
	}
	return cuts
}
