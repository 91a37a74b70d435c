package realtimecluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"

	"github.com/anteroom/anteroom/controllers/internal/desired"
)

// Lifetimes of certificates. A certificate is renewed when its remaining lifetime falls below
// renewBefore. Its authority stays, so that servers trust the new certificate without a restart.
const (
	authorityLifetime = 20 * 365 * 24 * time.Hour
	leafLifetime      = 365 * 24 * time.Hour
	renewBefore       = leafLifetime / 3
	// clockSkew is how far behind a server's clock may be.
	clockSkew = time.Hour
)

// issue returns the known certificate while it is valid for the name. Otherwise it issues a new
// certificate from the same authority, or from a new authority when there is none.
func issue(known desired.Certificate, name string, now time.Time) (desired.Certificate, error) {
	if valid(known, name, now) {
		return known, nil
	}
	authority, err := tls.X509KeyPair(known.CA, known.CAKey)
	out := known
	if err != nil {
		if out, authority, err = newAuthority(now); err != nil {
			return desired.Certificate{}, fmt.Errorf("create a certificate authority for Redis: %w", err)
		}
	}
	out.Cert, out.Key, err = sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: "redis"}, DNSNames: []string{name, name + ".cluster.local"},
		NotBefore: now.Add(-clockSkew), NotAfter: now.Add(leafLifetime),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, authority)
	if err != nil {
		return desired.Certificate{}, fmt.Errorf("issue a certificate for Redis: %w", err)
	}
	return out, nil
}

// valid reports whether a certificate parses, matches the name, and is not close to its expiry.
func valid(c desired.Certificate, name string, now time.Time) bool {
	pair, err := tls.X509KeyPair(c.Cert, c.Key)
	roots := x509.NewCertPool()
	if err != nil || !roots.AppendCertsFromPEM(c.CA) {
		return false
	}
	_, err = pair.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots, CurrentTime: now.Add(renewBefore)})
	return err == nil
}

func newAuthority(now time.Time) (desired.Certificate, tls.Certificate, error) {
	cert, key, err := sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: "anteroom redis authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: now.Add(-clockSkew), NotAfter: now.Add(authorityLifetime), KeyUsage: x509.KeyUsageCertSign,
	}, tls.Certificate{})
	if err != nil {
		return desired.Certificate{}, tls.Certificate{}, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	return desired.Certificate{CA: cert, CAKey: key}, pair, err
}

// sign creates a key and its certificate, both in PEM. The authority signs the certificate; without
// an authority the certificate is self-signed.
func sign(template *x509.Certificate, authority tls.Certificate) (cert, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)); err != nil {
		return nil, nil, err
	}
	parent, signer := template, any(private)
	if authority.Leaf != nil {
		parent, signer = authority.Leaf, authority.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &private.PublicKey, signer)
	if err != nil {
		return nil, nil, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), nil
}
