package desired

import (
	"math"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// Load is what mode Connections decides by.
type Load struct {
	// Connections that are live on the pods that report.
	Connections int64
	// Current is the number of pods that is wanted now.
	Current int32
	// Unknown is how many pods may have clients and do not report. While there are any,
	// the number of pods is not lowered: their connections are not counted.
	Unknown int
}

// ReplicasByLoad is the number of pods at which each has its target of connections,
// within scaling.min and scaling.max.
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
	wanted := int32(min((l.Connections+target-1)/target, math.MaxInt32)) //nolint:gosec // bounded just here
	if l.Unknown > 0 {
		wanted = max(wanted, l.Current)
	}
	return min(max(wanted, least), most)
}
