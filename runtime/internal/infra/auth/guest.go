package auth

import (
	"github.com/oklog/ulid/v2"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/text"
)

// guestProvider is the provider's name of anonymous users.
const guestProvider = "anonymous"

// newGuest makes an anonymous user with the name that the client sent. The server always
// generates the id, so that no client can take another user's id.
func newGuest(name string) request.User {
	return request.User{
		ID: "anon-" + ulid.Make().String(), Name: text.Name(name[:min(len(name), maxToken)], maxName), Provider: guestProvider,
	}
}
