package app

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/runtime/internal/domain/notify"
)

// TestWhatTheOfflineWebhookAnswers: an answer says whether and when to come again, and
// the log says which it was, without the URL's query or the key.
func TestWhatTheOfflineWebhookAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		status     int
		retryAfter string
		want       *notify.Declined // nil: it took the call
	}{
		"taken":       {status: http.StatusNoContent},
		"no such":     {http.StatusNotFound, "", &notify.Declined{Final: true}},
		"wrong":       {http.StatusBadRequest, "60", &notify.Declined{Final: true, RetryAfter: time.Minute}},
		"out of work": {http.StatusServiceUnavailable, "", &notify.Declined{}},
		"too many":    {http.StatusTooManyRequests, "60", &notify.Declined{RetryAfter: time.Minute}},
	} {
		t.Run(name, func(t *testing.T) {
			service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if c.retryAfter != "" {
					w.Header().Set("Retry-After", c.retryAfter)
				}
				w.WriteHeader(c.status)
			}))
			defer service.Close()
			logged, got := callOffline(t, service.URL)
			if c.want == nil {
				if got != nil || logged != "" {
					t.Errorf("error %v, logged %s", got, logged)
				}
				return
			}
			var declined *notify.Declined
			if !errors.As(got, &declined) || declined.Final != c.want.Final || declined.RetryAfter != c.want.RetryAfter {
				t.Errorf("it gave %+v", got)
			}
			if strings.Contains(logged, `"final":true`) != c.want.Final || !strings.Contains(logged, `"id":"n1"`) {
				t.Errorf("logged %s", logged)
			}
		})
	}
}

func TestOfflineWebhookThatIsNotThere(t *testing.T) {
	service := httptest.NewServer(nil)
	service.Close()
	logged, err := callOffline(t, service.URL)
	if declined := (*notify.Declined)(nil); err == nil || errors.As(err, &declined) || !strings.Contains(logged, `"final":false`) {
		t.Errorf("it gave %v, logged %s", err, logged)
	}
}

// callOffline calls the webhook at a URL with a secret in it and a key.
func callOffline(t *testing.T, url string) (logged string, _ error) {
	t.Helper()
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte("sesame"), 0o600); err != nil {
		t.Fatal(err)
	}
	var lines bytes.Buffer
	a := &App{settings: &Settings{hooks: localHooks()}, log: slog.New(slog.NewJSONHandler(&lines, nil))}
	err := a.offlineWebhook(v1alpha1.OfflineWebhook{URL: url + "?sesame", SecretFile: key})(t.Context(), "n1", []byte("{}"))
	if strings.Contains(lines.String(), "sesame") {
		t.Errorf("the log tells secrets: %s", &lines)
	}
	return lines.String(), err
}

// localHooks reach the services of tests, which listen on this machine.
func localHooks() *hooks {
	return newHooks(&v1alpha1.RuntimeConfig{Webhooks: v1alpha1.Webhooks{AllowCIDRs: []string{"127.0.0.0/8", "::1/128"}}})
}
