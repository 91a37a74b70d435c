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
		t.Errorf("it remembers %s of what it was to forget", got)
	}
}

// begun are reports of which is only known whether all pods were asked.
type begun bool

func (begun) Get(*corev1.Pod) *configv1.ServerStatus { return nil }

func (b begun) HasSynced() bool { return bool(b) }

func (begun) Drain(*corev1.Pod, string) {}

func (begun) Serve(*corev1.Pod, string) {}

func TestLoad(t *testing.T) {
	replicas, report := int32(4), &configv1.ServerStatus{Connections: 7}
	for name, tc := range map[string]struct {
		asked bool
		pod   status.Pod
		want  desired.Load
	}{
		"reports":                  {true, status.Pod{Ready: true, Report: report}, desired.Load{Connections: 14}},
		"reports, not ready":       {true, status.Pod{Report: report}, desired.Load{Connections: 14}},
		"ready and silent":         {true, status.Pod{Ready: true}, desired.Load{Connections: 7, Unknown: 1}},
		"never starts":             {true, status.Pod{Problem: "CrashLoopBackOff"}, desired.Load{Connections: 7}},
		"going, on a dead node":    {true, status.Pod{Going: true}, desired.Load{Connections: 7}},
		"not ready, but not asked": {false, status.Pod{}, desired.Load{Connections: 7, Unknown: 1}},
	} {
		s := &scope{Reconciler: &Reconciler{Reports: begun(tc.asked)}, cluster: &v1alpha1.RealtimeCluster{}}
		s.cluster.Spec.Replicas = &replicas
		s.observed.Pods = []status.Pod{{Name: "a", Ready: true, Report: report}, tc.pod}
		tc.want.Current = replicas
		if got := s.load(); got != tc.want {
			t.Errorf("%s: %+v, want %+v", name, got, tc.want)
		}
		s.observed.Pods = []status.Pod{{Name: "a"}, {Name: "b"}}
		if got, want := s.load(), (desired.Load{Current: replicas, Unknown: 2}); got != want {
			t.Errorf("none reports: %+v, want %+v", got, want)
		}
	}
}
