package desired

import "github.com/anteroom/anteroom/api/v1alpha1"

// The values of the recommended labels.
const (
	appName   = "anteroom"
	managedBy = "anteroom-operator"
)

// Component is a value of the label app.kubernetes.io/component.
type Component string

// The components.
const (
	// ComponentServer marks the socket servers.
	ComponentServer Component = "server"
	// ComponentRedis marks the managed Redis.
	ComponentRedis Component = "redis"
)

// Labels returns the labels of an object that belongs to a component of the cluster.
func Labels(c *v1alpha1.RealtimeCluster, component Component) map[string]string {
	return map[string]string{
		"app.kubernetes.io/name":       appName,
		"app.kubernetes.io/instance":   c.Name,
		"app.kubernetes.io/component":  string(component),
		"app.kubernetes.io/part-of":    appName,
		"app.kubernetes.io/managed-by": managedBy,
	}
}
