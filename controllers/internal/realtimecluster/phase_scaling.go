package realtimecluster

import (
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
	"github.com/anteroom/anteroom/controllers/internal/status"
)

// shrinkClock records since when a cluster could do with fewer pods. A restarted operator starts
// the stabilization time again.
type shrinkClock struct {
	mu    sync.Mutex
	since map[types.NamespacedName]time.Time
}

// waited returns for how long fewer pods have been enough.
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

// scaling holds the number of pods that the cluster should have, and the replicas of the
// Deployment, which stay higher while surplus pods drain.
type scaling struct {
	wanted   int32
	deployed int32
}

// scale decides the number of pods: spec.replicas, which a user or an autoscaler sets through
// /scale, or in mode Connections a number that follows the load.
func (s *scope) scale(found observation) scaling {
	wanted := found.replicas
	if s.cluster.Spec.Scaling.Mode == v1alpha1.ScalingConnections {
		wanted = s.replicasByLoad(found)
	}
	return scaling{wanted: wanted, deployed: wanted}
}

func (s *scope) replicasByLoad(found observation) int32 {
	load := s.load(found)
	wanted := desired.ReplicasByLoad(s.cluster, load)
	// Draining pods show that the stabilization time has already passed.
	draining := slices.ContainsFunc(found.pods, func(p status.Pod) bool { return p.Leaving && !p.Going })
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

// load sums the reported connections. A pod that neither is ready nor reports counts as empty,
// unless no pod reports or the pods were not polled yet: then its load is unknown.
func (s *scope) load(found observation) desired.Load {
	load := desired.Load{Current: *s.cluster.Spec.Replicas}
	if found.servers != nil {
		load.Current = *found.servers.Spec.Replicas
	}
	known := s.Reports.HasSynced() && slices.ContainsFunc(found.pods, func(p status.Pod) bool { return p.Report != nil })
	for _, p := range found.pods {
		switch {
		case p.Report != nil:
			load.Connections += int64(p.Report.Connections)
		case p.Ready || !known:
			load.Unknown++
		}
	}
	return load
}
