// Package status derives the conditions of a RealtimeCluster and its policies. Each condition is a
// pure function of an observation.
package status

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired/exposure"
)

// Observed holds the observation of a RealtimeCluster in a reconcile.
type Observed struct {
	Cluster *v1alpha1.RealtimeCluster
	// Revision is the hash of the newest PolicySet.
	Revision string
	// SelectorFault says why policySelector is invalid; empty when it is valid.
	SelectorFault string
	// Replicas is the desired number of pods.
	Replicas int32
	// Servers is the Deployment; nil when it does not exist.
	Servers *appsv1.Deployment
	// NewerImage is the default image of this operator, when the cluster names no image and still
	// runs the default image of an earlier operator.
	NewerImage string
	// Redis is the StatefulSet of a managed Redis; nil when it does not exist.
	Redis *appsv1.StatefulSet
	// Pods are the server pods, sorted by name.
	Pods []Pod
	// Exposure holds the rendered objects. Admitted reports whether the ingress controller or
	// gateway accepted them.
	Exposure exposure.Exposure
	Admitted bool
	// MissingKinds are the kinds that the exposure needs and that are not installed.
	MissingKinds []string
	// Changed reports that this reconcile wrote an object, so that the observed workload may be
	// outdated.
	Changed bool
	// Missing has a sentence for each missing Secret or key, named by the spec or generated.
	Missing []string
	// Failures are objects that could not be applied.
	Failures []Failure
}

// Pod is a server pod.
type Pod struct {
	Name  string
	Ready bool
	// ReadySince is when Ready last changed.
	ReadySince time.Time
	// Going is true for a pod that is being deleted.
	Going bool
	// Leaving is true for a pod that drains before its deletion.
	Leaving bool
	// Problem says why the pod does not run; empty while it runs or starts.
	Problem string
	// Report is the pod's last report; nil for none.
	Report *configv1.ServerStatus
}

// Failure is an object that could not be applied.
type Failure struct {
	// Reason is one of v1alpha1.ReasonObjectConflict and v1alpha1.ReasonApplyFailed.
	Reason  string
	Message string
}

// condition returns a condition; set adds its type and time.
func condition(status metav1.ConditionStatus, reason, message string) metav1.Condition {
	return metav1.Condition{Status: status, Reason: reason, Message: message}
}

func yes(reason, message string) metav1.Condition {
	return condition(metav1.ConditionTrue, reason, message)
}

func no(reason, message string) metav1.Condition {
	return condition(metav1.ConditionFalse, reason, message)
}

func unknown(reason, message string) metav1.Condition {
	return condition(metav1.ConditionUnknown, reason, message)
}
