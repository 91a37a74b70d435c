package status

import (
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
)

// Cluster returns the status for an observation. A condition keeps the time of its last change from
// the old status.
func Cluster(o Observed) v1alpha1.RealtimeClusterStatus {
	old := o.Cluster.Status
	out := v1alpha1.RealtimeClusterStatus{
		ObservedGeneration: o.Cluster.Generation,
		Selector:           labels.SelectorFromSet(desired.Selector(o.Cluster, desired.ComponentServer)).String(),
		Connections:        Connections(o.Pods),
		URL:                o.Exposure.URL,
		PolicyRevision:     o.Revision,
		Redis:              &v1alpha1.RedisStatus{Address: desired.RedisAddress(o.Cluster), Version: redisVersion(o)},
	}
	if d := o.Servers; d != nil {
		out.Replicas, out.ReadyReplicas, out.UpdatedReplicas = d.Status.Replicas, d.Status.ReadyReplicas, d.Status.UpdatedReplicas
	}
	out.Conditions = conditions(o, old.Conditions)
	return out
}

// NotReady is the status after a reconcile that failed before it observed anything: conditions
// stay, and Ready has the failure.
func NotReady(o Observed) v1alpha1.RealtimeClusterStatus {
	out := *o.Cluster.Status.DeepCopy()
	set(&out.Conditions, v1alpha1.ConditionReady, o.Cluster.Generation, Ready(o, nil))
	return out
}

// maxVersion bounds a reported version, in bytes; a longer version is ignored.
const maxVersion = 64

// redisVersion is the version of Redis that the pods report; the last known version when no pod
// reports it.
func redisVersion(o Observed) string {
	for _, p := range o.Pods {
		if !p.Going && p.Report != nil && p.Report.Redis.Version != "" && len(p.Report.Redis.Version) <= maxVersion {
			return p.Report.Redis.Version
		}
	}
	if old := o.Cluster.Status.Redis; old != nil {
		return old.Version
	}
	return ""
}

// kinds lists the conditions in the order of display. Ready is last because it depends on the
// others.
var kinds = []struct {
	name    string
	observe func(Observed) metav1.Condition
}{
	{v1alpha1.ConditionRedisReady, RedisReady},
	{v1alpha1.ConditionWorkloadAvailable, WorkloadAvailable},
	{v1alpha1.ConditionExposureReady, ExposureReady},
	{v1alpha1.ConditionPoliciesPropagated, PoliciesPropagated},
	{v1alpha1.ConditionProgressing, Progressing},
	{v1alpha1.ConditionPaused, Paused},
}

func conditions(o Observed, old []metav1.Condition) []metav1.Condition {
	out := make([]metav1.Condition, len(old))
	copy(out, old)
	now := map[string]metav1.Condition{}
	for _, k := range kinds {
		c := k.observe(o)
		now[k.name] = c
		set(&out, k.name, o.Cluster.Generation, c)
	}
	set(&out, v1alpha1.ConditionReady, o.Cluster.Generation, Ready(o, now))
	return out
}

// maxMessage bounds a condition's message, in bytes; a longer message ends with an ellipsis.
const maxMessage = 4096

func set(all *[]metav1.Condition, kind string, generation int64, c metav1.Condition) {
	c.Type, c.ObservedGeneration = kind, generation
	if len(c.Message) > maxMessage {
		c.Message = strings.ToValidUTF8(c.Message[:maxMessage], "") + " …"
	}
	meta.SetStatusCondition(all, c)
}

// Connections sums the connections that the pods report; nil when no pod reports.
func Connections(pods []Pod) *v1alpha1.ConnectionsStatus {
	var out *v1alpha1.ConnectionsStatus
	for _, p := range pods {
		if p.Report == nil {
			continue
		}
		n := int64(p.Report.Connections)
		if out == nil {
			out = &v1alpha1.ConnectionsStatus{PerPodMin: n}
		}
		out.Total += n
		out.PerPodMax = max(out.PerPodMax, n)
		out.PerPodMin = min(out.PerPodMin, n)
	}
	return out
}
