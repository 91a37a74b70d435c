package desired

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// Keys of the authority in a Secret: the trusted certificates, and the private key of the
// authority, which no pod mounts.
const (
	keyCA    = "ca.crt"
	keyCAKey = "ca.key"
)

// Certificate is a certificate with its key and the authority that signed it, in PEM.
type Certificate struct {
	CA, CAKey, Cert, Key []byte
}

// RedisTLSSecret is the certificate of the managed Redis.
func RedisTLSSecret(c *v1alpha1.RealtimeCluster, cert Certificate) *corev1.Secret {
	return secret(c, ComponentRedis, RedisTLSSecretName(c), corev1.SecretTypeTLS, map[string][]byte{
		keyCA: cert.CA, keyCAKey: cert.CAKey, corev1.TLSCertKey: cert.Cert, corev1.TLSPrivateKeyKey: cert.Key,
	})
}

// CertificateOf reads the certificate in a Secret of [RedisTLSSecret].
func CertificateOf(s *corev1.Secret) Certificate {
	return Certificate{CA: s.Data[keyCA], CAKey: s.Data[keyCAKey], Cert: s.Data[corev1.TLSCertKey], Key: s.Data[corev1.TLSPrivateKeyKey]}
}
