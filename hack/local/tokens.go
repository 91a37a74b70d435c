package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
)

// tokenLifetime is the validity of a dev token.
const tokenLifetime = 24 * time.Hour

// maxUsers bounds the number of users with a dev token.
const maxUsers = 1000

// devUsers are the default users with a dev token.
var devUsers = []string{"alice", "bob", "carol", "dave"}

// devToken is the token of a user.
type devToken struct {
	User  string `json:"user"`
	Token string `json:"token"`
}

// devTokens returns a token for each user, valid for auth and with the claims of the
// user. It returns none, and the reason, when tokens can only come from elsewhere.
func devTokens(auth configv1.Auth, users []string, of func(user string) map[string]any, now time.Time) (tokens []devToken, why string, err error) {
	if auth.Mode == configv1.AuthAnonymous {
		for _, user := range users {
			tokens = append(tokens, devToken{User: user, Token: user})
		}
		return tokens, "", nil
	}
	i := slices.IndexFunc(auth.Providers, func(p configv1.AuthProvider) bool { return p.SharedSecretFile != "" })
	if i < 0 {
		return nil, elsewhere(auth.Providers), nil
	}
	key, err := os.ReadFile(auth.Providers[i].SharedSecretFile)
	if err != nil {
		return nil, "", fmt.Errorf("read the key of provider %s: %w", auth.Providers[i].Name, err)
	}
	for _, user := range users {
		token, err := signToken(auth.Providers[i], key, user, of(user), now)
		if err != nil {
			return nil, "", err
		}
		tokens = append(tokens, devToken{User: user, Token: token})
	}
	return tokens, "", nil
}

func elsewhere(providers []configv1.AuthProvider) string {
	names := make([]string, 0, len(providers))
	for _, p := range providers {
		name := p.Name
		if p.Issuer != "" {
			name += " (" + p.Issuer + ")"
		}
		names = append(names, name)
	}
	return "tokens are signed by " + strings.Join(names, ", ") +
		": get a token there, or omit spec.auth.providers to use dev tokens"
}

// signToken returns a token that the provider's checks accept. more are additional
// claims.
func signToken(p configv1.AuthProvider, key []byte, user string, more map[string]any, now time.Time) (string, error) {
	claims := jwt.MapClaims{}
	if p.Claims.Name != "" {
		claims[p.Claims.Name] = strings.ToUpper(user[:1]) + user[1:]
	}
	maps.Copy(claims, more)
	claims[p.Claims.User], claims["iat"], claims["exp"] = user, now.Unix(), now.Add(tokenLifetime).Unix()
	if p.Issuer != "" {
		claims["iss"] = p.Issuer
	}
	if len(p.Audiences) > 0 {
		claims["aud"] = p.Audiences[0]
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(key)
	if err != nil {
		return "", fmt.Errorf("sign a token for %s: %w", user, err)
	}
	return token, nil
}

// ensureKey creates a file with a new HS256 key, readable only by its owner, unless the
// file exists: tokens of an earlier run stay valid.
func ensureKey(path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the signing key: %w", err)
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return writeFile(path, []byte(hex.EncodeToString(key)), 0o600)
}
