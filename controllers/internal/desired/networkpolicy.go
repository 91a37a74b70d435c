package desired

import (
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// scrapers are the values of the label app.kubernetes.io/name in the charts of the common programs
// that scrape metrics.
var scrapers = []string{"alloy", "grafana-agent", "opentelemetry-collector", "prometheus", "vmagent"}

// NetworkPolicy lists the allowed sources for each port of the server pods: clients for the
// client port, Prometheus and the operator for the admin port, pods of the cluster for the peer
// port, back ends for the server API. It is nil when it is turned off. Egress is not restricted.
func NetworkPolicy(c *v1alpha1.RealtimeCluster) (*networkingv1.NetworkPolicy, error) {
	spec := c.Spec.NetworkPolicy
	if !enabled(spec.Enabled) {
		return nil, nil
	}
	clients, err := convert[[]networkingv1.NetworkPolicyPeer](spec.ClientsFrom)
	if err != nil {
		return nil, err
	}
	admin, err := adminPeers(spec.MetricsFrom)
	if err != nil {
		return nil, err
	}
	rules := []networkingv1.NetworkPolicyIngressRule{
		{From: clients, Ports: tcp(PortClient)},
		{From: admin, Ports: tcp(PortAdmin)},
		{From: []networkingv1.NetworkPolicyPeer{podsOf(c, ComponentServer)}, Ports: tcp(PortPeer)},
	}
	if enabled(c.Spec.API.Enabled) {
		from, err := convert[[]networkingv1.NetworkPolicyPeer](spec.APIFrom)
		if err != nil {
			return nil, err
		}
		rules = append(rules, networkingv1.NetworkPolicyIngressRule{From: from, Ports: tcp(PortAPI)})
	}
	return networkPolicy(c, ComponentServer, WorkloadName(c), rules), nil
}

// adminPeers returns the named peers, or the common scrapers, and the operator.
func adminPeers(from []v1alpha1.NetworkPeer) ([]networkingv1.NetworkPolicyPeer, error) {
	if len(from) == 0 {
		return []networkingv1.NetworkPolicyPeer{{
			NamespaceSelector: &metav1.LabelSelector{},
			PodSelector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
				{Key: "app.kubernetes.io/name", Operator: metav1.LabelSelectorOpIn, Values: scrapers},
			}},
		}, operatorPods()}, nil
	}
	peers, err := convert[[]networkingv1.NetworkPolicyPeer](from)
	return append(peers, operatorPods()), err
}

// RedisNetworkPolicy allows only the cluster's server pods to reach the managed Redis; nil when
// there is no managed Redis or the policy is disabled.
func RedisNetworkPolicy(c *v1alpha1.RealtimeCluster) *networkingv1.NetworkPolicy {
	if !enabled(c.Spec.NetworkPolicy.Enabled) || !Managed(c) {
		return nil
	}
	return networkPolicy(c, ComponentRedis, RedisName(c), []networkingv1.NetworkPolicyIngressRule{{
		From: []networkingv1.NetworkPolicyPeer{podsOf(c, ComponentServer)}, Ports: tcp(PortRedis),
	}})
}

func networkPolicy(c *v1alpha1.RealtimeCluster, component Component, name string, rules []networkingv1.NetworkPolicyIngressRule) *networkingv1.NetworkPolicy {
	return &networkingv1.NetworkPolicy{
		TypeMeta:   metav1.TypeMeta{APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy"},
		ObjectMeta: objectMeta(c, component, name),
		Spec: networkingv1.NetworkPolicySpec{
			PodSelector: metav1.LabelSelector{MatchLabels: Selector(c, component)},
			PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress},
			Ingress:     rules,
		},
	}
}

func podsOf(c *v1alpha1.RealtimeCluster, component Component) networkingv1.NetworkPolicyPeer {
	return networkingv1.NetworkPolicyPeer{PodSelector: &metav1.LabelSelector{MatchLabels: Selector(c, component)}}
}

// operatorPods selects the operator's pods in any namespace.
func operatorPods() networkingv1.NetworkPolicyPeer {
	return networkingv1.NetworkPolicyPeer{
		NamespaceSelector: &metav1.LabelSelector{},
		PodSelector:       &metav1.LabelSelector{MatchLabels: map[string]string{"app.kubernetes.io/name": managedBy}},
	}
}

func tcp(port int32) []networkingv1.NetworkPolicyPort {
	return []networkingv1.NetworkPolicyPort{{Protocol: ptr(corev1.ProtocolTCP), Port: ptr(intstr.FromInt32(port))}}
}
