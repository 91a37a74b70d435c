package realtimecluster

import (
	"context"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
	"github.com/anteroom/anteroom/controllers/internal/status"
)

// shrinkClock remembers since when fewer pods would be enough for a cluster. It is
// lost with the operator, which then waits the whole time again.
type shrinkClock struct {
	mu    sync.Mutex
	since map[types.NamespacedName]time.Time
}

// waited says how long fewer pods have been enough.
func (c *shrinkClock) waited(key types.NamespacedName, enough bool, now time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !enough {
		delete(c.since, key)
		return 0
	}
	if c.since == nil {
		c.since = map[types.NamespacedName]time.Time{}
	}
	if _, ok := c.since[key]; !ok {
		c.since[key] = now
	}
	return now.Sub(c.since[key])
}

func (c *shrinkClock) forget(key types.NamespacedName) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.since, key)
}

// scale decides the number of pods: spec.replicas, which a person or an autoscaler sets through
// /scale, or in mode Connections a number that follows the load.
func (s *scope) scale(context.Context) error {
	if s.cluster.Spec.Scaling.Mode == v1alpha1.ScalingConnections {
		s.observed.Replicas = s.replicasByLoad()
	}
	s.replicas = s.observed.Replicas
	return nil
}

func (s *scope) replicasByLoad() int32 {
	load := s.load()
	wanted := desired.ReplicasByLoad(s.cluster, load)
	// Some pods may be on their way out already: fewer have been enough for long enough.
	draining := slices.ContainsFunc(s.observed.Pods, func(p status.Pod) bool { return p.Leaving && !p.Going })
	key := client.ObjectKeyFromObject(s.cluster)
	stabilization := s.cluster.Spec.Scaling.ScaleDown.Stabilization.Duration
	waited := s.shrink.waited(key, wanted < load.Current, time.Now())
	if wanted >= load.Current {
		return wanted
	}
	if waited < stabilization && !draining {
		s.requeueAfter(stabilization - waited)
		return load.Current
	}
	return max(wanted, load.Current-max(s.cluster.Spec.Scaling.ScaleDown.MaxPodsPerStep, 1))
}

// load is what the pods that were observed report. A pod that is not ready and does not
// report has no clients; but not when none reports, or before they were asked: then
// nothing is known of any.
func (s *scope) load() desired.Load {
	load := desired.Load{Current: *s.cluster.Spec.Replicas}
	if s.observed.Servers != nil {
		load.Current = *s.observed.Servers.Spec.Replicas
	}
	known := s.Reports.HasSynced() && slices.ContainsFunc(s.observed.Pods, func(p status.Pod) bool { return p.Report != nil })
	for _, p := range s.observed.Pods {
		switch {
		case p.Report != nil:
			load.Connections += int64(p.Report.Connections)
		case p.Ready || !known:
			load.Unknown++
		}
	}
	return load
}
