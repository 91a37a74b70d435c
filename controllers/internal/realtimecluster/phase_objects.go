package realtimecluster

import (
	"context"
	"errors"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
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

// applyObjects applies them. One that is refused does not hold back the others.
func (s *scope) applyObjects(ctx context.Context) error {
	var failures []error
	for _, object := range s.built.Objects {
		if s.unfinished(object) {
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

// missing notes a kind that is not installed; it is looked for again.
func (s *scope) missing(kind schema.GroupVersionKind) {
	s.soon(s.Kinds.Retry())
	if slices.Contains(exposure.Kinds(), kind) {
		s.observed.MissingKinds = append(s.observed.MissingKinds, kind.Kind+" ("+kind.GroupVersion().String()+")")
	}
}
