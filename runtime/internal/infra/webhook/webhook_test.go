package webhook

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// The value was computed by another implementation (Python's hmac) from the
// specification's text: HMAC-SHA256 over "id.timestamp.body" with the decoded secret.
func TestSignIsTheSpecifications(t *testing.T) {
	secret, err := ParseSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLwSw\n")
	if err != nil {
		t.Fatal(err)
	}
	got := Sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if want := "v1,pZN3CVESPCUuihODVQNgWONmlcH9xCz9b1ykcK53XqY="; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestParseSecret(t *testing.T) {
	if s, err := ParseSecret(" plain \n"); err != nil || string(s) != "plain" {
		t.Errorf("%q, %v", s, err)
	}
	if _, err := ParseSecret("whsec_***"); err == nil || strings.Contains(err.Error(), "***") {
		t.Errorf("a secret that is no base64 gave %v", err)
	}
}

func TestPost(t *testing.T) {
	var got *http.Request
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		_, _ = w.Write([]byte(`{"action":"allow"}`))
	}))
	defer server.Close()
	at := time.Unix(1700000000, 0)
	answer, err := Hook{URL: server.URL, Secret: []byte("s"), Timeout: time.Minute, Client: local}.
		Post(t.Context(), Call{ID: "m1", At: at, Body: []byte(`{"a":1}`)})
	if err != nil || string(answer) != `{"action":"allow"}` {
		t.Fatalf("answer %s, %v", answer, err)
	}
	if string(body) != `{"a":1}` || got.Method != http.MethodPost ||
		got.Header.Get("webhook-id") != "m1" || got.Header.Get("webhook-timestamp") != "1700000000" ||
		got.Header.Get("webhook-signature") != Sign([]byte("s"), "m1", at, body) {
		t.Errorf("called with %s and %v", body, got.Header)
	}
	if _, err := (Hook{URL: server.URL, Client: local}).Post(t.Context(), Call{ID: "m2", At: at}); err != nil || got.Header.Get("webhook-signature") != "" {
		t.Errorf("without a secret: %v, signed %q", err, got.Header.Get("webhook-signature"))
	}
}

func TestPostFails(t *testing.T) {
	hang := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/busy", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/long", http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/long", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(strings.Repeat("x", MaxAnswer+1)))
	})
	mux.HandleFunc("/hang", func(http.ResponseWriter, *http.Request) { <-hang })
	server := httptest.NewServer(mux)
	defer server.Close()
	defer close(hang)
	post := func(path string, timeout time.Duration, body []byte) error {
		_, err := Hook{URL: server.URL + path + "?secret", Timeout: timeout, Client: local}.
			Post(t.Context(), Call{ID: "m", At: time.Now(), Body: body})
		if err == nil {
			t.Errorf("%s: no error", path)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error tells the URL: %v", path, err)
		}
		return err
	}
	var status *StatusError
	if err := post("/busy", time.Minute, nil); !errors.As(err, &status) || !status.Temporary() || status.RetryAfter != 7*time.Second {
		t.Errorf("busy: %v", err)
	}
	if err := post("/away", time.Minute, nil); !errors.As(err, &status) || status.Status != 307 || status.Temporary() {
		t.Errorf("a redirect: %v", err)
	}
	post("/long", time.Minute, nil)
	post("/hang", 20*time.Millisecond, nil)
	post("/long", time.Minute, make([]byte, MaxBody+1))
	if _, err := (Hook{URL: "://"}).Post(t.Context(), Call{}); err == nil {
		t.Error("no error for what is no URL")
	}
}

// local reaches the services of tests, which listen on this machine.
var local = Targets{Allow: prefixes("127.0.0.0/8")}.Client(nil)
