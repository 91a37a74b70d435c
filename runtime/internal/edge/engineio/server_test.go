package engineio

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
)

func TestCloseLeavesNoGoroutines(t *testing.T) {
	modes(t, func(t *testing.T, portable bool) {
		before := runtime.NumGoroutine()
		h := newHost(t, calm(portable), nil)
		for range 20 {
			c := h.open()
			c.send("4hello")
			c.want("4hello")
			h.startPolling()
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		go func() {
			for _, s := range h.Sockets() {
				s.Close(CodeNormal, "")
			}
		}()
		h.http.CloseClientConnections()
		if err := h.Close(ctx); err != nil {
			t.Error(err)
		}
		if err := h.Close(ctx); err != nil {
			t.Error("a second time: ", err)
		}
		h.http.Close()
		eventually(t, "all goroutines have ended", func() bool { return runtime.NumGoroutine() <= before })
	})
}

func TestRefuseKeepsWhatIsOpen(t *testing.T) {
	h := newHost(t, calm(false), nil)
	c, q := h.open(), h.startPolling()
	h.Refuse()
	h.Refuse()
	if a := h.do("GET", "EIO=4&transport=polling", ""); a.status != http.StatusServiceUnavailable {
		t.Errorf("%+v", a)
	}
	refused := h.dialRaw(h.request("EIO=4&transport=websocket"))
	if res, err := http.ReadResponse(refused.in, nil); err != nil || res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
		t.Error(res, err)
	}
	c.send("4hello")
	c.want("4hello")
	h.want("POST", q, "4hello", 200, "ok")
	h.want("GET", q, "", 200, "4hello")
}

func TestSessionIDs(t *testing.T) {
	next := ""
	options := calm(false)
	options.GenerateID = func(*http.Request) (string, error) {
		if next == "" {
			return "", errors.New("no id")
		}
		return next, nil
	}
	h := newHost(t, options, nil)
	for _, bad := range []string{"", "with space", "dot.ted", strings.Repeat("x", 37)} {
		next = bad
		h.want("GET", "EIO=4&transport=polling", "", 400, errSessionID.answer())
	}
	next = strings.Repeat("x", 36)
	h.startPolling()
	s := receive(t, h.handler.opened, "open")
	if s.ID() != next || s.RemoteAddr() == "" {
		t.Error(s.ID(), s.RemoteAddr())
	}
	h.want("GET", "EIO=4&transport=polling", "", 400, errSessionID.answer()) // taken
	next = "other"
	h.startPolling()

	s.SetData(42)
	if s.Data() != 42 {
		t.Error(s.Data())
	}
}

func TestOwnerRefusesInOpen(t *testing.T) {
	handler := &testHandler{open: func(s *Socket, _ *http.Request) { s.Close(4003, "no") }}
	h := newHost(t, calm(false), handler)
	h.dial("EIO=4&transport=websocket").wantClose(4003)
	h.wantClosed(ForcedClose)
	q := h.startPolling()
	h.wantClosed(ForcedClose)
	h.want("GET", q, "", 200, "1")
}

func TestOtherPaths(t *testing.T) {
	h := newHost(t, calm(false), nil)
	for path, want := range map[string]int{"/engine.io": 200, "/engine.io/": 200, "/": 404, "/engine.io/x": 404} {
		res, err := h.http.Client().Get(h.http.URL + path + "?EIO=4&transport=polling")
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, res.StatusCode, want)
		}
	}
}

func TestTransportsSwitchedOff(t *testing.T) {
	options := calm(false)
	options.NoPolling = true
	h := newHost(t, options, nil)
	h.open()
	h.want("GET", "EIO=4&transport=polling", "", 400, `{"code":0,"message":"Transport unknown"}`)

	options = calm(false)
	options.NoUpgrade = true
	h = newHost(t, options, nil)
	a := h.do("GET", "EIO=4&transport=polling", "")
	o := parseOpening(t, a.body)
	if len(o.Upgrades) != 0 {
		t.Error(o.Upgrades)
	}
	h.dial("EIO=4&transport=websocket&sid=" + o.SID).wantClose(codeNone)
}

// A session can be found, and sent to, while it is still being opened.
func TestSendWhileOpening(t *testing.T) {
	modes(t, func(t *testing.T, portable bool) {
		h := newHost(t, calm(portable), nil)
		stop := make(chan struct{})
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				select {
				case <-stop:
					return
				default:
				}
				for _, s := range h.Sockets() {
					s.Send(noopFrame)
				}
			}
		}()
		for range 100 {
			h.open().conn.Close()
			h.startPolling()
		}
		close(stop)
		<-done
	})
}

// A connection that fails before its session is complete takes the session with it.
func TestConnectionFailsWhileOpening(t *testing.T) {
	s, _ := fakeSession(Options{}, &echoStream{})
	c := s.ws.Load()
	c.abort()
	c.begin()
	if s.Open() {
		t.Error("the session is still open")
	}
}

// Until the owner trusts a client, it is read no more of than EarlyPayload.
func TestEarlyPayload(t *testing.T) {
	options := calm(false)
	options.EarlyPayload = 100
	big := "4" + strings.Repeat("x", 100)
	t.Run("websocket", func(t *testing.T) {
		h := newHost(t, options, nil)
		c := h.open()
		c.send(big)
		c.wantClose(CodeTooBig)
	})
	t.Run("polling", func(t *testing.T) {
		h := newHost(t, options, nil)
		if a := h.do("POST", h.startPolling(), big); a.status != http.StatusRequestEntityTooLarge {
			t.Errorf("a POST is answered %d", a.status)
		}
	})
	t.Run("trusted", func(t *testing.T) {
		h := newHost(t, options, nil)
		c := h.open()
		receive(t, h.handler.opened, "open").Trust()
		c.send(big)
		c.want(big)
		q := h.startPolling()
		receive(t, h.handler.opened, "open").Trust()
		h.want("POST", q, big, 200, "ok")
	})
}

// Ids begin with the prefix, and a request's is read as the engine reads it.
func TestSessionIDOfARequest(t *testing.T) {
	options := calm(false)
	options.IDPrefix = "abc-_123"
	h := newHost(t, options, nil)
	_, sid, _ := strings.Cut(h.startPolling(), "sid=")
	if !strings.HasPrefix(sid, options.IDPrefix) || len(sid) != 28 {
		t.Errorf("session id %q", sid)
	}
	for query, want := range map[string]string{
		"sid=" + sid: sid, "x=1&sid=a": "a", "": "", "sid=": "", "sid=a&sid=b": "", "sid=..": "", "sid=%zz": "",
		"sid=" + strings.Repeat("a", 37): "",
	} {
		if got := SessionID(httptest.NewRequest(http.MethodGet, "/?"+query, http.NoBody)); got != want {
			t.Errorf("%q names %q, want %q", query, got, want)
		}
	}
}
