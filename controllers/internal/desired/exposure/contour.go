package exposure

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/anteroom/anteroom/controllers/internal/desired"
)

// HTTPProxyKind is a kind of Contour.
var HTTPProxyKind = schema.GroupVersionKind{Group: "projectcontour.io", Version: "v1", Kind: "HTTPProxy"}

// contour writes an HTTPProxy for each host, because an HTTPProxy has only a single host. Its
// cookie has a fixed name and is a session cookie.
func contour(s settings, out *Exposure) {
	if s.cookie.wanted {
		out.miss("exposure.affinity.cookieName: Contour's cookie is always X-Contour-Session-Affinity")
		if s.cookie.ttl > 0 {
			out.miss("exposure.affinity.ttl: Contour writes cookies that last as long as the browser runs")
		}
		if s.cookie.sameSite != "" {
			out.miss("exposure.affinity.sameSite: Contour has no setting for it")
		}
		if s.cookie.secure {
			out.miss("exposure.affinity.secure: Contour has no setting for it")
		}
	}
	for i, host := range s.spec.Hosts {
		name := desired.ExposureName(s.cluster)
		if i > 0 {
			name = fmt.Sprintf("%s-%d", name, i)
		}
		out.Objects = append(out.Objects, desired.Unstructured(s.cluster, HTTPProxyKind, name, nil, s.spec.Ingress.Annotations, httpProxy(s, host)))
	}
}

func httpProxy(s settings, host string) map[string]any {
	virtualHost := map[string]any{"fqdn": host}
	if s.spec.TLS != nil {
		virtualHost["tls"] = map[string]any{"secretName": s.spec.TLS.SecretName}
	}
	route := map[string]any{
		"conditions":       []any{map[string]any{"prefix": s.path}},
		"enableWebsockets": true,
		"services":         []any{map[string]any{"name": s.service, "port": int64(desired.PortService)}},
		// A response may take as long as a client may be silent: the server answers a poll when it
		// has a message.
		"timeoutPolicy": map[string]any{"response": s.withSeconds(), "idle": s.withSeconds()},
	}
	if s.cookie.wanted {
		route["loadBalancerPolicy"] = map[string]any{"strategy": "Cookie"}
	}
	spec := map[string]any{"virtualhost": virtualHost, "routes": []any{route}}
	if s.spec.Ingress.ClassName != "" {
		spec["ingressClassName"] = s.spec.Ingress.ClassName
	}
	return spec
}
