package app

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/matchmaking"
	"github.com/anteroom/anteroom/runtime/internal/webhook"
	"github.com/anteroom/anteroom/runtime/wire"
)

func TestAServiceMakesThePlace(t *testing.T) {
	secrets := t.TempDir()
	if err := os.WriteFile(filepath.Join(secrets, "games_key"), []byte("sesame\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1_790_000_000, 0)
	var answer string
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if want := webhook.Sign([]byte("sesame"), "m1", at, body); r.Header.Get("Webhook-Signature") != want {
			t.Errorf("signed %q, not %q", r.Header.Get("Webhook-Signature"), want)
		}
		want := `{"matchId":"m1","queue":"duel","region":"eu","teams":[{"name":"red","players":[{"userId":"ann","name":"Ann"}]},{"name":"blue","players":[{"userId":"bob"}]}]}`
		if string(body) != want {
			t.Errorf("asked with %s", body)
		}
		if answer == "" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = io.WriteString(w, answer)
	}))
	defer service.Close()
	p := venues{secrets: secrets, now: func() time.Time { return at }}
	q := matchmaking.Queue{Handoff: matchmaking.Handoff{URL: service.URL, SecretFile: "games_key", Timeout: 5 * time.Second}}
	r := matchmaking.Round{ID: "m1", Queue: "duel", Region: "eu", Teams: []matchmaking.Side{
		{Name: "red", Players: []matchmaking.SidePlayer{{ID: "ann", Name: "Ann", Ticket: "a"}}},
		{Name: "blue", Players: []matchmaking.SidePlayer{{ID: "bob", Ticket: "b"}}},
	}}
	answer = `{"address":"game.example:7777","token":"all","tokens":{"ann":"own"},"expiresAt":5}`
	got, err := p.Make(t.Context(), q, r)
	want := matchmaking.Place{
		MMHandoff: wire.MMHandoff{Type: "server", Address: "game.example:7777", Token: "all", ExpiresAt: 5},
		Tokens:    map[string]string{"ann": "own"},
	}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	for _, answer = range []string{"", "{}", "no", `{"address":7}`} {
		if got, err := p.Make(t.Context(), q, r); err == nil {
			t.Errorf("answered %q: %+v", answer, got)
		}
	}
	q.Handoff.SecretFile = "gone"
	if _, err := p.Make(t.Context(), q, r); err == nil || strings.Contains(err.Error(), secrets) {
		t.Errorf("without its key: %v", err)
	}
}
