package exposure

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

func TestSnippetsAreRefused(t *testing.T) {
	for name, want := range map[string]bool{
		"nginx.ingress.kubernetes.io/server-snippet": true, "nginx.ingress.kubernetes.io/configuration-snippet": true,
		"nginx.ingress.kubernetes.io/stream-snippet": true, "nginx.ingress.kubernetes.io/auth-snippet": true,
		"nginx.ingress.kubernetes.io/modsecurity-snippet": true, "own.prefix.example/Server-Snippet": true,
		"nginx.org/server-snippets": true, "nginx.org/location-snippets": true,
		"haproxy.org/backend-config-snippet": true, "haproxy.org/route-acl": true,
		"haproxy-ingress.github.io/config-backend": true, "ingress.kubernetes.io/config-global": true, "haproxy-ingress.github.io/config-sections": true,
		"nginx.ingress.kubernetes.io/proxy-body-size": false, "nginx.org/websocket-services": false, "haproxy.org/cookie-persistence": false,
		"cert-manager.io/cluster-issuer": false, "traefik.ingress.kubernetes.io/router.entrypoints": false, "haproxy-ingress.github.io/timeout-tunnel": false,
	} {
		if isRaw(name) != want {
			t.Errorf("%s: refused %t", name, !want)
		}
	}
}

// TestProfilesWriteNoSnippet: what the operator writes itself is never refused, and the
// user's annotation is, on the Ingress and on the Service, for every controller.
func TestProfilesWriteNoSnippet(t *testing.T) {
	for _, controller := range append(slices.Collect(maps.Keys(profiles)), v1alpha1.IngressContour, v1alpha1.IngressCustom) {
		c := &v1alpha1.RealtimeCluster{}
		c.Namespace, c.Name = "games", "arena"
		c.Spec.Exposure = v1alpha1.ExposureSpec{Type: v1alpha1.ExposureIngress, Hosts: []string{"rt.example.com"}}
		c.Spec.Exposure.Ingress.Controller = controller
		plain := Build(c, Capabilities{})
		if plain.Refuse(); len(plain.Refused) > 0 {
			t.Errorf("%s: the operator's own %v are refused", controller, plain.Refused)
		}
		if plain.Holds(plain.Objects[0]) {
			t.Errorf("%s: held without a reason", controller)
		}
		c.Spec.Exposure.Ingress.Annotations = map[string]string{"x/server-snippet": "return 200;", "x/fine": "1"}
		c.Spec.Exposure.Ingress.ServiceAnnotations = map[string]string{"haproxy.org/backend-config-snippet": "x", "y/fine": "1"}
		e := Build(c, Capabilities{})
		e.Refuse()
		want := []string{"haproxy.org/backend-config-snippet", "x/server-snippet"}
		if diff := cmp.Diff(want, e.Refused); diff != "" {
			t.Errorf("%s (-want +got):\n%s", controller, diff)
		}
		if _, there := e.Objects[0].GetAnnotations()["x/server-snippet"]; there || len(c.Spec.Exposure.Ingress.Annotations) != 2 {
			t.Errorf("%s: it is written, or the cluster was changed", controller)
		}
		if !e.Holds(e.Objects[0]) || e.ServiceAnnotations["y/fine"] != "1" {
			t.Errorf("%s: it is not held, or too much was taken away", controller)
		}
	}
}
