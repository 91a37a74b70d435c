package desired

import (
	"math"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// Load is the input of mode Connections.
type Load struct {
	// Connections is the sum over the reporting pods.
	Connections int64
	// Current is the current number of desired pods.
	Current int32
	// Unknown is the number of pods that may have clients but do not report. While it is above
	// zero, no scale-down happens, because their connections are not counted.
	Unknown int
}

// ReplicasByLoad returns the number of pods at which each has its target of connections, between
// scaling.min and scaling.max.
func ReplicasByLoad(c *v1alpha1.RealtimeCluster, l Load) int32 {
	s := c.Spec.Scaling
	least, most := int32(1), int32(math.MaxInt32)
	if s.Min != nil {
		least = *s.Min
	}
	if s.Max != nil {
		most = *s.Max
	}
	target := int64(c.Spec.Limits.ConnectionsPerPod) * 80 / 100
	if s.TargetConnectionsPerPod != nil {
		target = int64(*s.TargetConnectionsPerPod)
	}
	target = max(target, 1)
	wanted := int32(min((l.Connections+target-1)/target, math.MaxInt32)) //nolint:gosec // bounded by min
	if l.Unknown > 0 {
		wanted = max(wanted, l.Current)
	}
	return min(max(wanted, least), most)
}
