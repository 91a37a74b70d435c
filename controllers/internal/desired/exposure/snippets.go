package exposure

import (
	"maps"
	"slices"
	"strings"

	"github.com/anteroom/anteroom/controllers/internal/desired"
)

// raw are the annotations, in addition to those with "snippet" in the name, by which an Ingress or
// Service writes lines of its controller's configuration. The controller serves other namespaces
// too, and its account often reads their Secrets. A user who may create a RealtimeCluster must
// therefore not write such lines unless an administrator allows it.
var raw = map[string]bool{
	// HAProxy Ingress accepts these with any prefix.
	"config-backend": true, "config-backend-early": true, "config-backend-late": true, "config-defaults": true,
	"config-frontend": true, "config-frontend-early": true, "config-frontend-late": true, "config-global": true, "config-peers": true,
	"config-proxy": true, "config-sections": true, "config-tcp": true, "config-tcp-service": true,
	// HAProxy Technologies' controller takes the text of an ACL.
	"route-acl": true,
}

// isRaw reports whether an annotation writes raw configuration lines: server-snippet,
// configuration-snippet, stream-snippet, auth-snippet and modsecurity-snippet of ingress-nginx,
// server-snippets and location-snippets of F5 NGINX, backend-config-snippet and similar ones of
// HAProxy Technologies, raw ones of haproxy-ingress, and others with such a name.
func isRaw(name string) bool {
	local := strings.ToLower(name[strings.LastIndexByte(name, '/')+1:])
	return raw[local] || strings.Contains(local, "snippet")
}

// Refuse removes the annotations that write lines of a controller's configuration from the objects,
// and lists them in Refused. These objects must not be applied: an Ingress without its snippet may
// admit requests that the snippet rejects.
func (e *Exposure) Refuse() {
	refused := map[string]bool{}
	clean := func(annotations map[string]string) map[string]string {
		annotations = maps.Clone(annotations)
		maps.DeleteFunc(annotations, func(name, _ string) bool {
			if isRaw(name) {
				refused[name] = true
			}
			return isRaw(name)
		})
		return annotations
	}
	for _, o := range e.Objects {
		o.SetAnnotations(clean(o.GetAnnotations()))
	}
	e.ServiceAnnotations = clean(e.ServiceAnnotations)
	e.Refused = slices.Sorted(maps.Keys(refused))
}

// Holds reports whether an object must stay unchanged because Refuse removed an annotation.
func (e *Exposure) Holds(o desired.Object) bool {
	return len(e.Refused) > 0 && slices.Contains(e.Objects, o)
}
