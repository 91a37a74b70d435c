// Package request holds the parts of a request that a session and a domain share. The
// session reads a request and answers it; the domain executes it. A domain's handler is a
// function of a context, a [Call] and the wire request, and returns a [Reply] or an error.
package request

import (
	"slices"
	"time"
)

// User is an authenticated user.
type User struct {
	// ID is unique within the cluster: the token's user claim, or for anonymous
	// users an id the server made. At most 128 bytes.
	ID string
	// Name is what other users see; it may be empty.
	Name string
	// Scopes are the permissions the token carries.
	Scopes []string
	// ExpiresAt is when the token runs out; the zero time means never.
	ExpiresAt time.Time
	// IssuedAt is when the token was made; the zero time means that it does not say.
	// It may be a few seconds ahead of this server's clock.
	IssuedAt time.Time
	// TokenID is a digest of the signed part of the token, under which a store may
	// know the token again; it is empty for a user without one.
	TokenID string
	// Provider is the name of the auth provider that vouched for the user.
	Provider string
	// Claims are those of the token's further claims that somebody asked for: numbers,
	// booleans, texts, and lists of texts, all bounded. Nil when there are none.
	Claims map[string]any
}

// Has reports whether the user's token carries the scope.
func (u User) Has(scope string) bool { return slices.Contains(u.Scopes, scope) }

// Caller is a user at the moment of a request: the same user may have several
// connections, each with a session of its own.
type Caller struct {
	User
	// SessionID is the id of the connection's session, unique in the cluster.
	SessionID string
	// DeviceID is what the client calls its device; it may be empty.
	DeviceID string
	// Backend says that the caller is no user but a back end, by way of the server API. Its
	// ID is empty. Only the server sets it.
	Backend bool
}
