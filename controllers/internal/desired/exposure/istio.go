package exposure

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
)

// DestinationRuleKind is Istio's own kind.
var DestinationRuleKind = schema.GroupVersionKind{Group: "networking.istio.io", Version: "v1", Kind: "DestinationRule"}

// istio writes a cookie that is hashed to a pod, where the route has no session
// persistence. Its gateways let connections be idle as long as they like, so there is
// no time-out to write.
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
	cookie := map[string]any{"name": s.cookie.name, "path": s.path, "ttl": seconds(s.cookie.ttl) + "s"} // 0s: as long as the browser runs
	spec := map[string]any{
		"host": s.service + "." + s.cluster.Namespace + ".svc.cluster.local",
		"trafficPolicy": map[string]any{"loadBalancer": map[string]any{
			"consistentHash": map[string]any{"httpCookie": cookie},
		}},
	}
	out.Objects = append(out.Objects, desired.Unstructured(s.cluster, DestinationRuleKind, desired.ExposureName(s.cluster), nil, nil, spec))
}

// ownPolicy reports whether the operator knows a policy kind of the implementation.
func ownPolicy(g v1alpha1.GatewayImplementation) bool {
	return g == v1alpha1.GatewayEnvoyGateway || g == v1alpha1.GatewayIstio
}
