package status

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// PoliciesPropagated is true when every serving pod reports the newest revision.
func PoliciesPropagated(o Observed) metav1.Condition {
	if o.SelectorFault != "" {
		return no(v1alpha1.ReasonInvalidSelector, "spec.policySelector picks nothing, because it means nothing: "+o.SelectorFault)
	}
	return propagated(Propagation(o.Pods, o.Revision), o.Revision)
}

// maxBehind bounds the number of named pods that lag.
const maxBehind = 10

// Propagation counts the serving pods that apply a revision.
func Propagation(pods []Pod, revision string) v1alpha1.PropagationStatus {
	var out v1alpha1.PropagationStatus
	for _, p := range pods {
		if p.Going || !p.Ready {
			continue
		}
		out.Total++
		if p.Report != nil && p.Report.PolicyRevision == revision {
			out.Applied++
		} else if len(out.Behind) < maxBehind {
			out.Behind = append(out.Behind, p.Name)
		}
	}
	return out
}

func propagated(p v1alpha1.PropagationStatus, revision string) metav1.Condition {
	switch {
	case p.Total == 0:
		return unknown(v1alpha1.ReasonNoPods, "there is no ready pod that could apply it")
	case p.Applied < p.Total:
		return no(v1alpha1.ReasonPodsBehind, fmt.Sprintf("%d of %d pods apply revision %s; behind: %s", p.Applied, p.Total, revision, strings.Join(p.Behind, ", ")))
	}
	return yes(v1alpha1.ReasonAllPodsCurrent, fmt.Sprintf("all %d pods apply revision %s", p.Total, revision))
}
