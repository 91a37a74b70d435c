package engineio

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Every refusal has the same status and text on both transports, and tells its reason.
func TestRefusalsSayWhy(t *testing.T) {
	foreign := &Refusal{Message: "not this origin", Reason: RefusedOrigin}
	var mu sync.Mutex
	var told []string
	options := calm(false)
	options.AllowOrigin = func(_ *http.Request, origin string) error {
		if origin == "https://foreign.example" {
			return foreign
		}
		return nil
	}
	options.Allow = func(r *http.Request) error {
		if r.URL.Query().Has("full") {
			return &Refusal{Status: 503, Message: "full"}
		}
		return nil
	}
	options.Refused = func(_ *http.Request, reason, message string) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, reason+" "+message)
	}
	h := newHost(t, options, nil)
	for _, c := range []struct {
		query, header string
		status        int
		reason, text  string
	}{
		{"EIO=4&transport=TRANSPORT", "Origin: https://foreign.example\r\n", 403, RefusedOrigin, "not this origin"},
		{"EIO=4&transport=TRANSPORT&full", "", 503, RefusedOwner, "full"},
		{"EIO=3&transport=TRANSPORT", "", 400, RefusedVersion, errProtocolVersion.message},
		{"EIO=4&transport=TRANSPORT&sid=unknown", "", 400, RefusedSession, errUnknownSession.message},
		{"EIO=4&transport=TRANSPORT&transport=x", "", 400, RefusedRequest, errQueryTwice.message},
		{"EIO=4&transport=TRANSPORT&j=0", "", 400, RefusedRequest, errQueryJSONP.message},
		{"EIO=%zz&transport=TRANSPORT", "", 400, RefusedRequest, errQueryEscape.message},
		{"EIO=4&transport=TRANSPORT" + strings.Repeat("&x", 50), "", 400, RefusedRequest, errQueryLong.message},
	} {
		for _, transport := range []string{"polling", "websocket"} {
			head := h.request(strings.ReplaceAll(c.query, "TRANSPORT", transport), c.header)
			if transport == "polling" {
				head = strings.Replace(strings.Replace(head, "Upgrade: websocket\r\n", "", 1), "keep-alive, Upgrade", "close", 1)
			}
			mu.Lock()
			told = nil
			mu.Unlock()
			status, body := h.dialRaw(head).response()
			if status != c.status || !strings.Contains(body, c.text) {
				t.Errorf("%s %s: %d %q, want %d %q", transport, c.query, status, body, c.status, c.text)
			}
			mu.Lock()
			if want := []string{c.reason + " " + c.text}; !slices.Equal(told, want) {
				t.Errorf("%s %s: Refused was told %q, want %q", transport, c.query, told, want)
			}
			mu.Unlock()
		}
	}
}

// response reads an answer that is no WebSocket's.
func (c *client) response() (status int, body string) {
	c.t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(patience))
	res, err := http.ReadResponse(c.in, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	text := make([]byte, 4096)
	n, _ := res.Body.Read(text)
	return res.StatusCode, string(text[:n])
}

// A page may read why its origin is refused, but gets no credentials in.
func TestRefusedOriginIsReadable(t *testing.T) {
	options := calm(false)
	options.AllowCredentials = true
	options.AllowOrigin = func(*http.Request, string) error { return &Refusal{Message: "no"} }
	h := newHost(t, options, nil)
	a := h.do("GET", "EIO=4&transport=polling", "", "Origin", "https://foreign.example")
	if a.status != 403 || a.header.Get("Access-Control-Allow-Origin") != "https://foreign.example" ||
		a.header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("%+v", a)
	}
}

// Clients fail a WebSocket whose offer of protocols is not answered. The stock server
// answers the first one.
func TestSubprotocol(t *testing.T) {
	for offer, want := range map[string]string{
		"Sec-WebSocket-Protocol: game\r\n":                               "game",
		"Sec-WebSocket-Protocol: game, other\r\n":                        "game",
		"Sec-WebSocket-Protocol: , game ,other\r\n":                      "game",
		"Sec-WebSocket-Protocol: one\r\nSec-WebSocket-Protocol: two\r\n": "one",
		"Sec-WebSocket-Protocol: bad token, game\r\n":                    "",
		"Sec-WebSocket-Protocol: \r\n":                                   "",
		"":                                                               "",
	} {
		h := newHost(t, calm(false), nil)
		c := h.dialRaw(h.request("EIO=4&transport=websocket", offer))
		_ = c.conn.SetReadDeadline(time.Now().Add(patience))
		res, err := http.ReadResponse(c.in, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, answered := res.Header["Sec-Websocket-Protocol"]
		if got := res.Header.Get("Sec-WebSocket-Protocol"); res.StatusCode != http.StatusSwitchingProtocols || got != want || answered != (want != "") {
			t.Errorf("%q is answered %d %q, want %q", offer, res.StatusCode, got, want)
		}
		parseOpening(t, c.text())
	}
}
