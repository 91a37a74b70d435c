package status

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/anteroom/anteroom/controllers/internal/desired"
)

// hopeless are the reasons of a waiting container that need an action of the user.
var hopeless = []string{
	"ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull",
	"CrashLoopBackOff", "CreateContainerConfigError", "CreateContainerError", "RunContainerError",
}

// PodOf reads a pod; the caller adds the report.
func PodOf(pod *corev1.Pod) Pod {
	out := Pod{Name: pod.Name, Going: !pod.DeletionTimestamp.IsZero(), Problem: podProblem(pod)}
	_, out.Leaving = pod.Annotations[desired.AnnotationDrain]
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			out.Ready, out.ReadySince = c.Status == corev1.ConditionTrue, c.LastTransitionTime.Time
		}
	}
	return out
}

// Ended reports that a pod will never run again, such as an evicted pod. It stays listed, perhaps
// for days, and its last report has no meaning any more.
func Ended(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodFailed || pod.Status.Phase == corev1.PodSucceeded
}

// podProblem says why a pod does not run; empty when no fault is known.
func podProblem(pod *corev1.Pod) string {
	for _, s := range pod.Status.ContainerStatuses {
		w := s.State.Waiting
		if w == nil || !slices.Contains(hopeless, w.Reason) {
			continue
		}
		text := w.Reason
		if w.Message != "" {
			text += ": " + w.Message
		}
		if last := s.LastTerminationState.Terminated; last != nil && last.Message != "" {
			text += fmt.Sprintf(" (it ended with %d: %s)", last.ExitCode, last.Message)
		}
		return text
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Reason == corev1.PodReasonUnschedulable {
			return "Unschedulable: " + c.Message
		}
	}
	return ""
}
