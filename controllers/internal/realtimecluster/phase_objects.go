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

// build makes the objects.
func (s *scope) build(context.Context) error {
	s.input.Replicas = s.replicas
	built, err := stack.Build(s.input)
	if err != nil {
		return stop(err)
	}
	s.built, s.observed.Exposure = built, built.Exposure
	return nil
}

// applyObjects applies the objects. A refused object does not stop the others.
func (s *scope) applyObjects(ctx context.Context) error {
	var failures []error
	for _, object := range s.built.Objects {
		held, err := s.held(ctx, object)
		if err != nil || held || s.unfinished(object) {
			failures = append(failures, err)
			continue
		}
		outcome, err := s.applier.Apply(ctx, s.cluster, object)
		s.wrote(outcome)
		if err != nil && object.GetName() == desired.RedisTLSSecretName(s.cluster) {
			s.redisSettled = false // the certificate is kept nowhere; the next one is another
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
			if err := s.watches.begin(object.GetObjectKind().GroupVersionKind()); err != nil {
				failures = append(failures, err)
			}
		}
	}
	return errors.Join(failures...)
}

// unfinished tells that an earlier phase could not settle what the object holds.
func (s *scope) unfinished(object desired.Object) bool {
	if _, redis := object.(*appsv1.StatefulSet); redis {
		return !s.redisSettled
	}
	switch object.GetName() {
	case desired.RedisUsersSecretName(s.cluster):
		return len(s.input.RedisPasswords) == 0
	case desired.RedisTLSSecretName(s.cluster):
		return len(s.input.RedisCertificate.Cert) == 0
	}
	return false
}

// held reports that an object stays as it is. For a refused annotation that is the Ingress, and
// its Service if it exists. While roll-outs are paused, a restarted pod has its old template,
// which a new configuration does not match. A deleted object is created again, because no pod
// starts without it.
func (s *scope) held(ctx context.Context, object desired.Object) (bool, error) {
	if s.built.Exposure.Holds(object) {
		return true, nil
	}
	if _, service := object.(*corev1.Service); service && len(s.built.Exposure.Refused) > 0 && object.GetName() == desired.ClientServiceName(s.cluster) {
		live, err := owned(ctx, s, object.GetName(), &corev1.Service{})
		return live != nil, err
	}
	if _, config := object.(*corev1.ConfigMap); !config || s.cluster.Spec.Paused != v1alpha1.PauseRollouts {
		return false, nil
	}
	name := object.GetName()
	servers := name == desired.RuntimeConfigMapName(s.cluster) && s.observed.Servers != nil
	redis := name == desired.RedisName(s.cluster) && s.observed.Redis != nil
	if !servers && !redis {
		return false, nil
	}
	live, err := owned(ctx, s, name, &corev1.ConfigMap{})
	if err != nil {
		return false, fmt.Errorf("read ConfigMap %s: %w", name, err)
	}
	return live != nil, nil
}

// missing notes a kind that is not installed; it is looked for again.
func (s *scope) missing(kind schema.GroupVersionKind) {
	s.requeueAfter(s.Kinds.Retry())
	if slices.Contains(exposure.Kinds(), kind) {
		s.observed.MissingKinds = append(s.observed.MissingKinds, kind.Kind+" ("+kind.GroupVersion().String()+")")
	}
}
