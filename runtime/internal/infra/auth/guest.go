package auth

import (
	"github.com/oklog/ulid/v2"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/text"
)

// guestProvider is the provider's name of anonymous users.
const guestProvider = "anonymous"

// newGuest makes a user of whom nothing is known but the name it gives itself.
// The id is always new and made here, so that nobody can take another's.
func newGuest(name string) request.User {
	return request.User{
		ID: "anon-" + ulid.Make().String(), Name: text.Name(name[:min(len(name), maxToken)], maxName), Provider: guestProvider,
	}
}
