package auth

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/wire"
)

var (
	now     = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	expiry  = now.Add(time.Hour)
	secret  = []byte(strings.Repeat("s", minSecret))
	rsaKey  = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	ecKey   = sync.OnceValue(func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) })
	edKey   = sync.OnceValue(func() ed25519.PrivateKey { _, k, err := ed25519.GenerateKey(rand.Reader); return mustBe(k, err) })
	weakKey = sync.OnceValue(func() *rsa.PrivateKey {
		return must(rsa.GenerateKey(rand.Reader, 1024))
	})
)

func must[T any](v T, err error) T { return mustBe(v, err) }

func mustBe[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// jwk writes a public key as one of a JWK set.
func jwk(key any, kid, alg, use string) json.RawMessage {
	m := must(jwkset.NewJWKFromKey(key, jwkset.JWKOptions{})).Marshal()
	m.KID, m.ALG, m.USE = kid, jwkset.ALG(alg), jwkset.USE(use)
	return must(json.Marshal(m))
}

func jwks(keys ...json.RawMessage) string {
	return string(must(json.Marshal(map[string]any{"keys": keys})))
}

func file(t testing.TB, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// sign makes a token. An algorithm of "none" needs jwt.UnsafeAllowNoneSignatureType.
func sign(alg string, key any, header map[string]any, claims jwt.MapClaims) string {
	token := jwt.NewWithClaims(jwt.GetSigningMethod(alg), claims)
	for name, value := range header {
		token.Header[name] = value
	}
	return must(token.SignedString(key))
}

// with is the claims of a good token, changed; nil takes a claim away.
func with(changes jwt.MapClaims) jwt.MapClaims {
	claims := jwt.MapClaims{
		"iss": "https://issuer.example", "aud": "game", "sub": "ada", "name": "Ada", "scope": "chat lobby",
		"exp": expiry.Unix(), "nbf": now.Unix(),
	}
	for name, value := range changes {
		if value == nil {
			delete(claims, name)
		} else {
			claims[name] = value
		}
	}
	return claims
}

func providerOf(name string, algorithms ...string) v1alpha1.AuthProvider {
	return v1alpha1.AuthProvider{
		Name: name, Issuer: "https://issuer.example", Audiences: []string{"app", "game"}, Algorithms: algorithms,
		Claims: v1alpha1.AuthClaims{User: "sub", Name: "name", Scopes: "scope"},
	}
}

func newAuth(t testing.TB, providers ...v1alpha1.AuthProvider) *Authenticator {
	t.Helper()
	a, err := New(v1alpha1.Auth{Mode: v1alpha1.AuthJWT, Providers: providers}, Options{
		Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// withFile is an Authenticator with all public keys in a file.
func withFile(t testing.TB) *Authenticator {
	p := providerOf("file", "RS256", "PS256", "ES256", "EdDSA")
	p.KeysFile = file(t, jwks(
		jwk(rsaKey().Public(), "r", "", ""), jwk(ecKey().Public(), "e", "ES256", "sig"), jwk(edKey().Public(), "d", "", "")))
	return newAuth(t, p)
}

func withSecret(t testing.TB) *Authenticator {
	p := providerOf("secret", "HS256")
	p.SharedSecretFile = file(t, string(secret)+"\n")
	return newAuth(t, p)
}

func code(err error) wire.Code {
	var e *wire.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func TestGoodTokens(t *testing.T) {
	public, shared := withFile(t), withSecret(t)
	ada := request.User{ID: "ada", Name: "Ada", Scopes: []string{"chat", "lobby"}, ExpiresAt: expiry, Provider: "file"}
	changed := func(change func(*request.User)) request.User {
		u := ada
		change(&u)
		return u
	}
	kid := func(kid string) map[string]any { return map[string]any{"kid": kid} }
	cases := []struct {
		name  string
		a     *Authenticator
		token string
		want  request.User
	}{
		{"RS256", public, sign("RS256", rsaKey(), kid("r"), with(nil)), ada},
		{"PS256", public, sign("PS256", rsaKey(), kid("r"), with(nil)), ada},
		{"ES256", public, sign("ES256", ecKey(), kid("e"), with(nil)), ada},
		{"EdDSA", public, sign("EdDSA", edKey(), kid("d"), with(nil)), ada},
		{"the only key of its kind needs no kid", public, sign("ES256", ecKey(), nil, with(nil)), ada},
		{"HS256", shared, sign("HS256", secret, nil, with(nil)), changed(func(u *request.User) { u.Provider = "secret" })},
		{"HS256 with any kid", shared, sign("HS256", secret, kid("x"), with(nil)), changed(func(u *request.User) { u.Provider = "secret" })},
		{"scopes as a list", public, sign("ES256", ecKey(), nil, with(jwt.MapClaims{"scope": []string{"a", "b"}})),
			changed(func(u *request.User) { u.Scopes = []string{"a", "b"} })},
		{"no scopes", public, sign("ES256", ecKey(), nil, with(jwt.MapClaims{"scope": nil})), changed(func(u *request.User) { u.Scopes = nil })},
		{"no name", public, sign("ES256", ecKey(), nil, with(jwt.MapClaims{"name": nil})), changed(func(u *request.User) { u.Name = "" })},
		{"a name that is none", public, sign("ES256", ecKey(), nil, with(jwt.MapClaims{"name": 7})), changed(func(u *request.User) { u.Name = "" })},
		{"a name to clean", public, sign("ES256", ecKey(), nil, with(jwt.MapClaims{"name": " A\x00d\u202ea\n" + strings.Repeat("é", 100)})),
			changed(func(u *request.User) { u.Name = "Ada " + strings.Repeat("é", 60) })},
		{"several audiences", public, sign("ES256", ecKey(), nil, with(jwt.MapClaims{"aud": []string{"x", "game"}})), ada},
		{"just expired", public, sign("ES256", ecKey(), nil, with(jwt.MapClaims{"exp": now.Add(-5 * time.Second).Unix()})),
			changed(func(u *request.User) { u.ExpiresAt = now.Add(-5 * time.Second) })},
		{"almost valid", public, sign("ES256", ecKey(), nil, with(jwt.MapClaims{"nbf": now.Add(5 * time.Second).Unix()})), ada},
		{"issued a little ahead", public, sign("ES256", ecKey(), nil, with(jwt.MapClaims{"iat": now.Add(5 * time.Second).Unix()})),
			changed(func(u *request.User) { u.IssuedAt = now.Add(5 * time.Second) })},
		{"an id of all sorts", public, sign("ES256", ecKey(), nil, with(jwt.MapClaims{"sub": "auth0|a@b.example/~1"})),
			changed(func(u *request.User) { u.ID = "auth0|a@b.example/~1" })},
		{"headers that name keys are ignored", public, sign("ES256", ecKey(), map[string]any{
			"jku": "http://127.0.0.1:1/evil", "x5u": "http://127.0.0.1:1/evil", "jwk": map[string]any{"kty": "oct", "k": "AAAA"},
		}, with(nil)), ada},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			got, err := tc.a.Authenticate(context.Background(), tc.token)
			if err != nil {
				t.Fatal(err)
			}
			got.ExpiresAt, got.TokenID = got.ExpiresAt.UTC(), ""
			if !got.IssuedAt.IsZero() {
				got.IssuedAt = got.IssuedAt.UTC()
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("user (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	public, shared := withFile(t), withSecret(t)
	stranger := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	es := func(changes jwt.MapClaims) string { return sign("ES256", ecKey(), nil, with(changes)) }
	good := es(nil)
	part := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	cases := []struct {
		name  string
		a     *Authenticator
		token string
		want  wire.Code
		says  string
	}{
		{"empty", public, "", wire.CodeUnauthenticated, "a token is required"},
		{"noise", public, "hello", wire.CodeUnauthenticated, "not a JWT"},
		{"two parts", public, "a.b", wire.CodeUnauthenticated, "not a JWT"},
		{"four parts", public, good + ".x", wire.CodeUnauthenticated, "not a JWT"},
		{"not JSON", public, part("no") + "." + part("no") + ".", wire.CodeUnauthenticated, "not a JWT"},
		{"too long", public, good + strings.Repeat("A", maxToken), wire.CodeUnauthenticated, "too long"},
		{"expired", public, es(jwt.MapClaims{"exp": now.Add(-time.Minute).Unix()}), wire.CodeTokenExpired, "has expired"},
		{"expired and for others", public, es(jwt.MapClaims{"exp": now.Add(-time.Minute).Unix(), "aud": "bank"}), wire.CodeUnauthenticated, "audience"},
		{"no expiry", public, es(jwt.MapClaims{"exp": nil}), wire.CodeUnauthenticated, "no expiry (exp)"},
		{"expiry of another type", public, es(jwt.MapClaims{"exp": "tomorrow"}), wire.CodeUnauthenticated, "registered claim"},
		{"expiry beyond all clocks", public, es(jwt.MapClaims{"exp": 1e15}), wire.CodeUnauthenticated, "out of range"},
		{"not yet valid", public, es(jwt.MapClaims{"nbf": now.Add(time.Minute).Unix()}), wire.CodeUnauthenticated, "not valid yet"},
		{"issued in the future", public, es(jwt.MapClaims{"iat": now.Add(time.Minute).Unix()}), wire.CodeUnauthenticated, "issue time (iat) is later than now"},
		{"issued in milliseconds", public, es(jwt.MapClaims{"iat": now.UnixMilli()}), wire.CodeUnauthenticated, "issue time (iat) is later than now"},
		{"issue time beyond all clocks", public, es(jwt.MapClaims{"iat": 1e300}), wire.CodeUnauthenticated, "issue time (iat)"},
		{"issue time before all clocks", public, es(jwt.MapClaims{"iat": -1e17}), wire.CodeUnauthenticated, "issue time (iat) is out of range"},
		{"issue time of another type", public, es(jwt.MapClaims{"iat": "now"}), wire.CodeUnauthenticated, "registered claim"},
		{"not yet valid, in milliseconds", public, es(jwt.MapClaims{"nbf": now.UnixMilli()}), wire.CodeUnauthenticated, "not valid yet"},
		{"start before all clocks", public, es(jwt.MapClaims{"nbf": -1e17}), wire.CodeUnauthenticated, "start (nbf) is out of range"},
		{"expiry in milliseconds", public, es(jwt.MapClaims{"exp": expiry.UnixMilli()}), wire.CodeUnauthenticated, "expiry (exp) is out of range"},
		{"with the scheme of a header", public, "Bearer " + good, wire.CodeUnauthenticated, "send the token alone"},
		{"another issuer", public, es(jwt.MapClaims{"iss": "https://evil.example"}), wire.CodeUnauthenticated, "issuer"},
		{"no issuer", public, es(jwt.MapClaims{"iss": nil}), wire.CodeUnauthenticated, "issuer"},
		{"issuer of another type", public, es(jwt.MapClaims{"iss": []string{"https://issuer.example"}}), wire.CodeUnauthenticated, "issuer"},
		{"another audience", public, es(jwt.MapClaims{"aud": "bank"}), wire.CodeUnauthenticated, "audience"},
		{"no audience", public, es(jwt.MapClaims{"aud": nil}), wire.CodeUnauthenticated, "registered claim"},
		{"no user", public, es(jwt.MapClaims{"sub": nil}), wire.CodeUnauthenticated, "user claim (sub)"},
		{"empty user", public, es(jwt.MapClaims{"sub": ""}), wire.CodeUnauthenticated, "user claim (sub)"},
		{"user of another type", public, es(jwt.MapClaims{"sub": 7}), wire.CodeUnauthenticated, "user claim (sub)"},
		{"long user", public, es(jwt.MapClaims{"sub": strings.Repeat("u", 129)}), wire.CodeUnauthenticated, "user claim (sub)"},
		{"user with a newline", public, es(jwt.MapClaims{"sub": "a\nb"}), wire.CodeUnauthenticated, "user claim (sub)"},
		{"user with a blank", public, es(jwt.MapClaims{"sub": "a da"}), wire.CodeUnauthenticated, "user claim (sub)"},
		{"user with a brace", public, es(jwt.MapClaims{"sub": "a}da"}), wire.CodeUnauthenticated, "user claim (sub)"},
		{"user that no JavaScript object can hold", public, es(jwt.MapClaims{"sub": "__proto__"}), wire.CodeUnauthenticated, "user claim (sub)"},
		{"user beyond ASCII", public, es(jwt.MapClaims{"sub": "ада"}), wire.CodeUnauthenticated, "user claim (sub)"},
		{"many scopes", public, es(jwt.MapClaims{"scope": strings.Repeat("s ", 65)}), wire.CodeUnauthenticated, "scopes (scope)"},
		{"long scope", public, es(jwt.MapClaims{"scope": strings.Repeat("s", 129)}), wire.CodeUnauthenticated, "scopes (scope)"},
		{"scopes of another type", public, es(jwt.MapClaims{"scope": 7}), wire.CodeUnauthenticated, "scopes (scope)"},
		{"a scope of another type", public, es(jwt.MapClaims{"scope": []any{"a", 7}}), wire.CodeUnauthenticated, "scopes (scope)"},
		{"unknown kid", public, sign("ES256", ecKey(), map[string]any{"kid": "z"}, with(nil)), wire.CodeUnauthenticated, "key is not known"},
		{"kid of another type", public, sign("ES256", ecKey(), map[string]any{"kid": 7}, with(nil)), wire.CodeUnauthenticated, "key is not known"},
		{"kid of a key for another algorithm", public, sign("ES256", ecKey(), map[string]any{"kid": "r"}, with(nil)), wire.CodeUnauthenticated, "key is not known"},
		{"signed by a stranger", public, sign("ES256", stranger, map[string]any{"kid": "e"}, with(nil)), wire.CodeUnauthenticated, "signature or algorithm"},
		{"signature cut", public, good[:len(good)-4], wire.CodeUnauthenticated, "the token"},
		{"no signature", public, good[:strings.LastIndex(good, ".")+1], wire.CodeUnauthenticated, "signature or algorithm"},
		{"claims exchanged", public, strings.Replace(good, strings.Split(good, ".")[1], part(`{"iss":"https://issuer.example","sub":"root"}`), 1), wire.CodeUnauthenticated, "signature or algorithm"},
		{"alg none", public, sign("none", jwt.UnsafeAllowNoneSignatureType, nil, with(nil)), wire.CodeUnauthenticated, "signature or algorithm"},
		{"alg none for a secret", shared, sign("none", jwt.UnsafeAllowNoneSignatureType, nil, with(nil)), wire.CodeUnauthenticated, "signature or algorithm"},
		{"alg unknown", public, part(`{"alg":"XX"}`) + "." + strings.Split(good, ".")[1] + ".", wire.CodeUnauthenticated, "not a good JWT"},
		{"alg that is not allowed", public, sign("RS512", rsaKey(), map[string]any{"kid": "r"}, with(nil)), wire.CodeUnauthenticated, "signature or algorithm"},
		{"HS384 for a secret", shared, sign("HS384", secret, nil, with(nil)), wire.CodeUnauthenticated, "signature or algorithm"},
		{"another secret", shared, sign("HS256", []byte(strings.Repeat("t", 32)), nil, with(nil)), wire.CodeUnauthenticated, "signature or algorithm"},
		{"critical extension", public, sign("ES256", ecKey(), map[string]any{"crit": []string{"b64"}, "b64": false}, with(nil)), wire.CodeUnauthenticated, "crit"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			user, err := tc.a.Authenticate(context.Background(), tc.token)
			if code(err) != tc.want || !strings.Contains(err.Error(), tc.says) {
				t.Fatalf("user %+v, error %v; want %s: …%s…", user, err, tc.want, tc.says)
			}
			for _, segment := range strings.Split(tc.token, ".") {
				if len(segment) > 8 && strings.Contains(err.Error(), segment) {
					t.Errorf("the error repeats the token: %v", err)
				}
			}
		})
	}
}

// TestKeyConfusion signs with what is public, the key in every form it is known
// by, as if it were a shared secret.
func TestKeyConfusion(t *testing.T) {
	der := must(x509.MarshalPKIXPublicKey(rsaKey().Public()))
	forms := map[string][]byte{
		"DER": der,
		"PEM": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}),
		"JWK": jwk(rsaKey().Public(), "r", "", ""),
		"N":   rsaKey().N.Bytes(),
	}
	careless := providerOf("careless", "RS256", "HS256") // validation would refuse it
	careless.KeysFile = file(t, jwks(jwk(rsaKey().Public(), "r", "", ""), json.RawMessage(`{"kty":"oct","kid":"o","k":"`+
		base64.RawURLEncoding.EncodeToString(secret)+`"}`)))
	for name, a := range map[string]*Authenticator{"file": withFile(t), "careless": newAuth(t, careless)} {
		for form, key := range forms {
			token := sign("HS256", key, map[string]any{"kid": "r"}, with(nil))
			if _, err := a.Authenticate(context.Background(), token); code(err) != wire.CodeUnauthenticated {
				t.Errorf("%s, %s as a secret: error %v, want unauthenticated", name, form, err)
			}
		}
		token := sign("HS256", secret, map[string]any{"kid": "o"}, with(nil))
		if _, err := a.Authenticate(context.Background(), token); code(err) != wire.CodeUnauthenticated {
			t.Errorf("%s: a secret of a JWK set was used: error %v", name, err)
		}
	}
}

func TestProviderIsChosenByIssuer(t *testing.T) {
	first, second, rest := providerOf("first", "ES256"), providerOf("second", "ES256"), providerOf("rest", "HS256")
	first.KeysFile = file(t, jwks(jwk(ecKey().Public(), "", "", "")))
	other := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	second.Issuer, second.KeysFile = "https://second.example", file(t, jwks(jwk(other.Public(), "", "", "")))
	rest.Issuer, rest.SharedSecretFile = "", file(t, string(secret))
	again := providerOf("again", "EdDSA")
	again.KeysFile = file(t, jwks(jwk(edKey().Public(), "", "", "")))
	a := newAuth(t, first, second, rest, again)

	cases := []struct {
		name  string
		token string
		want  string // the provider, or the code of the refusal
	}{
		{"first", sign("ES256", ecKey(), nil, with(nil)), "first"},
		{"second", sign("ES256", other, nil, with(jwt.MapClaims{"iss": "https://second.example"})), "second"},
		{"two with one issuer", sign("EdDSA", edKey(), nil, with(nil)), "again"},
		{"the issuer that nobody names", sign("HS256", secret, nil, with(jwt.MapClaims{"iss": "x"})), "rest"},
		{"no issuer", sign("HS256", secret, nil, with(jwt.MapClaims{"iss": nil})), "rest"},
		{"a named issuer has only its own", sign("HS256", secret, nil, with(nil)), "unauthenticated"},
		{"another's key", sign("ES256", other, nil, with(nil)), "unauthenticated"},
		{"expired at one of two", sign("ES256", ecKey(), nil, with(jwt.MapClaims{"exp": now.Add(-time.Hour).Unix()})), "token_expired"},
	}
	for _, tc := range cases {
		user, err := a.Authenticate(context.Background(), tc.token)
		if got := user.Provider + string(code(err)); got != tc.want {
			t.Errorf("%s: %s (%v), want %s", tc.name, got, err, tc.want)
		}
	}
}

func TestAnonymous(t *testing.T) {
	a, err := New(v1alpha1.Auth{Mode: v1alpha1.AuthAnonymous}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, tc := range []struct{ token, name string }{
		{"", ""}, {"Ada", "Ada"}, {"  Ada\x07 \u200bLovelace ", "Ada Lovelace"}, {strings.Repeat("x", 9000), strings.Repeat("x", 64)},
		{"\xff\xfe", ""}, {"anon-01ARZ3NDEKTSV4RRFFQ69G5FAV", "anon-01ARZ3NDEKTSV4RRFFQ69G5FAV"},
	} {
		user, err := a.Authenticate(context.Background(), tc.token)
		if err != nil {
			t.Fatal(err)
		}
		if user.Name != tc.name || !user.ExpiresAt.IsZero() || user.Provider != guestProvider {
			t.Errorf("%q gave %+v, want the name %q", tc.token, user, tc.name)
		}
		if !strings.HasPrefix(user.ID, "anon-") || len(user.ID) != 31 || seen[user.ID] {
			t.Errorf("id %q is not a new one", user.ID)
		}
		seen[user.ID] = true
	}
}

func TestOnlyWhatIsAskedForIsKeptOfOtherClaims(t *testing.T) {
	p := providerOf("secret", "HS256")
	p.SharedSecretFile = file(t, string(secret))
	a, err := New(v1alpha1.Auth{Mode: v1alpha1.AuthJWT, Providers: []v1alpha1.AuthProvider{p}}, Options{
		Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now },
		Claim: func(name string) bool { return name != "email" && name != "iss" },
	})
	if err != nil {
		t.Fatal(err)
	}
	many := make([]string, maxClaimList+1)
	claims := jwt.MapClaims{
		"iss": "https://issuer.example", "aud": "game", "sub": "ada", "exp": expiry.Unix(), "email": "ada@example.com",
		"skill": 1720.5, "pro": true, "region": "eu", "modes": []string{"ctf", "duel"},
		"long": strings.Repeat("x", maxClaim+1), "many": many, "deep": map[string]any{"a": 1}, "mixed": []any{"a", 1}, "nothing": nil,
	}
	user, err := a.Authenticate(t.Context(), sign("HS256", secret, nil, claims))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"aud": "game", "sub": "ada", "exp": float64(expiry.Unix()),
		"skill": 1720.5, "pro": true, "region": "eu", "modes": []any{"ctf", "duel"},
	}
	if diff := cmp.Diff(want, user.Claims); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	for i := range 2 * maxClaims {
		claims["c"+strings.Repeat("i", i)] = i
	}
	if user, err = a.Authenticate(t.Context(), sign("HS256", secret, nil, claims)); err != nil || len(user.Claims) != maxClaims {
		t.Errorf("%d claims are kept of many, %v", len(user.Claims), err)
	}
	if user, err = withSecret(t).Authenticate(t.Context(), sign("HS256", secret, nil, with(jwt.MapClaims{"skill": 1}))); err != nil || user.Claims != nil {
		t.Errorf("nobody asks, and %v are kept, %v", user.Claims, err)
	}
}
