package auth

import (
	"context"
	"errors"
	"testing"

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
	f.Fuzz(func(t *testing.T, token string) {
		user, err := a.Authenticate(context.Background(), token)
		if err == nil {
			if !goodID(user.ID) || user.ExpiresAt.IsZero() || user.Provider != "file" {
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
