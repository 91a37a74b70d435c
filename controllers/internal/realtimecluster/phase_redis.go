package realtimecluster

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
	"github.com/anteroom/anteroom/controllers/internal/status"
)

// redisInputs holds the inputs of the managed Redis's objects that the spec does not give.
type redisInputs struct {
	// passwords are the hashes of the passwords that Redis accepts, newest first; empty when unknown.
	passwords   []string
	certificate desired.Certificate
	// claimSize is the size in the claim template of the existing StatefulSet.
	claimSize resource.Quantity
	// settled reports that all inputs of the StatefulSet are known. Without them the StatefulSet
	// stays unchanged, because a change would restart Redis.
	settled bool
}

// prepareRedis determines the valid passwords, the certificate, and the size in the claim template
// of a managed Redis.
func (s *scope) prepareRedis(ctx context.Context, found observation, known secrets) (redisInputs, error) {
	var out redisInputs
	if !desired.Managed(s.cluster) {
		return out, nil
	}
	var err error
	if out.passwords, err = s.redisPasswords(ctx, found, known); err != nil {
		return out, err
	}
	if out.certificate, err = s.redisCertificate(ctx); err != nil {
		return out, err
	}
	out.claimSize, out.settled, err = s.redisStorage(ctx, found.redis)
	return out, err
}

// redisPasswords returns the newest password and the password before it, which stays valid until
// every server has logged in with the newest. After an error it returns none, because the password
// before may still be in use: the users file stays unchanged.
func (s *scope) redisPasswords(ctx context.Context, found observation, known secrets) ([]string, error) {
	if known.redisPassword == "" {
		return nil, nil // the secrets phase has reported the missing password
	}
	newest := desired.RedisPasswordHash(known.redisPassword)
	users, err := s.secret(ctx, desired.RedisUsersSecretName(s.cluster))
	if err != nil {
		return nil, err
	}
	if users == nil {
		return []string{newest}, nil
	}
	valid := desired.RedisPasswordHashes(users.Data[desired.KeyRedisUsers])
	passwords := desired.RotateRedisPassword(valid, newest)
	if len(valid) > 0 && valid[0] == newest && loggedIn(found.pods, known) {
		passwords = passwords[:1]
	}
	return passwords, nil
}

// loggedIn reports whether every serving server, at least one, has logged in with the newest
// password.
func loggedIn(pods []status.Pod, known secrets) bool {
	newest, reports := configv1.CredentialRevision(known.adminToken, known.redisPassword), 0
	for _, p := range pods {
		switch {
		case p.Report == nil && !p.Ready:
			// The server has not started; it will read the newest password.
		case p.Report == nil || !p.Report.Redis.Healthy || p.Report.Redis.Credential != newest:
			return false
		default:
			reports++
		}
	}
	return reports > 0
}

// redisCertificate issues a certificate, or renews one when a third of its time is left.
func (s *scope) redisCertificate(ctx context.Context) (desired.Certificate, error) {
	if !s.cluster.Spec.Redis.Managed.TLS.Enabled {
		return desired.Certificate{}, nil
	}
	secret, err := s.secret(ctx, desired.RedisTLSSecretName(s.cluster))
	if err != nil {
		return desired.Certificate{}, err
	}
	var known desired.Certificate
	if secret != nil {
		known = desired.CertificateOf(secret)
	}
	return issue(known, desired.RedisServerName(s.cluster), time.Now())
}

// redisStorage expands the claim, because the template of an existing StatefulSet is immutable.
// When the type of storage changed, it recreates the StatefulSet; it never deletes a claim. It
// returns the size in the claim template, and settled unless the StatefulSet is being replaced.
func (s *scope) redisStorage(ctx context.Context, set *appsv1.StatefulSet) (size resource.Quantity, settled bool, err error) {
	if set == nil {
		return size, true, nil
	}
	persistent := len(set.Spec.VolumeClaimTemplates) > 0
	if persistent != desired.Persistent(s.cluster) {
		return size, false, s.replaceRedis(ctx, set)
	}
	if !persistent {
		return size, true, nil
	}
	size = set.Spec.VolumeClaimTemplates[0].Spec.Resources.Requests[corev1.ResourceStorage]
	return size, true, s.growClaim(ctx, s.cluster.Spec.Redis.Managed.Storage.Size)
}

// replaceRedis deletes the StatefulSet, unless roll-outs are paused. A later reconcile creates the
// new StatefulSet.
func (s *scope) replaceRedis(ctx context.Context, set *appsv1.StatefulSet) error {
	if s.cluster.Spec.Paused == v1alpha1.PauseRollouts || !set.DeletionTimestamp.IsZero() {
		return nil
	}
	uid := set.UID
	err := s.Client.Delete(ctx, set, client.Preconditions{UID: &uid}, client.PropagationPolicy(metav1.DeletePropagationForeground))
	s.outcome.changed = true
	return client.IgnoreNotFound(err)
}

// growClaim requests size when the claim requests less.
func (s *scope) growClaim(ctx context.Context, size resource.Quantity) error {
	var claim corev1.PersistentVolumeClaim
	name := desired.RedisClaimName(s.cluster)
	err := s.Live.Get(ctx, client.ObjectKey{Namespace: s.cluster.Namespace, Name: name}, &claim)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read PersistentVolumeClaim %s: %w", name, err)
	}
	if now := claim.Spec.Resources.Requests[corev1.ResourceStorage]; now.Cmp(size) >= 0 {
		return nil
	}
	before := claim.DeepCopy()
	claim.Spec.Resources.Requests[corev1.ResourceStorage] = size
	if err := s.Client.Patch(ctx, &claim, client.MergeFrom(before)); err != nil {
		err = fmt.Errorf("grow PersistentVolumeClaim %s to %s: %w", name, size.String(), err)
		s.failed(v1alpha1.ReasonApplyFailed, err)
		return err
	}
	return nil
}

// secret reads a Secret of the cluster. It returns nil when the Secret does not exist or has another
// controller.
func (s *scope) secret(ctx context.Context, name string) (*corev1.Secret, error) {
	var secret corev1.Secret
	err := s.Live.Get(ctx, client.ObjectKey{Namespace: s.cluster.Namespace, Name: name}, &secret)
	if apierrors.IsNotFound(err) || err == nil && !metav1.IsControlledBy(&secret, s.cluster) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read Secret %s: %w", name, err)
	}
	return &secret, nil
}
