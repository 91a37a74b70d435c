package realtimecluster

import (
	"cmp"
	"context"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
	"github.com/anteroom/anteroom/controllers/internal/status"
)

// observe reads the workloads, the pods and their reports.
func (s *scope) observe(ctx context.Context) error {
	deployment, err := owned(ctx, s, desired.WorkloadName(s.cluster), &appsv1.Deployment{})
	if err != nil {
		return stop(err)
	}
	s.observed.Servers = deployment
	if deployment != nil {
		s.input.Images.Server = desired.ImageInUse(deployment, s.Images.Server)
	}
	s.observed.Replicas = *s.cluster.Spec.Replicas
	if deployment != nil && s.cluster.Spec.Scaling.Mode == v1alpha1.ScalingConnections {
		s.observed.Replicas = *deployment.Spec.Replicas // until scale decides, which it does not while all is paused
	}
	s.replicas = s.observed.Replicas
	if desired.Managed(s.cluster) {
		if s.observed.Redis, err = owned(ctx, s, desired.RedisName(s.cluster), &appsv1.StatefulSet{}); err != nil {
			return stop(err)
		}
		if s.observed.Redis != nil {
			s.input.Images.Redis = desired.ImageInUse(s.observed.Redis, s.Images.Redis)
		}
	}
	if s.cluster.Spec.Image == "" && s.input.Images.Server != s.Images.Server {
		s.observed.NewerImage = s.Images.Server
	}
	pods, err := s.serverPods(ctx)
	if err != nil {
		return stop(err)
	}
	for i := range pods {
		p := status.PodOf(&pods[i])
		p.Report = s.Reports.Get(&pods[i])
		s.observed.Pods = append(s.observed.Pods, p)
	}
	return nil
}

// owned reads an object of the cluster; nil when it is not there or somebody else's.
func owned[T any, P interface {
	*T
	client.Object
}](ctx context.Context, s *scope, name string, into P) (P, error) {
	err := s.Client.Get(ctx, client.ObjectKey{Namespace: s.cluster.Namespace, Name: name}, into)
	if apierrors.IsNotFound(err) || err == nil && !metav1.IsControlledBy(into, s.cluster) {
		return nil, nil
	}
	return into, err
}

// serverPods are the cluster's that have not ended, sorted by name.
func (s *scope) serverPods(ctx context.Context) ([]corev1.Pod, error) {
	var list corev1.PodList
	err := s.Client.List(ctx, &list, client.InNamespace(s.cluster.Namespace),
		client.MatchingLabels(desired.Selector(s.cluster, desired.ComponentServer)))
	list.Items = slices.DeleteFunc(list.Items, func(p corev1.Pod) bool { return status.Ended(&p) })
	slices.SortFunc(list.Items, func(a, b corev1.Pod) int { return cmp.Compare(a.Name, b.Name) })
	return list.Items, err
}
