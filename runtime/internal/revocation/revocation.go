// Package revocation keeps users out whose tokens a back end has revoked. What it
// keeps ends by itself: no token has to be remembered for longer than it is good.
package revocation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/identity"
	"github.com/anteroom/anteroom/runtime/internal/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

const (
	// space has the revocations, by user.
	space = "revoked"
	// seenSpace has when tokens were seen first, by token: those whose issue time was ahead
	// of the server's clock then.
	seenSpace = "token-seen"
	// seenTTL is longer than a revocation may last.
	seenTTL = 367 * 24 * time.Hour
)

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

// Refuse gives the refusal of a token that was issued then, nil when it is good. A token says in
// whole seconds when it was issued: one of the second in which it was revoked is
// refused.
func (r Revocation) Refuse(issued time.Time) error {
	switch {
	case r.Banned:
		return wire.Refuse(wire.CodeBanned, or(r.Message, "you are banned"))
	case issued.IsZero() || issued.UnixMilli() <= r.Since:
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
type Book struct {
	Values stream.Values
	// Now is the clock; nil is [time.Now].
	Now func() time.Time
}

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

// Check refuses a user who is revoked. A token counts as issued when it says, or when a
// server saw it first if that was earlier, so that no issuer's clock outlives a revocation.
func (b Book) Check(ctx context.Context, user identity.User) error {
	ahead := user.IssuedAt.After(b.now())
	if ahead {
		seen, err := b.see(ctx, user)
		if err != nil {
			return err
		}
		user.IssuedAt = seen
	}
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
	if !ahead && r.Refuse(user.IssuedAt) == nil {
		seen, err := b.firstSeen(ctx, user)
		if err != nil {
			return err
		}
		if !seen.IsZero() && seen.Before(user.IssuedAt) {
			user.IssuedAt = seen
		}
	}
	return r.Refuse(user.IssuedAt)
}

func (b Book) now() time.Time {
	if b.Now == nil {
		return time.Now()
	}
	return b.Now()
}

// see gives when a token was seen first, which is now for a new one. It is noted for as
// long as a revocation may last.
func (b Book) see(ctx context.Context, user identity.User) (time.Time, error) {
	seen, err := b.firstSeen(ctx, user)
	if err != nil || !seen.IsZero() {
		return seen, err
	}
	now := b.now()
	return now, b.Values.Put(ctx, seenSpace, user.TokenID, []byte(strconv.FormatInt(now.UnixMilli(), 10)), seenTTL)
}

// firstSeen gives the zero time for a token that was not noted.
func (b Book) firstSeen(ctx context.Context, user identity.User) (time.Time, error) {
	data, err := b.Values.Get(ctx, seenSpace, user.TokenID)
	if errors.Is(err, stream.ErrNotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	ms, err := strconv.ParseInt(string(data), 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("decode when a token was seen: %w", err)
	}
	return time.UnixMilli(ms), nil
}
