// Package exposure renders the objects that expose a cluster: one file for each ingress
// controller and gateway implementation. A profile writes the settings that its controller
// supports and reports the unsupported settings in words. Its functions are pure.
//
// Affinity only saves hops: a polling request that reaches the wrong pod is handed
// on by the pods themselves.
package exposure

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
)

// Exposure is what makes a cluster reachable.
type Exposure struct {
	// Objects in addition to the client Service.
	Objects []desired.Object
	// ServiceAnnotations are for the client Service.
	ServiceAnnotations map[string]string
	// Missing lists, in one sentence each, the requested settings that the profile cannot
	// express.
	Missing []string
	// NoAffinity is true when cookie affinity was asked for and there is none.
	NoAffinity bool
	// Retired says why the controller should be replaced; empty when it need not.
	Retired string
	// Refused are the annotations that were asked for and may not be written.
	Refused []string
	// URL that clients connect to; empty when no host is known.
	URL string
}

// Kinds are all kinds, except Ingress, that an Exposure may hold.
func Kinds() []schema.GroupVersionKind {
	return []schema.GroupVersionKind{HTTPRouteKind, BackendTrafficPolicyKind, DestinationRuleKind, HTTPProxyKind}
}

// Build says how the cluster is exposed, given what the installed Gateway API can do.
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

// miss notes something that cannot be expressed.
func (e *Exposure) miss(format string, args ...any) {
	e.Missing = append(e.Missing, fmt.Sprintf(format, args...))
}

// annotate adds to the Service's annotations.
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

// url is where clients connect. Behind a Gateway the listener decides on TLS, which
// is not known here; https is what it nearly always is.
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
