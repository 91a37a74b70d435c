package realtimecluster

import (
	"context"
	"errors"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/apply"
	"github.com/anteroom/anteroom/controllers/internal/desired"
	"github.com/anteroom/anteroom/controllers/internal/desired/exposure"
	"github.com/anteroom/anteroom/controllers/internal/desired/stack"
)

// build renders the objects of the cluster.
func (s *scope) build(r *results) (stack.Stack, error) {
	built, err := stack.Build(stack.Input{
		Cluster: s.cluster, Policies: r.policies.Set, References: r.policies.References,
		Images: r.observation.images, Replicas: r.scaling.deployed,
		Gateway: r.gateway, AllowSnippets: s.AllowSnippets,
		RedisPasswords: r.redis.passwords, RedisCertificate: r.redis.certificate, RedisClaimSize: r.redis.claimSize,
	})
	return built, stop(err)
}

// applyObjects applies the objects. A refused object does not stop the others.
func (s *scope) applyObjects(ctx context.Context, built stack.Stack, found observation, inputs redisInputs) error {
	var failures []error
	for _, object := range built.Objects {
		held, err := s.held(ctx, object, built.Exposure, found)
		if err != nil || held || s.incomplete(object, inputs) {
			failures = append(failures, err)
			continue
		}
		outcome, err := s.applier.Apply(ctx, s.cluster, object)
		s.wrote(outcome)
		if err != nil && object.GetName() == desired.RedisTLSSecretName(s.cluster) {
			inputs.settled = false // the certificate is lost; the next reconcile issues another
		}
		var foreign *apply.ForeignError
		var missing *apply.MissingKindError
		switch {
		case errors.As(err, &missing):
			s.missing(missing.Kind)
		case errors.As(err, &foreign):
			s.failed(v1alpha1.ReasonObjectConflict, err)
		case err != nil:
			s.failed(v1alpha1.ReasonApplyFailed, err)
			failures = append(failures, err)
		default:
			if err := s.watches.ensure(object.GetObjectKind().GroupVersionKind()); err != nil {
				failures = append(failures, err)
			}
		}
	}
	return errors.Join(failures...)
}

// incomplete reports whether an earlier phase could not determine the content of an object.
func (s *scope) incomplete(object desired.Object, inputs redisInputs) bool {
	if _, redis := object.(*appsv1.StatefulSet); redis {
		return !inputs.settled
	}
	switch object.GetName() {
	case desired.RedisUsersSecretName(s.cluster):
		return len(inputs.passwords) == 0
	case desired.RedisTLSSecretName(s.cluster):
		return len(inputs.certificate.Cert) == 0
	}
	return false
}

// held reports whether an object stays unchanged. For a refused annotation that is the Ingress, and
// its Service if it exists. While roll-outs are paused, a restarted pod has its old template,
// which a new configuration does not match. A deleted object is created again, because no pod
// starts without it.
func (s *scope) held(ctx context.Context, object desired.Object, rendered exposure.Exposure, found observation) (bool, error) {
	if rendered.Holds(object) {
		return true, nil
	}
	if _, service := object.(*corev1.Service); service && len(rendered.Refused) > 0 && object.GetName() == desired.ClientServiceName(s.cluster) {
		live, err := owned(ctx, s, object.GetName(), &corev1.Service{})
		return live != nil, err
	}
	if _, config := object.(*corev1.ConfigMap); !config || s.cluster.Spec.Paused != v1alpha1.PauseRollouts {
		return false, nil
	}
	name := object.GetName()
	servers := name == desired.RuntimeConfigMapName(s.cluster) && found.servers != nil
	redis := name == desired.RedisName(s.cluster) && found.redis != nil
	if !servers && !redis {
		return false, nil
	}
	live, err := owned(ctx, s, name, &corev1.ConfigMap{})
	if err != nil {
		return false, fmt.Errorf("read ConfigMap %s: %w", name, err)
	}
	return live != nil, nil
}

// missing records a kind that is not installed, and repeats the reconcile to find it later.
func (s *scope) missing(kind schema.GroupVersionKind) {
	s.requeueAfter(s.Kinds.Retry())
	if slices.Contains(exposure.Kinds(), kind) {
		s.outcome.missingKinds = append(s.outcome.missingKinds, kind.Kind+" ("+kind.GroupVersion().String()+")")
	}
}
