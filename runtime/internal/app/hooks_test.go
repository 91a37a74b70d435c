package app

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/runtime/internal/infra/webhook"
)

// TestHooksReachWhatIsAllowed: a service on this machine is refused by default, which is
// counted, and reached with the range of loopback in the configuration.
func TestHooksReachWhatIsAllowed(t *testing.T) {
	calls := 0
	service := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls++ }))
	defer service.Close()
	for _, tc := range []struct {
		allow   []string
		reached bool
		refused float64
	}{{nil, false, 1}, {[]string{"10.0.0.0/8"}, false, 1}, {[]string{"127.0.0.1/8"}, true, 0}} {
		h := newHooks(&v1alpha1.RuntimeConfig{Webhooks: v1alpha1.Webhooks{AllowCIDRs: tc.allow}})
		calls = 0
		_, err := webhook.Hook{URL: service.URL, Client: h.client(), Timeout: 10 * time.Second}.Post(t.Context(), webhook.Call{ID: "m", At: time.Now()})
		if (err == nil) != tc.reached || (calls == 1) != tc.reached {
			t.Errorf("allowed %v: %v after %d calls", tc.allow, err, calls)
		}
		if got := testutil.ToFloat64(h.refused.WithLabelValues("node")); got != tc.refused {
			t.Errorf("allowed %v: %v refusals are counted, want %v", tc.allow, got, tc.refused)
		}
	}
}
