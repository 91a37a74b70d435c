package app

import (
	"net/http"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/runtime/internal/observe"
)

func (a *App) adminHandler() http.Handler {
	return observe.Admin{Checks: a.checks, Status: a.status, Registry: a.registry}.Handler()
}

// status is what the server says of itself.
func (a *App) status() v1alpha1.ServerStatus {
	s := v1alpha1.ServerStatus{
		Version:        a.settings.version,
		Cluster:        a.settings.config.Cluster,
		Pod:            a.pod,
		PolicyRevision: a.rules.revision(),
		Draining:       a.draining.Load(),
		StartedAt:      metav1.NewTime(a.started),
		UptimeSeconds:  int64(time.Since(a.started).Seconds()),
		Redis:          a.redis.status(),
	}
	if k := a.core.Load(); k != nil {
		stats := k.sessions.Stats()
		s.Connections, s.Users = stats.Connections, stats.Users
	}
	return s
}
