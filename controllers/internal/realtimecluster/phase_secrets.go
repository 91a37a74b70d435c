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

// secrets holds the values of generated Secrets that later phases need; empty when unknown.
type secrets struct {
	// adminToken is the token of the servers' admin listeners.
	adminToken string
	// redisPassword is the newest password of the managed Redis.
	redisPassword string
	// missing has a sentence for each Secret or key that does not exist.
	missing []string
}

// ensureSecrets creates the missing Secrets with random values, reads the generated Secrets, and
// checks that the Secrets of the spec exist.
func (s *scope) ensureSecrets(ctx context.Context) (secrets, error) {
	var out secrets
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
			out.missing = append(out.missing, fmt.Sprintf("Secret %q has no key %q: set it, or delete the Secret to have a new value made", g.Name, g.Key))
		case g.Name == desired.AdminSecretName(s.cluster):
			out.adminToken = string(secret.Data[g.Key])
		case g.Name == desired.RedisName(s.cluster):
			out.redisPassword = string(secret.Data[g.Key])
		}
	}
	for _, ref := range desired.SecretReferences(s.cluster) {
		missing, err := s.checkReference(ctx, ref)
		if err != nil {
			failures = append(failures, err)
		} else if missing != "" {
			out.missing = append(out.missing, missing)
		}
	}
	err := errors.Join(failures...)
	s.forbidden(ctx, err)
	return out, err
}

// forbidden records that the operator may not read Secrets in the namespace, if this caused the
// failure. A quota also answers Forbidden, but never to a read.
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

// checkReference returns a sentence when a Secret of the spec, or its key, does not exist.
func (s *scope) checkReference(ctx context.Context, ref desired.SecretReference) (missing string, err error) {
	var secret corev1.Secret
	err = s.Live.Get(ctx, client.ObjectKey{Namespace: s.cluster.Namespace, Name: ref.Name}, &secret)
	if apierrors.IsNotFound(err) {
		return fmt.Sprintf("%s: there is no Secret %q: create it with key %q", ref.Field, ref.Name, ref.Key), nil
	}
	if err != nil {
		return "", fmt.Errorf("read Secret %s: %w", ref.Name, err)
	}
	if len(secret.Data[ref.Key]) == 0 {
		return fmt.Sprintf("%s: Secret %q has no key %q", ref.Field, ref.Name, ref.Key), nil
	}
	return "", nil
}
