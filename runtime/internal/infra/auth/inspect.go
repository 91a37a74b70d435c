package auth

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/anteroom/anteroom/runtime/wire"
)

// maxToken is the most bytes a token may have.
const maxToken = 8192

// unverified is what a token says of itself, which chooses the provider that
// will judge it and nothing else.
type unverified struct{ issuer string }

// inspect looks at a token before its signature is checked.
func inspect(token string) (unverified, *wire.Error) {
	if token == "" {
		return unverified{}, refuse("a token is required: send it as auth.token of the CONNECT; the query and headers are not read")
	}
	if scheme, _, ok := strings.Cut(token, " "); ok && strings.EqualFold(scheme, "Bearer") {
		return unverified{}, refuse("auth.token begins with \"Bearer\": send the token alone")
	}
	if len(token) > maxToken {
		return unverified{}, refuse("the token is too long")
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return unverified{}, refuse("the token is not a JWT")
	}
	var header struct {
		Critical json.RawMessage `json:"crit"`
	}
	var claims struct {
		Issuer any `json:"iss"`
	}
	if decodeSegment(parts[0], &header) != nil || decodeSegment(parts[1], &claims) != nil {
		return unverified{}, refuse("the token is not a JWT")
	}
	if header.Critical != nil {
		return unverified{}, refuse("the token asks for extensions (crit) that are not known here")
	}
	issuer, isText := claims.Issuer.(string)
	if claims.Issuer != nil && !isText {
		return unverified{}, refuse("the token's issuer (iss) is not a string")
	}
	return unverified{issuer: issuer}, nil
}

func decodeSegment(segment string, into any) error {
	data, err := base64.RawURLEncoding.Strict().DecodeString(segment)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}
