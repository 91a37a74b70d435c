package status

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

// RouteAccepted tells whether a Gateway has accepted an HTTPRoute.
func RouteAccepted(route map[string]any) bool {
	parents, _, _ := unstructured.NestedSlice(route, "status", "parents")
	for _, p := range parents {
		parent, ok := p.(map[string]any)
		if !ok {
			continue
		}
		conditions, _, _ := unstructured.NestedSlice(parent, "conditions")
		for _, c := range conditions {
			if condition, ok := c.(map[string]any); ok && condition["type"] == "Accepted" && condition["status"] == "True" {
				return true
			}
		}
	}
	return false
}

// HTTPProxyValid tells whether Contour has found an HTTPProxy good.
func HTTPProxyValid(proxy map[string]any) bool {
	text, _, _ := unstructured.NestedString(proxy, "status", "currentStatus")
	return text == "valid"
}
