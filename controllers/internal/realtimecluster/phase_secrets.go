package realtimecluster

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/apply"
	"github.com/anteroom/anteroom/controllers/internal/desired"
)

// secrets creates the Secrets with random values that are not there, takes up the
// password of the managed Redis, and looks for those that the user named.
func (s *scope) secrets(ctx context.Context) error {
	var failures []error
	for _, g := range desired.GeneratedSecrets(s.cluster) {
		secret, outcome, err := s.applier.Secret(ctx, s.cluster, g.Name, func() (*corev1.Secret, error) {
			value, err := random(g.Length)
			return desired.GeneratedSecret(s.cluster, g, value), err
		})
		s.wrote(outcome)
		switch foreign := (*apply.ForeignError)(nil); {
		case errors.As(err, &foreign):
			s.failed(v1alpha1.ReasonObjectConflict, err)
		case err != nil:
			failures = append(failures, err)
		case len(secret.Data[g.Key]) == 0:
			s.observed.Missing = append(s.observed.Missing, fmt.Sprintf("Secret %q has no key %q: set it, or delete the Secret to have a new value made", g.Name, g.Key))
		case g.Name == desired.AdminSecretName(s.cluster):
			s.adminToken = string(secret.Data[g.Key])
		case g.Name == desired.RedisName(s.cluster):
			s.redisPassword = string(secret.Data[g.Key])
			s.input.RedisPasswords = []string{desired.RedisPasswordHash(string(secret.Data[g.Key]))}
		}
	}
	for _, ref := range desired.SecretReferences(s.cluster) {
		if err := s.lookFor(ctx, ref); err != nil {
			failures = append(failures, err)
		}
	}
	err := errors.Join(failures...)
	s.forbidden(ctx, err)
	return err
}

// forbidden tells on the cluster that its namespace was not opened to the operator,
// when that is why something failed; a quota forbids things too, but not to read.
func (s *scope) forbidden(ctx context.Context, failure error) {
	if !apierrors.IsForbidden(failure) {
		return
	}
	err := s.Live.Get(ctx, client.ObjectKey{Namespace: s.cluster.Namespace, Name: desired.PolicySecretName(s.cluster)}, &corev1.Secret{})
	if apierrors.IsForbidden(err) {
		s.failed(v1alpha1.ReasonSecretsForbidden, fmt.Errorf("the operator may not read Secrets in this namespace; open it with: "+
			"kubectl create rolebinding anteroom-operator-namespace -n %s --clusterrole=anteroom-operator-namespace "+
			"--serviceaccount=%s", s.cluster.Namespace, s.Account))
	}
}

// lookFor notes a Secret or a key that is not there.
func (s *scope) lookFor(ctx context.Context, ref desired.SecretReference) error {
	var secret corev1.Secret
	err := s.Live.Get(ctx, client.ObjectKey{Namespace: s.cluster.Namespace, Name: ref.Name}, &secret)
	if apierrors.IsNotFound(err) {
		s.observed.Missing = append(s.observed.Missing, fmt.Sprintf("%s: there is no Secret %q: create it with key %q", ref.Field, ref.Name, ref.Key))
		return nil
	}
	if err != nil {
		return fmt.Errorf("read Secret %s: %w", ref.Name, err)
	}
	if len(secret.Data[ref.Key]) == 0 {
		s.observed.Missing = append(s.observed.Missing, fmt.Sprintf("%s: Secret %q has no key %q", ref.Field, ref.Name, ref.Key))
	}
	return nil
}
