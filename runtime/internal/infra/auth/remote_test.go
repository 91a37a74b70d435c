package auth

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/runtime/wire"
)

// issuer serves a JWK set that a test may change.
type issuer struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	body   string
	asked  int
}

func newIssuer(t testing.TB, body string) *issuer {
	i := &issuer{status: http.StatusOK, body: body}
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.asked++
		if i.status == http.StatusFound {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(i.status)
		_, _ = io.WriteString(w, i.body)
	}))
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) set(status int, body string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.status, i.body = status, body
}

func (i *issuer) count() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.asked
}

// clock is a time that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func withURL(t testing.TB, url string) (*Authenticator, *clock) {
	t.Helper()
	p := providerOf("remote", "ES256")
	p.JWKSURL = url
	c := &clock{now: now}
	a, err := New(v1alpha1.Auth{Mode: v1alpha1.AuthJWT, Providers: []v1alpha1.AuthProvider{p}},
		Options{Log: slog.New(slog.DiscardHandler), Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	return a, c
}

func ecToken(key *ecdsa.PrivateKey, kid string) string {
	claims := with(nil)
	claims["exp"] = now.Add(72 * time.Hour).Unix()
	return sign("ES256", key, map[string]any{"kid": kid}, claims)
}

func wants(t *testing.T, a *Authenticator, step, token string, want wire.Code) {
	t.Helper()
	_, err := a.Authenticate(context.Background(), token)
	if code(err) != want {
		t.Fatalf("%s: error %v, want %q", step, err, want)
	}
	var e *wire.Error
	if errors.As(err, &e) && e.Retryable != (want == wire.CodeUnavailable) {
		t.Fatalf("%s: retryable %v", step, e.Retryable)
	}
}

func TestRotation(t *testing.T) {
	next := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	server := newIssuer(t, jwks(jwk(ecKey().Public(), "one", "", "")))
	a, clock := withURL(t, server.URL)

	wants(t, a, "first use fetches", ecToken(ecKey(), "one"), "")
	wants(t, a, "then it is known", ecToken(ecKey(), "one"), "")
	if server.count() != 1 {
		t.Fatalf("%d fetches, want 1", server.count())
	}

	server.set(http.StatusOK, jwks(jwk(next.Public(), "two", "", "")))
	wants(t, a, "asked a moment ago", ecToken(next, "two"), wire.CodeUnauthenticated)
	for range 100 {
		wants(t, a, "many strangers", ecToken(next, "three"), wire.CodeUnauthenticated)
	}
	if server.count() != 1 {
		t.Fatalf("%d fetches, want that strangers cause none", server.count())
	}
	clock.advance(askEvery)
	wants(t, a, "new key", ecToken(next, "two"), "")
	wants(t, a, "old key", ecToken(ecKey(), "one"), wire.CodeUnauthenticated)
	if server.count() != 2 {
		t.Fatalf("%d fetches, want 2", server.count())
	}
}

func TestOutage(t *testing.T) {
	good := jwks(jwk(ecKey().Public(), "one", "", ""))
	server := newIssuer(t, good)
	server.set(http.StatusInternalServerError, "")
	a, clock := withURL(t, server.URL)

	wants(t, a, "no keys at all", ecToken(ecKey(), "one"), wire.CodeUnavailable)
	server.set(http.StatusOK, good)
	clock.advance(askEvery)
	wants(t, a, "it is back", ecToken(ecKey(), "one"), "")

	server.set(http.StatusInternalServerError, "")
	clock.advance(time.Hour)
	wants(t, a, "known keys stay good", ecToken(ecKey(), "one"), "")
	wants(t, a, "of others nothing can be said", ecToken(ecKey(), "two"), wire.CodeUnavailable)
	clock.advance(keysGoodFor)
	wants(t, a, "but not for ever", ecToken(ecKey(), "one"), wire.CodeUnavailable)
}

func TestBadAnswersAreOutages(t *testing.T) {
	good := jwks(jwk(ecKey().Public(), "one", "", ""))
	cases := []struct {
		name   string
		status int
		body   string
	}{
		{"too large", http.StatusOK, strings.TrimSuffix(good, "}") + strings.Repeat(" ", maxKeySetSize) + "}"},
		{"no JSON", http.StatusOK, "<html>"},
		{"no keys", http.StatusOK, `{"keys":[]}`},
		{"redirect", http.StatusFound, good},
		{"not found", http.StatusNotFound, good},
	}
	for _, tc := range cases {
		server := newIssuer(t, tc.body)
		server.set(tc.status, tc.body)
		a, _ := withURL(t, server.URL)
		wants(t, a, tc.name, ecToken(ecKey(), "one"), wire.CodeUnavailable)
		if server.count() != 1 {
			t.Errorf("%s: %d requests, want 1", tc.name, server.count())
		}
	}
}

// TestOneFetchForAll lets many ask at once while the server is slow, and one of
// them give up.
func TestOneFetchForAll(t *testing.T) {
	release := make(chan struct{})
	asked := make(chan struct{}, 16)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked <- struct{}{}
		<-release
		_, _ = io.WriteString(w, jwks(jwk(ecKey().Public(), "one", "", "")))
	}))
	defer server.Close()
	a, _ := withURL(t, server.URL)
	token := ecToken(ecKey(), "one")

	hasty, cancel := context.WithCancel(context.Background())
	gaveUp := make(chan error, 1)
	go func() {
		_, err := a.Authenticate(hasty, token)
		gaveUp <- err
	}()
	<-asked
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := a.Authenticate(context.Background(), token); err != nil {
				t.Error(err)
			}
		})
	}
	cancel()
	if err := <-gaveUp; code(err) != wire.CodeUnavailable {
		t.Errorf("who gave up was told %v, want unavailable", err)
	}
	close(release)
	all.Wait()
	if len(asked) != 0 {
		t.Errorf("%d more requests, want none", len(asked))
	}
}

func TestRunFetchesAheadOfNeed(t *testing.T) {
	server := newIssuer(t, jwks(jwk(ecKey().Public(), "one", "", "")))
	a, _ := withURL(t, server.URL)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		a.Run(ctx)
	}()
	for deadline := time.Now().Add(patience); server.count() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing was fetched")
		}
	}
	cancel()
	<-ended
}

func TestFailureDoesNotRepeatTheURL(t *testing.T) {
	r := newRemoteKeys("http://127.0.0.1:1/jwks?token=hunter2", slog.New(slog.DiscardHandler), Options{}.withDefaults())
	_, err := r.fetch(context.Background())
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error %v, want one without the URL", err)
	}
}
