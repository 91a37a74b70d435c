package status

import (
	"cmp"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/anteroom/anteroom/controllers/internal/desired/exposure"
)

// RouteAccepted reports whether every parent of an HTTPRoute accepted its current generation.
func RouteAccepted(route map[string]any) bool {
	wanted, _, _ := unstructured.NestedSlice(route, "spec", "parentRefs")
	parents, _, _ := unstructured.NestedSlice(route, "status", "parents")
	accepted := map[parent]bool{}
	for _, p := range parents {
		if entry, ok := p.(map[string]any); ok && acceptedNow(route, entry) {
			accepted[parentOf(route, entry["parentRef"])] = true
		}
	}
	for _, ref := range wanted {
		if !accepted[parentOf(route, ref)] {
			return false
		}
	}
	return len(wanted) > 0
}

// parent is a route's parentRef, with the defaults of absent fields.
type parent struct {
	group, kind, namespace, name, section string
	port                                  int64
}

func parentOf(route map[string]any, ref any) parent {
	fields, _ := ref.(map[string]any)
	text := func(field string) string {
		value, _, _ := unstructured.NestedString(fields, field)
		return value
	}
	namespace, _, _ := unstructured.NestedString(route, "metadata", "namespace")
	port, _, _ := unstructured.NestedInt64(fields, "port")
	return parent{
		group: cmp.Or(text("group"), exposure.HTTPRouteKind.Group), kind: cmp.Or(text("kind"), "Gateway"),
		namespace: cmp.Or(text("namespace"), namespace), name: text("name"), section: text("sectionName"), port: port,
	}
}

// acceptedNow reports whether a parent's status accepts the current generation of the route.
func acceptedNow(route, parent map[string]any) bool {
	generation, _, _ := unstructured.NestedInt64(route, "metadata", "generation")
	conditions, _, _ := unstructured.NestedSlice(parent, "conditions")
	return slices.ContainsFunc(conditions, func(c any) bool {
		condition, ok := c.(map[string]any)
		if !ok || condition["type"] != "Accepted" || condition["status"] != "True" {
			return false
		}
		observed, said, _ := unstructured.NestedInt64(condition, "observedGeneration")
		return !said || observed >= generation
	})
}

// HTTPProxyValid reports whether Contour accepted an HTTPProxy.
func HTTPProxyValid(proxy map[string]any) bool {
	text, _, _ := unstructured.NestedString(proxy, "status", "currentStatus")
	return text == "valid"
}
