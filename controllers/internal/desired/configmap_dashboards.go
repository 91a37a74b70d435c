package desired

import (
	_ "embed"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// keyDashboard is the file of the dashboard. Grafana's sidecar puts the files of all ConfigMaps
// into a single folder, so the key begins with the names of the cluster.
const keyDashboard = "anteroom.json"

//go:embed dashboards/anteroom.json
var dashboard string

// DashboardsConfigMap holds the Grafana dashboard, which serves any number of clusters; nil when it
// is disabled.
func DashboardsConfigMap(c *v1alpha1.RealtimeCluster) *corev1.ConfigMap {
	spec := c.Spec.Observability.Dashboards
	if !spec.Enabled {
		return nil
	}
	m := &corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: objectMeta(c, ComponentServer, DashboardsConfigMapName(c)),
		Data:       map[string]string{c.Namespace + "-" + c.Name + "-" + keyDashboard: dashboard},
	}
	m.Labels = merged(spec.Labels, m.Labels)
	return m
}
