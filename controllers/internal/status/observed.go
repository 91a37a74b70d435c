// Package status says how a RealtimeCluster and its policies are: each condition is
// a pure function of what was observed.
package status

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired/exposure"
)

// Observed is what a reconcile saw of a RealtimeCluster.
type Observed struct {
	Cluster *v1alpha1.RealtimeCluster
	// Revision is the hash of the newest PolicySet.
	Revision string
	// SelectorFault says why policySelector means nothing; empty when it does.
	SelectorFault string
	// Replicas is the number of pods that is wanted.
	Replicas int32
	// Servers is the Deployment; nil when it is not there.
	Servers *appsv1.Deployment
	// NewerImage is what the operator's version would run, when the cluster names no
	// image and runs another one since before the operator was upgraded.
	NewerImage string
	// Redis is the StatefulSet of a managed Redis; nil when it is not there.
	Redis *appsv1.StatefulSet
	// Pods of the servers, sorted by name.
	Pods []Pod
	// Exposure is what was rendered, and Admitted whether its controller took it up.
	Exposure exposure.Exposure
	Admitted bool
	// MissingKinds are those that the exposure needs and that are not installed.
	MissingKinds []string
	// Changed tells that this reconcile wrote something, so that what was read of the
	// workload may be older.
	Changed bool
	// Missing are the Secrets that the spec names or that were generated, and that lack
	// something, one sentence each.
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
	// Problem says why it does not run; empty while it does or is on its way.
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

// condition makes a condition; which one and since when is filled in by set.
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
