package desired

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// PodMonitorKind is a kind of the Prometheus operator.
var PodMonitorKind = schema.GroupVersionKind{Group: "monitoring.coreos.com", Version: "v1", Kind: "PodMonitor"}

// PodMonitor makes Prometheus scrape the server pods; nil when it is disabled.
func PodMonitor(c *v1alpha1.RealtimeCluster) *unstructured.Unstructured {
	spec := c.Spec.Observability.PodMonitor
	if !spec.Enabled {
		return nil
	}
	endpoint := map[string]any{"port": PortNameAdmin, "path": "/metrics"}
	if spec.Interval.Duration > 0 {
		endpoint["interval"] = spec.Interval.Duration.String()
	}
	return Unstructured(c, PodMonitorKind, WorkloadName(c), spec.Labels, nil, map[string]any{
		"selector":            map[string]any{"matchLabels": anyMap(Selector(c, ComponentServer))},
		"podMetricsEndpoints": []any{endpoint},
	})
}

// Unstructured returns an object of a kind outside of k8s.io/api. The operator's own labels take
// precedence over the given labels.
func Unstructured(c *v1alpha1.RealtimeCluster, kind schema.GroupVersionKind, name string, labels, annotations map[string]string, spec map[string]any) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	u.SetGroupVersionKind(kind)
	u.SetNamespace(c.Namespace)
	u.SetName(name)
	u.SetLabels(merged(labels, Labels(c, ComponentServer)))
	u.SetAnnotations(merged(annotations))
	return u
}

func anyMap(m map[string]string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}
