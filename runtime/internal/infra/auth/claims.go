package auth

import (
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/text"
	"github.com/anteroom/anteroom/runtime/wire"
)

const (
	maxName   = 64 // code points; what is longer is cut
	maxScopes = 64
	maxScope  = 128 // bytes

	// maxClaims bounds the further claims of a user, maxClaim a text in bytes, and
	// maxClaimList a list of texts.
	maxClaims    = 32
	maxClaim     = 128
	maxClaimList = 64
)

// endOfTime is the last moment that a claim may name: the end of the year 9999,
// which every client's clock can still write.
var endOfTime = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

// timeClaims are the registered claims that are times.
var timeClaims = []struct{ name, text string }{{"exp", "expiry"}, {"nbf", "start"}, {"iat", "issue time"}}

// user reads who a verified token is about.
func (p *provider) user(claims jwt.MapClaims) (request.User, *wire.Error) {
	id, ok := claims[p.claims.User].(string)
	if !ok || !request.ValidID(id) {
		return request.User{}, refuse("the token's user claim (" + p.claims.User + ") " + request.IDRule)
	}
	for _, claim := range timeClaims {
		if seconds, ok := claims[claim.name].(float64); ok && !(seconds >= 0 && seconds <= float64(endOfTime.Unix())) {
			return request.User{}, refuse("the token's " + claim.text + " (" + claim.name + ") is out of range; it is in seconds since the epoch")
		}
	}
	expires, err := claims.GetExpirationTime()
	if err != nil || expires == nil {
		return request.User{}, refuse("the token has no expiry (exp)")
	}
	scopes, ok := readScopes(claims[p.claims.Scopes])
	if !ok {
		return request.User{}, refuse("the token's scopes (" + p.claims.Scopes + ") must be at most 64 strings of at most 128 bytes")
	}
	var issued time.Time
	if at, err := claims.GetIssuedAt(); err == nil && at != nil {
		issued = at.Time
	}
	name, _ := claims[p.claims.Name].(string) // a name of another type is none
	return request.User{
		ID: id, Name: text.Name(name, maxName), Scopes: scopes, ExpiresAt: expires.Time, IssuedAt: issued, Provider: p.name,
		Claims: p.further(claims),
	}, nil
}

// further are the claims that are asked for, as far as they are of a type that is kept and
// within bounds; others are as if they were not there.
func (p *provider) further(claims jwt.MapClaims) map[string]any {
	var kept map[string]any
	for name, value := range claims {
		if len(kept) == maxClaims || !p.keep(name) || !keepable(value) {
			continue
		}
		if kept == nil {
			kept = map[string]any{}
		}
		kept[name] = value
	}
	return kept
}

func keepable(value any) bool {
	switch v := value.(type) {
	case float64, bool:
		return true
	case string:
		return len(v) <= maxClaim
	case []any:
		for _, element := range v {
			if text, ok := element.(string); !ok || len(text) > maxClaim {
				return false
			}
		}
		return len(v) <= maxClaimList
	}
	return false
}

// readScopes reads a list of strings, or one string that spaces divide.
func readScopes(claim any) ([]string, bool) {
	var scopes []string
	switch claim := claim.(type) {
	case nil:
		return nil, true
	case string:
		scopes = strings.Fields(claim)
	case []any:
		for _, element := range claim {
			text, ok := element.(string)
			if !ok {
				return nil, false
			}
			scopes = append(scopes, text)
		}
	default:
		return nil, false
	}
	for _, s := range scopes {
		if s == "" || len(s) > maxScope {
			return nil, false
		}
	}
	return scopes, len(scopes) <= maxScopes
}
