// Package revocation keeps users out whose tokens a back end has revoked. What it
// keeps ends by itself: no token has to be remembered for longer than it is good.
package revocation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/identity"
	"github.com/anteroom/anteroom/runtime/internal/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// space is where revocations are kept, by user.
const space = "revoked"

// Revocation is why a user's tokens are not taken any more.
type Revocation struct {
	// Since, in milliseconds since the epoch: tokens that were issued before, or that
	// do not say when, are refused.
	Since int64 `json:"since"`
	// Banned refuses newer tokens too.
	Banned bool `json:"banned,omitempty"`
	// Message is for the user; it may be empty.
	Message string `json:"message,omitempty"`
}

// Refuse gives the refusal of a user's token, nil when it is good. A token says in
// whole seconds when it was issued: one of the second in which it was revoked is
// refused.
func (r Revocation) Refuse(user identity.User) error {
	switch {
	case r.Banned:
		return wire.Refuse(wire.CodeBanned, or(r.Message, "you are banned"))
	case user.IssuedAt.IsZero() || user.IssuedAt.UnixMilli() <= r.Since:
		return wire.Refuse(wire.CodeUnauthenticated, or(r.Message, "the token was revoked; get a new one"))
	}
	return nil
}

// End is how the sessions end that the user has when it is revoked.
func (r Revocation) End() *stream.End {
	if r.Banned {
		return &stream.End{Reason: string(wire.CloseBanned), Message: or(r.Message, "you are banned")}
	}
	return &stream.End{Reason: string(wire.CloseUnauthenticated), Message: or(r.Message, "the token was revoked; get a new one")}
}

func or(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}

// Book has the revocations. Beside *wire.Error its methods return those of the store.
type Book struct{ Values stream.Values }

// Put revokes a user for a while, in place of what was.
func (b Book) Put(ctx context.Context, user string, r Revocation, ttl time.Duration) error {
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode a revocation: %w", err)
	}
	return b.Values.Put(ctx, space, user, data, ttl)
}

// Lift takes a revocation back, if there is one.
func (b Book) Lift(ctx context.Context, user string) error {
	return b.Values.Delete(ctx, space, user)
}

// Check refuses a user who is revoked.
func (b Book) Check(ctx context.Context, user identity.User) error {
	data, err := b.Values.Get(ctx, space, user.ID)
	if errors.Is(err, stream.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	var r Revocation
	if err := json.Unmarshal(data, &r); err != nil {
		return fmt.Errorf("decode a revocation: %w", err)
	}
	return r.Refuse(user)
}
