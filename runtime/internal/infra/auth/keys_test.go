package auth

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
)

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

func TestNewRefusesBadFiles(t *testing.T) {
	secretIn := func(content string) v1alpha1.AuthProvider {
		p := providerOf("p", "HS256")
		p.SharedSecretFile = file(t, content)
		return p
	}
	keysIn := func(content string) v1alpha1.AuthProvider {
		p := providerOf("p", "ES256")
		p.KeysFile = file(t, content)
		return p
	}
	missing := providerOf("p", "ES256")
	missing.KeysFile = "/nowhere/keys"
	var many []json.RawMessage
	for range maxKeys + 1 {
		many = append(many, jwk(ecKey().Public(), "e", "", ""))
	}
	cases := []struct {
		name string
		p    v1alpha1.AuthProvider
		says string
	}{
		{"missing", missing, "no such file"},
		{"no source", providerOf("p", "ES256"), "no source of keys"},
		{"short secret", secretIn(strings.Repeat("s", 31) + "\n"), "less than 32 bytes"},
		{"no JSON", keysIn("-----BEGIN"), "not a JWK set"},
		{"no keys", keysIn(jwks()), "no key that"},
		{"for encryption", keysIn(jwks(jwk(ecKey().Public(), "e", "", "enc"))), "no key that"},
		{"weak", keysIn(jwks(jwk(weakKey().Public(), "w", "", ""))), "no key that"},
		{"alg of another kind of key", keysIn(jwks(jwk(ecKey().Public(), "e", "RS256", ""))), "no key that"},
		{"unknown kind", keysIn(`{"keys":[{"kty":"odd"},7]}`), "no key that"},
		{"not for verifying", keysIn(`{"keys":[` + strings.Replace(string(jwk(ecKey().Public(), "e", "", "")), "{", `{"key_ops":["encrypt"],`, 1) + `]}`), "no key that"},
		{"many", keysIn(jwks(many...)), "more than 256"},
		{"too large", keysIn(strings.Repeat(" ", maxKeyFile+1)), "too large"},
	}
	for _, tc := range cases {
		_, err := New(v1alpha1.Auth{Mode: v1alpha1.AuthJWT, Providers: []v1alpha1.AuthProvider{tc.p}}, Options{})
		if err == nil || !strings.Contains(err.Error(), tc.says) || !strings.Contains(err.Error(), `provider "p"`) {
			t.Errorf("%s: error %v, want one that says %q", tc.name, err, tc.says)
		}
	}
}

func TestSecretIsTheBytesOfTheFile(t *testing.T) {
	binary := append([]byte{0, 255}, strings.Repeat("x", 40)+"\n"...)
	for content, want := range map[string]string{
		string(secret):            string(secret),
		string(secret) + "\n":     string(secret),
		string(secret) + "\r\n\n": string(secret),
		string(binary):            string(binary),
	} {
		find, err := parseSecret([]byte(content))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := find("", "HS256"); err != nil || string(got.([]byte)) != want {
			t.Errorf("%q gave %q, %v", content, got, err)
		}
	}
}

func TestAmbiguousKeyNeedsAKid(t *testing.T) {
	set := keySet{{"a", "ES256"}: 1, {"b", "ES256"}: 2, {"c", "RS256"}: 3}
	cases := []struct {
		kid, alg string
		want     any
	}{
		{"a", "ES256", 1}, {"b", "ES256", 2}, {"", "RS256", 3}, {"", "ES256", nil}, {"c", "ES256", nil}, {"", "EdDSA", nil},
	}
	for _, tc := range cases {
		if got, err := set.find(tc.kid, tc.alg); got != tc.want || (err == nil) != (tc.want != nil) {
			t.Errorf("%q %q gave %v, %v; want %v", tc.kid, tc.alg, got, err, tc.want)
		}
	}
}

func TestKeysFileIsReadAgain(t *testing.T) {
	p := providerOf("p", "HS256")
	p.SharedSecretFile = file(t, string(secret))
	a := newAuth(t, p)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		a.Run(ctx)
	}()
	defer func() {
		cancel()
		<-ended
	}()

	next := []byte(strings.Repeat("n", 32))
	token := sign("HS256", next, nil, with(nil))
	if err := os.WriteFile(p.SharedSecretFile, []byte("too short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Authenticate(ctx, sign("HS256", secret, nil, with(nil))); err != nil {
		t.Errorf("a bad file took the place of a good one: %v", err)
	}
	if err := os.WriteFile(p.SharedSecretFile, next, 0o600); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		if _, err := a.Authenticate(ctx, token); err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the new secret is not used")
		}
	}
}
