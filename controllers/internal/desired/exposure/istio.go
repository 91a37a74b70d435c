package exposure

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
)

// DestinationRuleKind is a kind of Istio.
var DestinationRuleKind = schema.GroupVersionKind{Group: "networking.istio.io", Version: "v1", Kind: "DestinationRule"}

// istio writes a cookie that is hashed to a pod, where the route has no session persistence.
// Istio's gateways have no idle time-out for connections, so none is written.
func istio(s settings, needsAffinity bool, out *Exposure) {
	if !needsAffinity || !s.cookie.wanted || !policyWanted(s.spec.Gateway.SessionPersistence) {
		return
	}
	out.miss("exposure.affinity: Istio's cookie leads to another pod when pods come or go; pods hand polling requests on to each other")
	if s.cookie.sameSite != "" {
		out.miss("exposure.affinity.sameSite: a DestinationRule's cookie has no field for it")
	}
	if s.cookie.secure {
		out.miss("exposure.affinity.secure: a DestinationRule's cookie has no field for it")
	}
	cookie := map[string]any{"name": s.cookie.name, "path": s.path, "ttl": seconds(s.cookie.ttl) + "s"} // 0s means a session cookie
	spec := map[string]any{
		"host": s.service + "." + s.cluster.Namespace + ".svc.cluster.local",
		"trafficPolicy": map[string]any{"loadBalancer": map[string]any{
			"consistentHash": map[string]any{"httpCookie": cookie},
		}},
	}
	out.Objects = append(out.Objects, desired.Unstructured(s.cluster, DestinationRuleKind, desired.ExposureName(s.cluster), nil, nil, spec))
}

// ownPolicy reports whether the operator supports a policy kind of the implementation.
func ownPolicy(g v1alpha1.GatewayImplementation) bool {
	return g == v1alpha1.GatewayEnvoyGateway || g == v1alpha1.GatewayIstio
}
