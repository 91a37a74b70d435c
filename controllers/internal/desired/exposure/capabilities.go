package exposure

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

// PersistenceShape is the form of session persistence in the installed HTTPRoute.
type PersistenceShape string

// The shapes.
const (
	// ShapeNone: the standard channel, without session persistence.
	ShapeNone PersistenceShape = ""
	// ShapeSessionName: the experimental channel up to 1.6, with sessionName and cookieConfig.
	ShapeSessionName PersistenceShape = "SessionName"
	// ShapeCookie: the experimental channel from 1.7 on, with cookie.
	ShapeCookie PersistenceShape = "Cookie"
)

// Capabilities are the relevant capabilities of the installed Gateway API.
type Capabilities struct {
	Persistence PersistenceShape
}

// CapabilitiesOf reads the schema of the installed HTTPRoute CRD.
func CapabilitiesOf(crd map[string]any) Capabilities {
	versions, _, _ := unstructured.NestedSlice(crd, "spec", "versions")
	for _, v := range versions {
		version, ok := v.(map[string]any)
		if !ok || version["name"] != HTTPRouteKind.Version {
			continue
		}
		fields, found, _ := unstructured.NestedMap(version, "schema", "openAPIV3Schema", "properties", "spec", "properties",
			"rules", "items", "properties", "sessionPersistence", "properties")
		if !found {
			continue
		}
		if _, ok := fields["sessionName"]; ok {
			return Capabilities{Persistence: ShapeSessionName}
		}
		if _, ok := fields["cookie"]; ok {
			return Capabilities{Persistence: ShapeCookie}
		}
	}
	return Capabilities{}
}
