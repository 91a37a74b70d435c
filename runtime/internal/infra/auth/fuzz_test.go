package auth

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/anteroom/anteroom/runtime/internal/core/bombs"
	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/wire"
)

// FuzzAuthenticate checks that whatever comes in, either a whole user comes out
// or a refusal that a client knows.
func FuzzAuthenticate(f *testing.F) {
	a := withFile(f)
	f.Add(sign("ES256", ecKey(), map[string]any{"kid": "e"}, with(nil)))
	f.Add(sign("RS256", rsaKey(), nil, with(nil)))
	f.Add("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.")
	f.Add("..")
	for _, bomb := range bombs.JSON() {
		part := base64.RawURLEncoding.EncodeToString([]byte(bomb))
		f.Add(part + "." + part + ".")
		f.Add("eyJhbGciOiJFUzI1NiJ9." + part + "." + part)
	}
	f.Fuzz(func(t *testing.T, token string) {
		user, err := a.Authenticate(context.Background(), token)
		if err == nil {
			if !request.ValidID(user.ID) || user.ExpiresAt.IsZero() || user.Provider != "file" {
				t.Fatalf("user %+v", user)
			}
			return
		}
		var e *wire.Error
		if !errors.As(err, &e) || (e.Code != wire.CodeUnauthenticated && e.Code != wire.CodeTokenExpired) {
			t.Fatalf("error %v", err)
		}
	})
}

// FuzzKeySet: a set that is no JWK set, or has no key, is refused; none has more keys than
// the bound.
func FuzzKeySet(f *testing.F) {
	f.Add([]byte(`{"keys":[{"kty":"EC","crv":"P-256","x":"AQ","y":"AQ"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"RSA","n":"AQAB","e":"////////////"}]}`))
	for _, bomb := range bombs.JSON() {
		f.Add([]byte(bomb))
		f.Add([]byte(`{"keys":[` + bomb + `]}`))
		f.Add([]byte(`{"keys":[{"kty":"RSA","e":"AQAB","n":"` + strings.Repeat("f", 60_000) + `"}]}`))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := readSet(data)
		if err == nil && (len(set) == 0 || len(set) > maxKeys*8) {
			t.Errorf("%d keys", len(set))
		}
	})
}

func BenchmarkAuthenticateES256(b *testing.B) {
	a := withFile(b)
	token := sign("ES256", ecKey(), map[string]any{"kid": "e"}, with(nil))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.Authenticate(context.Background(), token); err != nil {
			b.Fatal(err)
		}
	}
}
