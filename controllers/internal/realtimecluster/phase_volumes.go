package realtimecluster

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/anteroom/anteroom/controllers/internal/desired"
)

// syncVolumes writes the newest revision onto pods that do not apply it yet. The kubelet
// renews a pod's ConfigMap volume when it syncs the pod, which it does every minute
// or so, and at once when the pod changes; so the pods have new policies in about a
// second, and a pod without the annotation has them in a minute.
func (s *scope) syncVolumes(ctx context.Context) error {
	pods, err := s.serverPods(ctx)
	if err != nil {
		return err
	}
	var failures []error
	for i := range pods {
		pod := &pods[i]
		if !pod.DeletionTimestamp.IsZero() || pod.Annotations[desired.AnnotationPolicyRevision] == s.observed.Revision {
			continue
		}
		if r := s.Reports.Get(pod); r != nil && r.PolicyRevision == s.observed.Revision {
			continue
		}
		if err := s.annotate(ctx, pod, map[string]string{desired.AnnotationPolicyRevision: s.observed.Revision}); err != nil {
			failures = append(failures, err)
		}
	}
	return errors.Join(failures...)
}

// syncRedisVolume does the same for the file of Redis's users, so that Redis takes a new
// password in seconds, and before the servers, which get no annotation, use it.
func (s *scope) syncRedisVolume(ctx context.Context) error {
	if len(s.input.RedisPasswords) == 0 {
		return nil
	}
	var list corev1.PodList
	err := s.Client.List(ctx, &list, client.InNamespace(s.cluster.Namespace),
		client.MatchingLabels(desired.Selector(s.cluster, desired.ComponentRedis)))
	if err != nil {
		return err
	}
	users := desired.RedisUsersHash(s.cluster, s.input.RedisPasswords)
	var failures []error
	for i := range list.Items {
		if pod := &list.Items[i]; pod.DeletionTimestamp.IsZero() && pod.Annotations[desired.AnnotationRedisUsers] != users {
			failures = append(failures, s.annotate(ctx, pod, map[string]string{desired.AnnotationRedisUsers: users}))
		}
	}
	return errors.Join(failures...)
}

// annotate sets annotations of a pod; an empty value takes one away. A pod that is
// gone is no error.
func (s *scope) annotate(ctx context.Context, pod *corev1.Pod, changes map[string]string) error {
	changed := pod.DeepCopy()
	if changed.Annotations == nil {
		changed.Annotations = map[string]string{}
	}
	for key, value := range changes {
		if value == "" {
			delete(changed.Annotations, key)
		} else {
			changed.Annotations[key] = value
		}
	}
	if err := s.Client.Patch(ctx, changed, client.MergeFrom(pod)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("annotate pod %s: %w", pod.Name, err)
	}
	return nil
}
