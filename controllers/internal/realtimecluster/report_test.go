package realtimecluster

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// TestEventsOfConditions: a warning that leaves the condition True is an event, once.
func TestEventsOfConditions(t *testing.T) {
	redis := func(status metav1.ConditionStatus, reason string) metav1.Condition {
		return metav1.Condition{Type: v1alpha1.ConditionRedisReady, Status: status, Reason: reason}
	}
	fine, high := redis(metav1.ConditionTrue, v1alpha1.ReasonRedisReachable), redis(metav1.ConditionTrue, v1alpha1.ReasonRedisMemoryHigh)
	down := redis(metav1.ConditionFalse, v1alpha1.ReasonRedisUnreachable)
	for name, tc := range map[string]struct {
		old  *metav1.Condition
		now  metav1.Condition
		want string
	}{
		"first and fine":   {nil, fine, ""},
		"first and high":   {nil, high, "Warning"},
		"it fills":         {&fine, high, "Warning"},
		"it stays high":    {&high, high, ""},
		"it has room":      {&high, fine, ""},
		"it goes":          {&fine, down, "Warning"},
		"it is back, high": {&down, high, "Warning"},
		"it is back":       {&down, fine, "Normal"},
	} {
		got := ""
		if transition(tc.old, tc.now) {
			got = eventType(tc.now)
		}
		if got != tc.want {
			t.Errorf("%s: event %q, want %q", name, got, tc.want)
		}
	}
}
