package auth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/wire"
)

// leeway is how far the clocks of the issuer and of this server may differ.
const leeway = 10 * time.Second

// provider judges the tokens of one issuer.
type provider struct {
	name   string
	claims v1alpha1.AuthClaims
	keys   keySource
	keep   func(claim string) bool
	parser *jwt.Parser
}

func newProvider(c v1alpha1.AuthProvider, keys keySource, o Options) *provider {
	options := []jwt.ParserOption{
		jwt.WithValidMethods(c.Algorithms), jwt.WithStrictDecoding(), jwt.WithTimeFunc(o.Now),
		jwt.WithLeeway(leeway), jwt.WithExpirationRequired(), jwt.WithIssuedAt(),
	}
	if c.Issuer != "" {
		options = append(options, jwt.WithIssuer(c.Issuer))
	}
	if len(c.Audiences) > 0 {
		options = append(options, jwt.WithAudience(c.Audiences...))
	}
	return &provider{name: c.Name, claims: c.Claims, keys: keys, keep: o.Claim, parser: jwt.NewParser(options...)}
}

// verify checks a token's signature and claims and reads the user from it.
func (p *provider) verify(ctx context.Context, token string) (request.User, *wire.Error) {
	claims := jwt.MapClaims{}
	var noKey *wire.Error
	_, err := p.parser.ParseWithClaims(token, claims, func(t *jwt.Token) (any, error) {
		kid, isText := t.Header["kid"].(string)
		if t.Header["kid"] != nil && !isText {
			return nil, errKeyUnknown
		}
		key, err := p.keys.find(ctx, kid, t.Method.Alg())
		if err != nil && !errors.Is(err, errKeyUnknown) {
			noKey = unavailable()
		}
		return key, err
	})
	switch {
	case noKey != nil:
		return request.User{}, noKey
	case err != nil:
		return request.User{}, refusal(err, claims)
	}
	user, refused := p.user(claims)
	user.TokenID = digest(token)
	return user, refused
}

// digest names a token by what its issuer signed. The signature is left out, since
// others can write an ECDSA signature in a second way.
func digest(token string) string {
	sum := sha256.Sum256([]byte(token[:strings.LastIndexByte(token, '.')]))
	return hex.EncodeToString(sum[:])
}

func unavailable() *wire.Error {
	e := wire.Refuse(wire.CodeUnavailable, "tokens cannot be checked right now")
	e.RetryAfterMs = retryAfter.Milliseconds()
	return e
}

// refusal returns the reason of a refusal in fixed words, without anything from the token. Only
// an expired token that is otherwise valid is refused as expired.
func refusal(err error, claims jwt.MapClaims) *wire.Error {
	switch {
	case errors.Is(err, errKeyUnknown):
		return refuse("the token's key is not known")
	case errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return refuse("the token's signature or algorithm is not accepted")
	case errors.Is(err, jwt.ErrTokenInvalidIssuer):
		return refuse("the token's issuer (iss) is not accepted here")
	case errors.Is(err, jwt.ErrTokenInvalidAudience):
		return refuse("the token's audience (aud) is not accepted here")
	case errors.Is(err, jwt.ErrTokenUsedBeforeIssued):
		return refuse("the token's issue time (iat) is later than now; it is in seconds since the epoch")
	case errors.Is(err, jwt.ErrTokenNotValidYet):
		return refuse("the token is not valid yet (nbf)")
	case errors.Is(err, jwt.ErrTokenRequiredClaimMissing) && claims["exp"] == nil:
		return refuse("the token has no expiry (exp)")
	case errors.Is(err, jwt.ErrTokenRequiredClaimMissing), errors.Is(err, jwt.ErrInvalidType):
		return refuse("a registered claim of the token is missing or of the wrong type")
	case errors.Is(err, jwt.ErrTokenExpired):
		return wire.Refuse(wire.CodeTokenExpired, "the token has expired")
	}
	return refuse("the token is not a good JWT")
}
