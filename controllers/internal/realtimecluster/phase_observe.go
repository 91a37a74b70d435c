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
	"github.com/anteroom/anteroom/controllers/internal/desired/stack"
	"github.com/anteroom/anteroom/controllers/internal/status"
)

// observation holds the workloads and the pods as a reconcile found them.
type observation struct {
	// servers is the Deployment and redis the StatefulSet; nil when the cluster owns none.
	servers *appsv1.Deployment
	redis   *appsv1.StatefulSet
	// images are the images in use, or else the operator's defaults.
	images stack.Images
	// newerImage is the operator's default image when the cluster runs an older default.
	newerImage string
	// replicas is the number of pods before the scaling phase, which a paused cluster skips.
	replicas int32
	// pods are the servers with their reports, sorted by name.
	pods []status.Pod
}

// observe reads the workloads, the pods and their reports.
func (s *scope) observe(ctx context.Context) (observation, error) {
	found := observation{images: s.Images, replicas: *s.cluster.Spec.Replicas}
	var err error
	if found.servers, err = owned(ctx, s, desired.WorkloadName(s.cluster), &appsv1.Deployment{}); err != nil {
		return found, stop(err)
	}
	if found.servers != nil {
		found.images.Server = desired.ImageInUse(found.servers, s.Images.Server)
		if s.cluster.Spec.Scaling.Mode == v1alpha1.ScalingConnections {
			found.replicas = *found.servers.Spec.Replicas
		}
	}
	if desired.Managed(s.cluster) {
		if found.redis, err = owned(ctx, s, desired.RedisName(s.cluster), &appsv1.StatefulSet{}); err != nil {
			return found, stop(err)
		}
		if found.redis != nil {
			found.images.Redis = desired.ImageInUse(found.redis, s.Images.Redis)
		}
	}
	if s.cluster.Spec.Image == "" && found.images.Server != s.Images.Server {
		found.newerImage = s.Images.Server
	}
	pods, err := s.serverPods(ctx)
	if err != nil {
		return found, stop(err)
	}
	for i := range pods {
		p := status.PodOf(&pods[i])
		p.Report = s.Reports.Get(&pods[i])
		found.pods = append(found.pods, p)
	}
	return found, nil
}

// owned reads an object of the cluster. It returns nil when the object does not exist or has another
// controller.
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

// serverPods lists the server pods of the cluster that have not ended, sorted by name.
func (s *scope) serverPods(ctx context.Context) ([]corev1.Pod, error) {
	var list corev1.PodList
	err := s.Client.List(ctx, &list, client.InNamespace(s.cluster.Namespace),
		client.MatchingLabels(desired.Selector(s.cluster, desired.ComponentServer)))
	list.Items = slices.DeleteFunc(list.Items, func(p corev1.Pod) bool { return status.Ended(&p) })
	slices.SortFunc(list.Items, func(a, b corev1.Pod) int { return cmp.Compare(a.Name, b.Name) })
	return list.Items, err
}
