// Package exposure renders the objects that expose a cluster: a file for each ingress controller
// and gateway implementation. A profile writes the settings that its controller supports and
// reports the unsupported settings in words. Its functions are pure. Affinity only saves hops: the
// pods forward a polling request that reaches another pod.
package exposure

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
)

// Exposure holds the objects that make a cluster reachable.
type Exposure struct {
	// Objects in addition to the client Service.
	Objects []desired.Object
	// ServiceAnnotations are for the client Service.
	ServiceAnnotations map[string]string
	// Missing has a sentence for each requested setting that the profile cannot express.
	Missing []string
	// NoAffinity reports that cookie affinity was requested and is not supported.
	NoAffinity bool
	// Retired says why the controller should be replaced; empty for a supported controller.
	Retired string
	// Refused are the requested annotations that are not allowed.
	Refused []string
	// URL that clients connect to; empty when no host is known.
	URL string
}

// Kinds returns all kinds, except Ingress, that an Exposure may hold.
func Kinds() []schema.GroupVersionKind {
	return []schema.GroupVersionKind{HTTPRouteKind, BackendTrafficPolicyKind, DestinationRuleKind, HTTPProxyKind}
}

// Build renders the exposure of the cluster for the capabilities of the installed Gateway API.
func Build(c *v1alpha1.RealtimeCluster, installed Capabilities) Exposure {
	s := settingsOf(c)
	out := Exposure{URL: url(c)}
	switch c.Spec.Exposure.Type {
	case v1alpha1.ExposureIngress:
		buildIngress(s, &out)
		out.ServiceAnnotations = merge(out.ServiceAnnotations, c.Spec.Exposure.Ingress.ServiceAnnotations)
	case v1alpha1.ExposureGateway:
		buildGateway(s, installed, &out)
	}
	return out
}

// miss records a setting that the profile cannot express.
func (e *Exposure) miss(format string, args ...any) {
	e.Missing = append(e.Missing, fmt.Sprintf(format, args...))
}

// annotate adds annotations to the client Service.
func (e *Exposure) annotate(more map[string]string) {
	e.ServiceAnnotations = merge(e.ServiceAnnotations, more)
}

// merge joins maps; the last wins.
func merge(all ...map[string]string) map[string]string {
	var out map[string]string
	for _, m := range all {
		for k, v := range m {
			if out == nil {
				out = map[string]string{}
			}
			out[k] = v
		}
	}
	return out
}

// url returns the address for clients. Behind a Gateway the listener decides on TLS, which the
// operator cannot read; url assumes https.
func url(c *v1alpha1.RealtimeCluster) string {
	e := c.Spec.Exposure
	if e.Type == v1alpha1.ExposureNone || len(e.Hosts) == 0 || strings.HasPrefix(e.Hosts[0], "*") {
		return ""
	}
	scheme := "https"
	if e.Type == v1alpha1.ExposureIngress && e.TLS == nil {
		scheme = "http"
	}
	return scheme + "://" + e.Hosts[0] + c.Spec.Engine.Path
}
