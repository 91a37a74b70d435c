package desired

import (
	"testing"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

func TestReplicasByLoad(t *testing.T) {
	for name, tc := range map[string]struct {
		min, max, target int32
		load             Load
		want             int32
	}{
		"no connections":               {0, 0, 100, Load{Current: 3}, 1},
		"just full":                    {0, 0, 100, Load{Connections: 300}, 3},
		"one more":                     {0, 0, 100, Load{Connections: 301}, 4},
		"no less than min":             {2, 0, 100, Load{Connections: 5}, 2},
		"no more than max":             {1, 4, 100, Load{Connections: 5000}, 4},
		"80 percent of the limit":      {0, 0, 0, Load{Connections: 801}, 2},
		"a silent pod keeps the rest":  {0, 0, 100, Load{Connections: 10, Current: 3, Unknown: 1}, 3},
		"it grows with silent ones":    {0, 0, 100, Load{Connections: 500, Current: 3, Unknown: 1}, 5},
		"a silent pod and a lower max": {1, 2, 100, Load{Current: 3, Unknown: 1}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			c := &v1alpha1.RealtimeCluster{}
			c.Spec.Limits.ConnectionsPerPod = 1000
			for value, field := range map[*int32]**int32{&tc.min: &c.Spec.Scaling.Min, &tc.max: &c.Spec.Scaling.Max, &tc.target: &c.Spec.Scaling.TargetConnectionsPerPod} {
				if *value > 0 {
					*field = value
				}
			}
			if got := ReplicasByLoad(c, tc.load); got != tc.want {
				t.Errorf("got %d, want %d", got, tc.want)
			}
		})
	}
}
