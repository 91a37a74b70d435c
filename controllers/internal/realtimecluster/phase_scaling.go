package realtimecluster

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
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

// scale decides on the number of pods: that of the spec, which a person or an
// autoscaler sets through /scale, or in mode Connections one that follows the load.
func (s *scope) scale(ctx context.Context) error {
	if s.cluster.Spec.Scaling.Mode == v1alpha1.ScalingConnections {
		s.observed.Replicas = s.replicasByLoad()
	}
	if s.observed.Servers == nil || s.observed.Replicas >= *s.observed.Servers.Spec.Replicas {
		return nil
	}
	return s.priceDeletions(ctx)
}

func (s *scope) replicasByLoad() int32 {
	load := s.load()
	wanted := desired.ReplicasByLoad(s.cluster, load)
	key := client.ObjectKeyFromObject(s.cluster)
	stabilization := s.cluster.Spec.Scaling.ScaleDown.Stabilization.Duration
	waited := s.shrink.waited(key, wanted < load.Current, time.Now())
	if wanted >= load.Current {
		return wanted
	}
	if waited < stabilization {
		s.soon(stabilization - waited)
		return load.Current
	}
	s.shrink.forget(key) // the next step waits anew
	return max(wanted, load.Current-max(s.cluster.Spec.Scaling.ScaleDown.MaxPodsPerStep, 1))
}

// load is what the pods that were observed report.
func (s *scope) load() desired.Load {
	load := desired.Load{Current: *s.cluster.Spec.Replicas}
	if s.observed.Servers != nil {
		load.Current = *s.observed.Servers.Spec.Replicas
	}
	for _, p := range s.observed.Pods {
		if p.Report == nil {
			load.Unknown++
			continue
		}
		load.Connections += int64(p.Report.Connections)
	}
	return load
}

// priceDeletions tells the Deployment's controller which pods to take: those with
// the fewest connections. It is done before the number of pods is lowered.
func (s *scope) priceDeletions(ctx context.Context) error {
	pods, err := s.serverPods(ctx)
	if err != nil {
		return err
	}
	var failures []error
	for i := range pods {
		cost := "0"
		if r := s.Reports.Of(&pods[i]); r != nil {
			cost = strconv.Itoa(r.Connections)
		}
		if pods[i].Annotations[corev1.PodDeletionCost] != cost && pods[i].DeletionTimestamp.IsZero() {
			failures = append(failures, s.annotate(ctx, &pods[i], corev1.PodDeletionCost, cost))
		}
	}
	return errors.Join(failures...)
}
