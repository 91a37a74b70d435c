package app

import (
	"crypto/subtle"
	"net/http"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/runtime/internal/edge/adminui"
	"github.com/anteroom/anteroom/runtime/internal/edge/admission"
	"github.com/anteroom/anteroom/runtime/internal/edge/pages"
	"github.com/anteroom/anteroom/runtime/internal/infra/observe"
)

func (a *App) adminHandler() http.Handler {
	mux := http.NewServeMux()
	c := a.settings.config
	mux.Handle("/", a.observed().Handler())
	mux.Handle("PUT "+v1alpha1.DrainPath, a.authorized("admin token", c.Admin.TokenFile, a.beginDrain))
	mux.Handle("DELETE "+v1alpha1.DrainPath, a.authorized("admin token", c.Admin.TokenFile, a.takeDrainBack))
	mux.Handle(v1alpha1.DashboardPath, pages.Dashboard())
	mux.Handle("GET "+v1alpha1.DashboardPath+"fleet.json", a.authorized("token of the server API", c.API.TokenFile, a.fleetStatus))
	if a.looking != nil {
		mux.Handle(adminui.Path, a.looking)
	}
	return mux
}

func (a *App) observed() observe.Admin {
	return observe.Admin{Checks: a.checks, Status: a.status, Registry: a.registry}
}

// authorized lets through who brings the token of a file; without a file, nobody. What
// names the token.
func (a *App) authorized(what, file string, next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if file == "" {
			http.Error(w, "this server takes no such requests: it has no "+what, http.StatusForbidden)
			return
		}
		token, err := readCredential(file)
		if err != nil || token == "" {
			a.log.Error("the "+what+" cannot be read", "error", err)
			http.Error(w, "the "+what+" cannot be read", http.StatusInternalServerError)
			return
		}
		brought, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !bearer || subtle.ConstantTimeCompare([]byte(brought), []byte(token)) != 1 {
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "the "+what+" is missing or wrong", http.StatusUnauthorized)
			return
		}
		next(w, r)
	})
}

// beginDrain answers at once; /statusz tells how far the drain is.
func (a *App) beginDrain(w http.ResponseWriter, r *http.Request) {
	k := a.core.Load()
	if k == nil {
		admission.RetryLater(w, "this server is starting")
		return
	}
	a.drain.begin(r.Context(), k)
	w.WriteHeader(http.StatusAccepted)
}

func (a *App) takeDrainBack(w http.ResponseWriter, _ *http.Request) {
	k := a.core.Load()
	if k == nil {
		admission.RetryLater(w, "this server is starting")
		return
	}
	if err := a.drain.takeBack(k); err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// status is what the server says of itself.
func (a *App) status() v1alpha1.ServerStatus {
	s := v1alpha1.ServerStatus{
		Version:        a.settings.version,
		Cluster:        a.settings.config.Cluster,
		Pod:            a.pod,
		PolicyRevision: a.rules.revision(),
		Draining:       a.drain.on(),
		Drained:        a.drain.over(),
		StartedAt:      metav1.NewTime(a.started),
		UptimeSeconds:  int64(time.Since(a.started).Seconds()),
		Redis:          a.redis.status(),
	}
	s.Redis.Credential = a.settings.password.revision(a.settings.config.Admin.TokenFile)
	if k := a.core.Load(); k != nil {
		s.Redis.Version = k.probe.Version()
		s.Redis.MemoryPercent = memoryReport(k.headroom.Percent())
		stats := k.sessions.Stats()
		s.Connections, s.Users = stats.Connections, stats.Users
		s.Streams = k.hub.Kinds()
		s.Lobbies, s.Queues = k.figures.lobbies(), k.figures.status(time.Now())
	}
	return s
}
