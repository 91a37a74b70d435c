package status

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
)

// RedisReady follows what the pods report of their probes: a Redis that runs and
// that nobody can use is not ready.
func RedisReady(o Observed) metav1.Condition {
	address := desired.RedisAddress(o.Cluster)
	if desired.Managed(o.Cluster) && (o.Redis == nil || o.Redis.Status.ReadyReplicas == 0) {
		return no(v1alpha1.ReasonRedisStarting, fmt.Sprintf("StatefulSet %s has no ready pod yet", desired.RedisName(o.Cluster)))
	}
	reports, well := 0, 0
	var failing *Pod
	for i, p := range o.Pods {
		switch {
		case p.Going || p.Report == nil:
		case p.Report.Redis.Healthy:
			reports++
			well++
		default:
			reports++
			failing = &o.Pods[i]
		}
	}
	switch {
	case reports == 0:
		return unknown(v1alpha1.ReasonRedisNotReported, "no server pod has told yet whether it reaches Redis at "+address)
	case failing != nil:
		why := failing.Report.Redis.Error
		return no(redisReason(why), fmt.Sprintf("%d of %d pods cannot use Redis at %s; pod %s says: %s", reports-well, reports, address, failing.Name, why))
	}
	return yes(v1alpha1.ReasonRedisReachable, fmt.Sprintf("all %d pods that report use Redis at %s", reports, address))
}

// redisReason sorts what Redis or the client says by what has to be changed.
func redisReason(text string) string {
	for _, group := range []struct {
		reason string
		signs  []string
	}{
		{v1alpha1.ReasonRedisAuthFailed, []string{"NOAUTH", "WRONGPASS", "NOPERM", "invalid username-password"}},
		{v1alpha1.ReasonRedisNotWritable, []string{"READONLY", "OOM ", "MISCONF", "NOREPLICAS"}},
		{v1alpha1.ReasonRedisWrongTopology, []string{"MOVED", "CLUSTERDOWN", "CROSSSLOT", "cluster support disabled", "No such master", "unknown command 'sentinel'", "unknown command `sentinel`"}},
	} {
		for _, sign := range group.signs {
			if strings.Contains(strings.ToLower(text), strings.ToLower(sign)) {
				return group.reason
			}
		}
	}
	return v1alpha1.ReasonRedisUnreachable
}
