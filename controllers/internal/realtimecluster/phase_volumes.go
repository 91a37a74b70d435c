package realtimecluster

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/anteroom/anteroom/controllers/internal/desired"
)

// syncVolumes annotates pods that do not apply the policy revision yet. The kubelet updates the
// ConfigMap volume of a pod when it syncs the pod: about once a minute, and at once when the pod
// changes. With the annotation a pod gets new policies in about a second.
func (s *scope) syncVolumes(ctx context.Context, revision string) error {
	pods, err := s.serverPods(ctx)
	if err != nil {
		return err
	}
	var failures []error
	for i := range pods {
		pod := &pods[i]
		if !pod.DeletionTimestamp.IsZero() || pod.Annotations[desired.AnnotationPolicyRevision] == revision {
			continue
		}
		if r := s.Reports.Get(pod); r != nil && r.PolicyRevision == revision {
			continue
		}
		if err := s.annotate(ctx, pod, map[string]string{desired.AnnotationPolicyRevision: revision}); err != nil {
			failures = append(failures, err)
		}
	}
	return errors.Join(failures...)
}

// syncRedisVolume annotates the Redis pods with the hash of the users file, so that Redis accepts a
// new password within seconds. The servers get no annotation, so they use the password later.
func (s *scope) syncRedisVolume(ctx context.Context, passwords []string) error {
	if len(passwords) == 0 {
		return nil
	}
	var list corev1.PodList
	err := s.Client.List(ctx, &list, client.InNamespace(s.cluster.Namespace),
		client.MatchingLabels(desired.Selector(s.cluster, desired.ComponentRedis)))
	if err != nil {
		return err
	}
	users := desired.RedisUsersHash(s.cluster, passwords)
	var failures []error
	for i := range list.Items {
		if pod := &list.Items[i]; pod.DeletionTimestamp.IsZero() && pod.Annotations[desired.AnnotationRedisUsers] != users {
			failures = append(failures, s.annotate(ctx, pod, map[string]string{desired.AnnotationRedisUsers: users}))
		}
	}
	return errors.Join(failures...)
}

// annotate sets annotations of a pod; an empty value removes the annotation. A deleted pod is no
// error.
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
