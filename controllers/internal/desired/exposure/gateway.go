package exposure

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
)

const gatewayGroup = "gateway.networking.k8s.io"

// HTTPRouteKind is a kind of the Gateway API.
var HTTPRouteKind = schema.GroupVersionKind{Group: gatewayGroup, Version: "v1", Kind: "HTTPRoute"}

// buildGateway writes an HTTPRoute in the standard shape, with affinity where the installed API or
// the implementation supports it.
func buildGateway(s settings, installed Capabilities, out *Exposure) {
	rule := map[string]any{
		"matches":     []any{map[string]any{"path": map[string]any{"type": "PathPrefix", "value": s.path}}},
		"backendRefs": []any{map[string]any{"name": s.service, "port": int64(desired.PortService)}},
	}
	policy := ownPolicy(s.spec.Gateway.Implementation)
	inline := persistence(s, installed, policy, out)
	if inline != nil {
		rule["sessionPersistence"] = inline
	}
	spec := map[string]any{"parentRefs": parentRefs(s.spec.Gateway.ParentRefs), "rules": []any{rule}}
	if len(s.spec.Hosts) > 0 {
		spec["hostnames"] = anyStrings(s.spec.Hosts)
	}
	out.Objects = append(out.Objects, desired.Unstructured(s.cluster, HTTPRouteKind, desired.ExposureName(s.cluster), nil, nil, spec))
	switch s.spec.Gateway.Implementation {
	case v1alpha1.GatewayEnvoyGateway:
		envoyGateway(s, inline == nil, out)
		return
	case v1alpha1.GatewayIstio:
		istio(s, inline == nil, out)
		return
	}
	out.miss("exposure.idleTimeout: an HTTPRoute cannot say it for idle connections; set it where the Gateway is configured")
}

// persistence returns the session persistence of the route, or nil. Policy reports that the
// implementation's own policy can provide it instead.
func persistence(s settings, installed Capabilities, policy bool, out *Exposure) map[string]any {
	way := s.spec.Gateway.SessionPersistence
	if !s.cookie.wanted || way == v1alpha1.PersistenceNone || way == v1alpha1.PersistencePolicy && policy {
		return nil
	}
	if way == v1alpha1.PersistencePolicy {
		out.NoAffinity = true
		out.miss("exposure.gateway.sessionPersistence: the operator knows no policy for implementation %s", s.spec.Gateway.Implementation)
		return nil
	}
	if installed.Persistence != ShapeNone {
		return inlinePersistence(s, installed.Persistence, out)
	}
	if way == v1alpha1.PersistenceRouteInline {
		out.NoAffinity = true
		out.miss("exposure.gateway.sessionPersistence: the installed HTTPRoute has no sessionPersistence, which is in the experimental channel only")
		return nil
	}
	if !policy {
		out.NoAffinity = true
		out.miss("exposure.affinity: the installed HTTPRoute has no sessionPersistence; pods hand polling requests on to each other")
	}
	return nil
}

func inlinePersistence(s settings, shape PersistenceShape, out *Exposure) map[string]any {
	if s.cookie.sameSite != "" {
		out.miss("exposure.affinity.sameSite: an HTTPRoute's sessionPersistence has no field for it")
	}
	if s.cookie.secure {
		out.miss("exposure.affinity.secure: an HTTPRoute's sessionPersistence has no field for it")
	}
	lifetime := "Session"
	fields := map[string]any{"type": "Cookie"}
	if s.cookie.ttl > 0 {
		lifetime = "Permanent"
		fields["absoluteTimeout"] = seconds(s.cookie.ttl) + "s"
	}
	if shape == ShapeCookie {
		fields["cookie"] = map[string]any{"name": s.cookie.name, "path": s.path, "lifetimeType": lifetime}
		return fields
	}
	fields["sessionName"] = s.cookie.name
	fields["cookieConfig"] = map[string]any{"lifetimeType": lifetime}
	return fields
}

func parentRefs(refs []v1alpha1.ParentReference) []any {
	var out []any
	for _, r := range refs {
		ref := map[string]any{"name": r.Name}
		for field, value := range map[string]string{"group": r.Group, "kind": r.Kind, "namespace": r.Namespace, "sectionName": r.SectionName} {
			if value != "" {
				ref[field] = value
			}
		}
		if r.Port != nil {
			ref["port"] = int64(*r.Port)
		}
		out = append(out, ref)
	}
	return out
}

func anyStrings(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}
