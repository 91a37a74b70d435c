package serverapi

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"

	"github.com/anteroom/anteroom/runtime/wire"
)

// authorize lets through who brings the token in force. The sums are compared, so that
// the time it takes says nothing of the token, not even its length.
func (s *Server) authorize(r *http.Request) error {
	token, err := s.Token()
	if err != nil || token == "" {
		s.Log.Error("the token of the server API cannot be read", "error", err)
		return wire.Refuse(wire.CodeUnavailable, "this server cannot read its token")
	}
	scheme, brought, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	want, got := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(brought))
	if subtle.ConstantTimeCompare(want[:], got[:]) != 1 || !strings.EqualFold(scheme, "Bearer") {
		return wire.Refuse(wire.CodeUnauthenticated, "the bearer token is missing or wrong")
	}
	return nil
}
