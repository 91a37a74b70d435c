package exposure

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
)

// BackendTrafficPolicyKind is a kind of Envoy Gateway.
var BackendTrafficPolicyKind = schema.GroupVersionKind{Group: "gateway.envoyproxy.io", Version: "v1alpha1", Kind: "BackendTrafficPolicy"}

// envoyGateway writes the time-outs that a route cannot express. Where the route has no session
// persistence, it writes a cookie that is hashed to a pod; such a cookie may lead to another pod
// when the number of pods changes.
func envoyGateway(s settings, needsAffinity bool, out *Exposure) {
	spec := map[string]any{
		"targetRefs": []any{map[string]any{"group": gatewayGroup, "kind": HTTPRouteKind.Kind, "name": desired.ExposureName(s.cluster)}},
		"timeout": map[string]any{"http": map[string]any{
			"requestTimeout": "0s", "connectionIdleTimeout": s.withSeconds(),
		}},
	}
	if needsAffinity && s.cookie.wanted && policyWanted(s.spec.Gateway.SessionPersistence) {
		spec["loadBalancer"] = map[string]any{
			"type":           "ConsistentHash",
			"consistentHash": map[string]any{"type": "Cookie", "cookie": hashCookie(s)},
		}
	}
	out.Objects = append(out.Objects, desired.Unstructured(s.cluster, BackendTrafficPolicyKind, desired.ExposureName(s.cluster), nil, nil, spec))
}

func policyWanted(way v1alpha1.SessionPersistence) bool {
	return way == v1alpha1.PersistenceAuto || way == v1alpha1.PersistencePolicy
}

func hashCookie(s settings) map[string]any {
	attributes := map[string]any{"Path": s.path}
	if s.cookie.sameSite != "" {
		attributes["SameSite"] = string(s.cookie.sameSite)
	}
	if s.cookie.secure {
		attributes["Secure"] = "true"
	}
	fields := map[string]any{"name": s.cookie.name, "attributes": attributes}
	if s.cookie.ttl > 0 {
		fields["ttl"] = seconds(s.cookie.ttl) + "s"
	}
	return fields
}
