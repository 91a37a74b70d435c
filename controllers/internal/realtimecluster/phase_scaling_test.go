package realtimecluster

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
	"github.com/anteroom/anteroom/controllers/internal/status"
)

func TestShrinkClock(t *testing.T) {
	var clock shrinkClock
	key, start := types.NamespacedName{Name: "arena"}, time.Now()
	for _, step := range []struct {
		after  time.Duration
		enough bool
		want   time.Duration
	}{
		{0, true, 0}, {3 * time.Second, true, 3 * time.Second},
		{4 * time.Second, false, 0}, {5 * time.Second, true, 0}, {9 * time.Second, true, 4 * time.Second},
	} {
		if got := clock.waited(key, step.enough, start.Add(step.after)); got != step.want {
			t.Errorf("after %s: waited %s, want %s", step.after, got, step.want)
		}
	}
	clock.forget(key)
	if got := clock.waited(key, true, start.Add(time.Hour)); got != 0 {
		t.Errorf("waited %s after forget, want 0s", got)
	}
}

// synced is a Reports without reports: only HasSynced has a meaning.
type synced bool

func (synced) Get(*corev1.Pod) *configv1.ServerStatus { return nil }

func (b synced) HasSynced() bool { return bool(b) }

func (synced) Drain(*corev1.Pod, string) {}

func (synced) Serve(*corev1.Pod, string) {}

func TestLoad(t *testing.T) {
	replicas, report := int32(4), &configv1.ServerStatus{Connections: 7}
	for name, tc := range map[string]struct {
		synced bool
		pod    status.Pod
		want   desired.Load
	}{
		"reports":                   {true, status.Pod{Ready: true, Report: report}, desired.Load{Connections: 14}},
		"reports, not ready":        {true, status.Pod{Report: report}, desired.Load{Connections: 14}},
		"ready and silent":          {true, status.Pod{Ready: true}, desired.Load{Connections: 7, Unknown: 1}},
		"never starts":              {true, status.Pod{Problem: "CrashLoopBackOff"}, desired.Load{Connections: 7}},
		"going, on a dead node":     {true, status.Pod{Going: true}, desired.Load{Connections: 7}},
		"not ready, not polled yet": {false, status.Pod{}, desired.Load{Connections: 7, Unknown: 1}},
	} {
		s := &scope{Reconciler: &Reconciler{Reports: synced(tc.synced)}, cluster: &v1alpha1.RealtimeCluster{}}
		s.cluster.Spec.Replicas = &replicas
		found := observation{pods: []status.Pod{{Name: "a", Ready: true, Report: report}, tc.pod}}
		tc.want.Current = replicas
		if got := s.load(found); got != tc.want {
			t.Errorf("%s: %+v, want %+v", name, got, tc.want)
		}
		found.pods = []status.Pod{{Name: "a"}, {Name: "b"}}
		if got, want := s.load(found), (desired.Load{Current: replicas, Unknown: 2}); got != want {
			t.Errorf("none reports: %+v, want %+v", got, want)
		}
	}
}
