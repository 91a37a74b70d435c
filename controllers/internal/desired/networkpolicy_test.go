package desired

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// openPorts may be reached by everyone by default: clients come from anywhere, and each
// call of the server API brings a token.
var openPorts = map[int32]bool{PortClient: true, PortAPI: true}

// TestEveryPortHasARule: each port of the pods has a rule by default, and a port that is
// not declared open lets in only the pods that need it.
func TestEveryPortHasARule(t *testing.T) {
	c := &v1alpha1.RealtimeCluster{}
	c.Namespace, c.Name = "games", "arena"
	servers, err := NetworkPolicy(c)
	if err != nil || servers == nil {
		t.Fatalf("no policy by default: %v", err)
	}
	deployment, err := Deployment(c, Workload{Image: "server", Replicas: 1})
	if err != nil {
		t.Fatal(err)
	}
	server, operator := Labels(c, ComponentServer), map[string]string{"app.kubernetes.io/name": managedBy}
	prometheus, stranger := map[string]string{"app.kubernetes.io/name": "prometheus"}, map[string]string{"app": "x"}
	for _, tc := range []struct {
		policy *networkingv1.NetworkPolicy
		pod    corev1.PodSpec
	}{
		{servers, deployment.Spec.Template.Spec},
		{RedisNetworkPolicy(c), RedisStatefulSet(c, RedisWorkload{Image: "redis"}).Spec.Template.Spec},
	} {
		for _, port := range tc.pod.Containers[0].Ports {
			n := port.ContainerPort
			for _, from := range []struct {
				name   string
				labels map[string]string
				own    bool
				want   bool
			}{
				{"a server of the cluster", server, true, openPorts[n] || n == PortPeer || n == PortRedis},
				{"a server of another namespace", server, false, openPorts[n]},
				{"a pod of the namespace", stranger, true, openPorts[n]},
				{"a pod of another namespace", stranger, false, openPorts[n]},
				{"the operator", operator, false, openPorts[n] || n == PortAdmin},
				{"Prometheus", prometheus, false, openPorts[n] || n == PortAdmin},
			} {
				if got := lets(t, tc.policy, n, from.labels, from.own); got != from.want {
					t.Errorf("port %s of %s: %s is let in: %t, want %t", port.Name, tc.policy.Name, from.name, got, from.want)
				}
			}
		}
	}
}

// lets reports whether a policy allows a pod to reach a port.
func lets(t *testing.T, policy *networkingv1.NetworkPolicy, port int32, pod map[string]string, sameNamespace bool) bool {
	t.Helper()
	for _, rule := range policy.Spec.Ingress {
		if rule.Ports[0].Port.IntVal != port {
			continue
		}
		if len(rule.From) == 0 {
			return true
		}
		for _, peer := range rule.From {
			picks, err := metav1.LabelSelectorAsSelector(peer.PodSelector)
			if err != nil {
				t.Fatal(err)
			}
			if (sameNamespace || peer.NamespaceSelector != nil) && picks.Matches(labels.Set(pod)) {
				return true
			}
		}
	}
	return false
}

func TestNetworkPoliciesAreTurnedOffByField(t *testing.T) {
	c := &v1alpha1.RealtimeCluster{}
	c.Spec.NetworkPolicy.Enabled = new(false)
	if policy, err := NetworkPolicy(c); policy != nil || err != nil {
		t.Errorf("%v, %v", policy, err)
	}
	if policy := RedisNetworkPolicy(c); policy != nil {
		t.Errorf("Redis: %v", policy)
	}
}
