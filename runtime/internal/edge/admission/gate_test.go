package admission

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestGate(t *testing.T) {
	perSecond, refused := 2, 0
	g := NewGate(func() int { return perSecond }, func(string) { refused++ })
	ask := func(method, target string) int {
		w := httptest.NewRecorder()
		g.ServeHTTP(w, httptest.NewRequest(method, target, http.NoBody))
		if w.Code == http.StatusServiceUnavailable && w.Header().Get("Retry-After") == "" {
			t.Error("a refusal does not say when to come again")
		}
		return w.Code
	}
	const handshake, poll = "/socket.io/?EIO=4&transport=polling", "/socket.io/?EIO=4&transport=polling&sid=x"
	if code := ask("GET", handshake); code != 503 || refused != 0 {
		t.Fatalf("shut: %d, %d turned away", code, refused)
	}
	g.Open(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }))
	for range 2 {
		if code := ask("GET", handshake); code != 200 {
			t.Errorf("within the rate: %d", code)
		}
	}
	perSecond = 1 // the new burst is spent already
	if code := ask("GET", handshake); code != 503 || refused != 1 {
		t.Errorf("beyond the rate: %d, %d turned away", code, refused)
	}
	for _, sid := range []string{"&sid=", "&%73id=x", "&sid", "&SID=x", "&sid=."} {
		if code := ask("GET", handshake+sid); code != 503 {
			t.Errorf("%s: %d, want that it is a handshake", sid, code)
		}
	}
	for _, target := range []string{poll, "/socket.io/?transport=websocket&EIO=4&sid=x"} {
		if code := ask("GET", target); code != 200 {
			t.Errorf("%s: %d, want that who is connected is not counted", target, code)
		}
	}
	if code := ask("POST", poll); code != 200 {
		t.Errorf("a POST: %d", code)
	}
}
