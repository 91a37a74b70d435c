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
)

// redis settles what the objects of a managed Redis follow from, besides the spec:
// which passwords are good, the certificate, and the size of the claim's template.
func (s *scope) redis(ctx context.Context) error {
	if !desired.Managed(s.cluster) {
		return nil
	}
	if err := s.redisPasswords(ctx); err != nil {
		return err
	}
	if err := s.redisCertificate(ctx); err != nil {
		return err
	}
	return s.redisStorage(ctx)
}

// redisPasswords keeps the password before the newest good, so that servers that
// have not read the new one yet stay connected, until all of them have.
func (s *scope) redisPasswords(ctx context.Context) error {
	if len(s.input.RedisPasswords) == 0 {
		return nil // the Secret is not ours or has no password; that is told already
	}
	users, err := s.secret(ctx, desired.RedisUsersSecretName(s.cluster))
	if err != nil {
		s.input.RedisPasswords = nil // the one before may be good still: the file stays as it is
		return err
	}
	if users == nil {
		return nil
	}
	known := desired.RedisPasswordHashes(users.Data[desired.KeyRedisUsers])
	newest := s.input.RedisPasswords[0]
	s.input.RedisPasswords = desired.RotateRedisPassword(known, newest)
	if len(known) > 0 && known[0] == newest && s.loggedIn() {
		s.input.RedisPasswords = s.input.RedisPasswords[:1]
	}
	return nil
}

// loggedIn reports whether every serving server, at least one, has logged in with the newest
// password.
func (s *scope) loggedIn() bool {
	newest, reports := configv1.CredentialRevision(s.adminToken, s.redisPassword), 0
	for _, p := range s.observed.Pods {
		switch {
		case p.Report == nil && !p.Ready:
			// It has not started, and reads the newest when it does.
		case p.Report == nil || !p.Report.Redis.Healthy || p.Report.Redis.Credential != newest:
			return false
		default:
			reports++
		}
	}
	return reports > 0
}

// redisCertificate issues a certificate, or renews one when a third of its time is left.
func (s *scope) redisCertificate(ctx context.Context) error {
	if !s.cluster.Spec.Redis.Managed.TLS.Enabled {
		return nil
	}
	secret, err := s.secret(ctx, desired.RedisTLSSecretName(s.cluster))
	if err != nil {
		return err
	}
	var known desired.Certificate
	if secret != nil {
		known = desired.CertificateOf(secret)
	}
	s.input.RedisCertificate, err = issue(known, desired.RedisServerName(s.cluster), time.Now())
	return err
}

// redisStorage expands the claim, because the template of an existing StatefulSet is immutable.
// When the type of storage changed, it recreates the StatefulSet; it never deletes a claim.
func (s *scope) redisStorage(ctx context.Context) error {
	set := s.observed.Redis
	if set == nil {
		s.redisSettled = true
		return nil
	}
	persistent := len(set.Spec.VolumeClaimTemplates) > 0
	if persistent != desired.Persistent(s.cluster) {
		return s.replaceRedis(ctx, set)
	}
	s.redisSettled = true
	if !persistent {
		return nil
	}
	s.input.RedisClaimSize = set.Spec.VolumeClaimTemplates[0].Spec.Resources.Requests[corev1.ResourceStorage]
	return s.growClaim(ctx, s.cluster.Spec.Redis.Managed.Storage.Size)
}

// replaceRedis deletes the StatefulSet; a later reconcile makes the new one. Redis is
// not replaced while roll-outs are paused.
func (s *scope) replaceRedis(ctx context.Context, set *appsv1.StatefulSet) error {
	if s.cluster.Spec.Paused == v1alpha1.PauseRollouts || !set.DeletionTimestamp.IsZero() {
		return nil
	}
	uid := set.UID
	err := s.Client.Delete(ctx, set, client.Preconditions{UID: &uid}, client.PropagationPolicy(metav1.DeletePropagationForeground))
	s.observed.Changed = true
	return client.IgnoreNotFound(err)
}

// growClaim asks for more when the claim has less than size.
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

// secret reads a Secret of the cluster; nil when it is not there or somebody else's.
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
