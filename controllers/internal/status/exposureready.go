package status

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// ExposureReady is true when the cluster is reachable from outside. Its reason and text list the
// requested settings that the controller does not support.
func ExposureReady(o Observed) metav1.Condition {
	e := o.Cluster.Spec.Exposure
	switch {
	case e.Type == "" || e.Type == v1alpha1.ExposureNone:
		return yes(v1alpha1.ReasonNotExposed, "exposure.type is None: clients inside the Kubernetes cluster use the Service")
	case len(o.Exposure.Refused) > 0:
		return no(v1alpha1.ReasonAnnotationRefused, strings.Join(o.Exposure.Refused, ", ")+
			" of exposure.ingress writes lines of the ingress controller's configuration, which is shared with others: remove it, or have"+
			" whoever runs the operator allow it with --allow-snippets (allowSnippets of the chart); until then the Ingress and its Service stay as they are")
	case len(o.MissingKinds) > 0:
		return no(v1alpha1.ReasonKindNotInstalled, "not installed: "+strings.Join(o.MissingKinds, ", ")+"; the operator checks for it periodically")
	case !o.Admitted:
		return no(v1alpha1.ReasonNotYetAdmitted, notAdmitted(e))
	}
	remarks := strings.Join(o.Exposure.Missing, "; ")
	switch {
	case o.Exposure.Retired != "":
		return yes(v1alpha1.ReasonControllerRetired, join(o.Exposure.Retired, remarks))
	case o.Exposure.NoAffinity:
		return yes(v1alpha1.ReasonAffinityUnsupported, remarks)
	case remarks != "":
		return yes(v1alpha1.ReasonPartiallySupported, remarks)
	}
	return yes(v1alpha1.ReasonExposed, "the "+string(e.Type)+" is in effect")
}

func notAdmitted(e v1alpha1.ExposureSpec) string {
	if e.Type == v1alpha1.ExposureGateway {
		return "no Gateway has accepted the HTTPRoute yet: look at its status.parents"
	}
	if e.Ingress.Controller == v1alpha1.IngressContour {
		return "Contour has not accepted the HTTPProxy yet: look at its status"
	}
	return "no controller has given the Ingress an address yet: see that exposure.ingress.className names an IngressClass whose controller runs and publishes addresses"
}

func join(a, b string) string {
	if b == "" {
		return a
	}
	return a + "; " + b
}
