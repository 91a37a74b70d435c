package socketio

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/anteroom/anteroom/runtime/internal/core/bombs"
	"github.com/anteroom/anteroom/runtime/internal/edge/engineio"
)

func TestOriginsAreHostsAndPorts(t *testing.T) {
	list := []string{"https://game.example", "http://localhost:3000", "https://alt.example:8443/", "http://[::1]:5173", "capacitor://localhost"}
	for _, c := range []struct {
		host, origin string
		ok           bool
	}{
		{"rt.example.com", "https://rt.example.com", true},
		{"rt.example.com", "http://rt.example.com", true},
		{"rt.example.com", "wss://rt.example.com", true},
		{"rt.example.com:443", "wss://rt.example.com", true},
		{"rt.example.com:443", "https://rt.example.com", true},
		{"rt.example.com:443", "https://RT.example.com:443", true},
		{"rt.example.com:80", "ws://rt.example.com", true},
		{"RT.example.com", "https://rt.example.com:443", true},
		{"127.0.0.1:8080", "http://127.0.0.1:8080", true},
		{"127.0.0.1:8080", "ws://127.0.0.1:8080", true},
		{"[::1]:8080", "http://[::1]:8080", true},
		{"[::1]", "http://[::1]:80", true},
		{"rt.example.com:443", "http://rt.example.com", false},
		{"rt.example.com:8443", "https://rt.example.com", false},
		{"rt.example.com", "https://rt.example.com:8443", false},
		{"rt.example.com", "https://rt.example.com.evil.example", false},
		{"rt.example.com", "https://user@rt.example.com", false},
		{"rt.example.com", "https://rt.example.com/path", false},
		{"rt.example.com", "ftp://rt.example.com", false},
		{"rt.example.com", "null", false},
		{"", "https://", false},

		{"rt.example.com", "https://game.example", true},
		{"rt.example.com", "wss://game.example", true},
		{"rt.example.com", "https://game.example:443", true},
		{"rt.example.com", "HTTPS://GAME.example", true},
		{"rt.example.com", "http://game.example", false},
		{"rt.example.com", "https://game.example:444", false},
		{"rt.example.com", "ws://localhost:3000", true},
		{"rt.example.com", "http://localhost", false},
		{"rt.example.com", "wss://alt.example:8443", true},
		{"rt.example.com", "ws://[::1]:5173", true},
		{"rt.example.com", "capacitor://localhost", true},
		{"rt.example.com", "capacitor://other", false},
	} {
		err := newOrigins(list).check(&http.Request{Host: c.host}, c.origin)
		if (err == nil) != c.ok {
			t.Errorf("Host %q, Origin %q: %v, want allowed %v", c.host, c.origin, err, c.ok)
		}
		var refused *engineio.Refusal
		if err != nil && (!errors.As(err, &refused) || refused.Reason != engineio.RefusedOrigin ||
			!strings.Contains(refused.Message, c.origin) || !strings.Contains(refused.Message, "engine.allowedOrigins")) {
			t.Errorf("Origin %q: the refusal %q does not name the origin and the field", c.origin, err)
		}
	}
}

func FuzzOrigins(f *testing.F) {
	f.Add("https://a", "a")
	f.Add("wss://[::1]:1", "[::1]:1")
	for _, bomb := range bombs.JSON() {
		f.Add("https://"+bomb, bomb)
	}
	f.Fuzz(func(t *testing.T, origin, host string) {
		listed := newOrigins([]string{origin})
		if origin != "*" && strings.TrimSuffix(origin, "/") == origin && listed.check(&http.Request{Host: host}, origin) != nil {
			t.Errorf("the listed origin %q is refused", origin)
		}
		_ = newOrigins(nil).check(&http.Request{Host: host}, origin)
	})
}
