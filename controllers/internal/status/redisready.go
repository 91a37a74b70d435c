package status

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
)

// RedisReady follows the pods' reports of their probes: a running Redis that no pod can use is not
// ready.
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
		return unknown(v1alpha1.ReasonRedisNotReported, "no server pod has reported yet whether it reaches Redis at "+address)
	case failing != nil:
		why := failing.Report.Redis.Error
		return no(redisReason(why), fmt.Sprintf("%d of %d pods cannot use Redis at %s; pod %s says: %s", reports-well, reports, address, failing.Name, why))
	}
	if percent := memoryPercent(o.Pods); percent >= warnsFrom(o.Cluster) {
		return yes(v1alpha1.ReasonRedisMemoryHigh, memoryHigh(o.Cluster, percent))
	}
	return yes(v1alpha1.ReasonRedisReachable, fmt.Sprintf("all %d pods that report use Redis at %s", reports, address))
}

// Shares of the Redis memory limit, in percent: the condition warns from the first and stops
// warning below the second. Pods report steps of five.
const (
	memoryWarns = 80
	memoryCalms = 75
)

// warnsFrom is lower while the condition warns, so that a Redis near the bound does not cause an
// event each minute.
func warnsFrom(c *v1alpha1.RealtimeCluster) int32 {
	old := meta.FindStatusCondition(c.Status.Conditions, v1alpha1.ConditionRedisReady)
	if old != nil && old.Reason == v1alpha1.ReasonRedisMemoryHigh {
		return memoryCalms
	}
	return memoryWarns
}

// memoryPercent returns the highest share that a pod reports.
func memoryPercent(pods []Pod) (most int32) {
	for _, p := range pods {
		if !p.Going && p.Report != nil {
			most = max(most, p.Report.Redis.MemoryPercent)
		}
	}
	return most
}

// memoryHigh returns a message with the share, the consequence and the next step.
func memoryHigh(c *v1alpha1.RealtimeCluster, percent int32) string {
	step := "raise maxmemory of the Redis at " + desired.RedisAddress(c)
	if desired.Managed(c) {
		step = "raise spec.redis.managed.resources.limits.memory"
		if limit, ok := c.Spec.Redis.Managed.Resources.Limits["memory"]; ok {
			step += fmt.Sprintf(" (now %s, of which Redis uses at most %d %% for data)", limit.String(), desired.RedisMemoryShare)
		}
	}
	return fmt.Sprintf("Redis uses %d %% of its memory limit; from 90 %% on servers refuse new messages and objects, from 97 %% changes: %s, or lower spec.recovery.historySize", percent, step)
}

// redisReason maps an error of Redis or of its client to a reason, by the setting that has to
// change.
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
