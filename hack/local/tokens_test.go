package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
)

func TestDevTokensPassTheProvidersChecks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if err := ensureKey(path); err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	tokens, why, err := devTokens(configv1.Auth{Mode: configv1.AuthJWT, Providers: []configv1.AuthProvider{
		{Name: "accounts", JWKSURL: "https://accounts.example.com/jwks.json"},
		{
			Name: "tools", Issuer: "tools", Audiences: []string{"arena", "staging"}, SharedSecretFile: path,
			Claims: configv1.AuthClaims{User: "uid", Name: "nick", Scopes: "perms"},
		},
	}}, devUsers, options{claims: map[string]map[string]any{
		everyone: {"skill": 1500, "nick": "Player"}, "alice": {"skill": 1700, "uid": "mallory", "iss": "mallory"},
	}}.claimsOf, now)
	if err != nil || why != "" || len(tokens) != len(devUsers) {
		t.Fatalf("got %d tokens, %q, %v", len(tokens), why, err)
	}
	parsed, err := jwt.Parse(tokens[0].Token, func(*jwt.Token) (any, error) { return key, nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithIssuer("tools"), jwt.WithAudience("arena"), jwt.WithExpirationRequired())
	if err != nil {
		t.Fatal(err)
	}
	claims := parsed.Claims.(jwt.MapClaims)
	if claims["uid"] != "alice" || claims["nick"] != "Player" || claims["skill"] != 1700.0 {
		t.Errorf("got claims %v, want uid alice, nick Player, skill 1700", claims)
	}
	expires, err := claims.GetExpirationTime()
	if err != nil || expires.Unix() != now.Add(tokenLifetime).Unix() {
		t.Errorf("got expiry %v, %v, want %v", expires, err, now.Add(tokenLifetime))
	}
}

func TestDevTokensElsewhere(t *testing.T) {
	anonymous, why, err := devTokens(configv1.Auth{Mode: configv1.AuthAnonymous}, devUsers, options{}.claimsOf, time.Now())
	if err != nil || why != "" || len(anonymous) != len(devUsers) || anonymous[0].Token != "alice" {
		t.Errorf("anonymous: %v, %q, %v", anonymous, why, err)
	}
	none, why, err := devTokens(configv1.Auth{Mode: configv1.AuthJWT, Providers: []configv1.AuthProvider{
		{Name: "accounts", Issuer: "https://accounts.example.com", JWKSURL: "https://accounts.example.com/jwks.json"},
	}}, devUsers, options{}.claimsOf, time.Now())
	if err != nil || len(none) > 0 || !strings.Contains(why, "accounts (https://accounts.example.com)") {
		t.Errorf("another issuer: %v, %q, %v", none, why, err)
	}
}

func TestEnsureKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if err := ensureKey(path); err != nil {
		t.Fatal(err)
	}
	first, _ := os.ReadFile(path)
	if len(first) < 32 {
		t.Errorf("got a key of %d bytes, want at least 32", len(first))
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v, want 0600", info.Mode())
	}
	if err := ensureKey(path); err != nil {
		t.Fatal(err)
	}
	if second, _ := os.ReadFile(path); string(second) != string(first) {
		t.Error("got another key, want the key of the earlier run")
	}
}
