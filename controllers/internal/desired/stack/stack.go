// Package stack builds all objects of a RealtimeCluster, in the order of their apply. It is pure,
// as are the builders of package desired.
package stack

import (
	"fmt"
	"reflect"

	"k8s.io/apimachinery/pkg/api/resource"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
	"github.com/anteroom/anteroom/controllers/internal/desired/exposure"
)

// Images are the default images: the operator's own, or the images in use.
type Images struct {
	Server string
	Redis  string
}

// Input holds the values that determine the objects.
type Input struct {
	// Cluster has its defaults set.
	Cluster  *v1alpha1.RealtimeCluster
	Policies *configv1.PolicySet
	// References are the objects that the policies name; nil when they were not resolved.
	References *desired.References
	Images     Images
	// Replicas is the number of server pods.
	Replicas int32
	// Gateway has the capabilities of the installed Gateway API.
	Gateway exposure.Capabilities
	// AllowSnippets allows annotations that write lines of an ingress controller's configuration.
	AllowSnippets bool
	// RedisPasswords are the hashes of the valid passwords of Redis, newest first.
	RedisPasswords []string
	// RedisCertificate is the certificate of Redis, with TLS.
	RedisCertificate desired.Certificate
	// RedisClaimSize is the size in the claim template of an existing StatefulSet; zero when there
	// is none.
	RedisClaimSize resource.Quantity
}

// Stack holds all desired objects except the Secrets with random values.
type Stack struct {
	// Objects in the order of their apply: the objects that a pod mounts precede the pod.
	Objects  []desired.Object
	Exposure exposure.Exposure
}

// Build returns the whole stack.
func Build(in Input) (Stack, error) {
	out := Stack{Exposure: exposure.Build(in.Cluster, in.Gateway)}
	if !in.AllowSnippets {
		out.Exposure.Refuse()
	}
	for _, part := range []func(Input, *Stack) error{config, redis, servers, access, observability} {
		if err := part(in, &out); err != nil {
			return Stack{}, fmt.Errorf("render RealtimeCluster %s/%s: %w", in.Cluster.Namespace, in.Cluster.Name, err)
		}
	}
	out.add(out.Exposure.Objects...)
	return out, nil
}

// add appends the objects that are not nil.
func (s *Stack) add(objects ...desired.Object) {
	for _, o := range objects {
		if !reflect.ValueOf(o).IsNil() {
			s.Objects = append(s.Objects, o)
		}
	}
}

func config(in Input, out *Stack) error {
	runtime, err := desired.RuntimeConfigMap(in.Cluster)
	if err != nil {
		return err
	}
	policies, err := desired.PoliciesConfigMap(in.Cluster, in.Policies)
	if err != nil {
		return err
	}
	out.add(runtime, policies, desired.PolicySecret(in.Cluster, in.Policies, in.References))
	return nil
}

func redis(in Input, out *Stack) error {
	c := in.Cluster
	if !desired.Managed(c) {
		return nil
	}
	if c.Spec.Redis.Managed.TLS.Enabled {
		out.add(desired.RedisTLSSecret(c, in.RedisCertificate))
	}
	out.add(
		desired.RedisUsersSecret(c, in.RedisPasswords),
		desired.RedisConfigMap(c),
		desired.RedisService(c),
		desired.RedisStatefulSet(c, desired.RedisWorkload{
			Image: in.Images.Redis, ClaimSize: in.RedisClaimSize, Certificate: in.RedisCertificate.Cert,
		}),
	)
	return nil
}

func servers(in Input, out *Stack) error {
	c := in.Cluster
	runtime, err := desired.RuntimeConfigMap(c)
	if err != nil {
		return err
	}
	deployment, err := desired.Deployment(c, desired.Workload{
		Image: in.Images.Server, Replicas: in.Replicas, ConfigHash: desired.ConfigHash(runtime),
	})
	if err != nil {
		return err
	}
	out.add(
		desired.ServiceAccount(c),
		desired.ClientService(c, out.Exposure.ServiceAnnotations),
		desired.PeerService(c),
		desired.APIService(c),
		deployment,
		desired.PodDisruptionBudget(c),
		desired.HorizontalPodAutoscaler(c),
	)
	return nil
}

func access(in Input, out *Stack) error {
	policy, err := desired.NetworkPolicy(in.Cluster)
	if err != nil {
		return err
	}
	out.add(policy, desired.RedisNetworkPolicy(in.Cluster))
	return nil
}

func observability(in Input, out *Stack) error {
	out.add(desired.PodMonitor(in.Cluster), desired.DashboardsConfigMap(in.Cluster))
	return nil
}
