package auth

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/MicahParks/jwkset"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
)

const (
	maxKeyFile = 1 << 20 // bytes of a JWK set
	maxKeys    = 256     // keys of a JWK set; a larger set is refused
	minRSABits = 2048    // shorter RSA keys are passed over
)

// errKeyUnknown means that a source has its keys, and the one looked for is not among them.
var errKeyUnknown = errors.New("key unknown")

// keySource is where one provider's keys come from.
type keySource interface {
	// find returns the key for a kid and an algorithm. Any error but errKeyUnknown
	// means that the source cannot tell now. An empty kid finds the only key that
	// the algorithm can be used with.
	find(ctx context.Context, kid, alg string) (any, error)
	// run keeps the keys fresh until ctx ends.
	run(ctx context.Context)
}

func newKeySource(c v1alpha1.AuthProvider, options Options) (keySource, error) {
	log := options.Log.With("provider", c.Name)
	switch {
	case c.SharedSecretFile != "":
		return newFileKeys(c.SharedSecretFile, parseSecret, log)
	case c.KeysFile != "":
		return newFileKeys(c.KeysFile, parseSet, log)
	case c.JWKSURL != "":
		return newRemoteKeys(c.JWKSURL, log, options), nil
	}
	return nil, errors.New("it has no source of keys")
}

// keyName is what a key of one provider is found by.
type keyName struct{ kid, alg string }

// keySet are the keys of one source. A key is there under each algorithm that it
// may be used with, and under no other: that is what makes it impossible to
// have a public key taken for a shared secret.
type keySet map[keyName]any

func (s keySet) find(kid, alg string) (any, error) {
	if key, ok := s[keyName{kid, alg}]; ok {
		return key, nil
	}
	if kid != "" {
		return nil, errKeyUnknown
	}
	var only any
	for name, key := range s {
		if name.alg != alg {
			continue
		}
		if only != nil {
			return nil, errKeyUnknown
		}
		only = key
	}
	if only == nil {
		return nil, errKeyUnknown
	}
	return only, nil
}

// readSet reads a JWK set. Keys that no token can be verified with (secret, for
// encryption, of unknown kinds, too weak) are passed over; a set without any
// other is an error.
func readSet(data []byte) (keySet, error) {
	var listed struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(data, &listed); err != nil {
		return nil, errors.New("it is not a JWK set")
	}
	if len(listed.Keys) > maxKeys {
		return nil, fmt.Errorf("the JWK set has more than %d keys", maxKeys)
	}
	set := keySet{}
	for _, raw := range listed.Keys {
		key, name, algorithms := readKey(raw)
		for _, alg := range algorithms {
			if _, taken := set[keyName{name, alg}]; !taken {
				set[keyName{name, alg}] = key
			}
		}
	}
	if len(set) == 0 {
		return nil, errors.New("the JWK set has no key that a signature can be checked with")
	}
	return set, nil
}

// readKey returns a public key, its kid, and the algorithms it may be used with:
// none if it is not for signatures.
func readKey(raw json.RawMessage) (key any, kid string, algorithms []string) {
	var m jwkset.JWKMarshal
	if json.Unmarshal(raw, &m) != nil || (m.USE != "" && m.USE != jwkset.UseSig) {
		return nil, "", nil
	}
	if len(m.KEYOPS) > 0 && !slices.Contains(m.KEYOPS, jwkset.KeyOpsVerify) {
		return nil, "", nil
	}
	// Only the public key itself is read: certificates may name a URL to fetch.
	public := jwkset.JWKMarshal{KTY: m.KTY, CRV: m.CRV, X: m.X, Y: m.Y, N: m.N, E: m.E}
	jwk, err := jwkset.NewJWKFromMarshal(public, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{SkipMetadata: true})
	if err != nil {
		return nil, "", nil
	}
	algorithms = algorithmsOf(jwk.Key())
	if m.ALG != "" {
		if !slices.Contains(algorithms, string(m.ALG)) {
			return nil, "", nil
		}
		algorithms = []string{string(m.ALG)}
	}
	return jwk.Key(), m.KID, algorithms
}

func algorithmsOf(key any) []string {
	switch key := key.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < minRSABits {
			return nil
		}
		return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
	case *ecdsa.PublicKey:
		switch key.Curve.Params().BitSize {
		case 256:
			return []string{"ES256"}
		case 384:
			return []string{"ES384"}
		case 521:
			return []string{"ES512"}
		}
	case ed25519.PublicKey:
		return []string{"EdDSA"}
	}
	return nil
}
