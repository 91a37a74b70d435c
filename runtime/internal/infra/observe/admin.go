package observe

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
)

// Admin has the parts of the admin endpoints. All are required.
type Admin struct {
	Checks   *Checks
	Status   func() v1alpha1.ServerStatus
	Registry *prometheus.Registry
}

// Handler serves the endpoints:
//
// - /livez answers 200 while the process can answer;
// - /readyz answers 200, or 503 with a line for each failing check;
// - /statusz answers with a [v1alpha1.ServerStatus] as JSON;
// - /metrics answers with the registry, as OpenMetrics for clients that request it.
func (a Admin) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", a.ready)
	mux.HandleFunc("GET "+v1alpha1.StatusPath, a.status)
	mux.Handle("GET /metrics", metricsHandler(a.Registry))
	return mux
}

func (a Admin) ready(w http.ResponseWriter, _ *http.Request) {
	if failing := a.Checks.Failing(); len(failing) > 0 {
		say(w, http.StatusServiceUnavailable, "not ready\n"+strings.Join(failing, "\n"))
		return
	}
	say(w, http.StatusOK, "ready")
}

// Told returns the answer of /statusz: the status and the failing checks.
func (a Admin) Told() v1alpha1.ServerStatus {
	status := a.Status()
	status.NotReady = a.Checks.Failing()
	status.Ready = len(status.NotReady) == 0
	return status
}

func (a Admin) status(w http.ResponseWriter, _ *http.Request) {
	body, err := json.Marshal(a.Told())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(append(body, '\n')) // a failure means that the client is gone
}

func say(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = io.WriteString(w, text+"\n") // a failure means that the client is gone
}
