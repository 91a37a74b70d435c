package realtimecluster

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
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
