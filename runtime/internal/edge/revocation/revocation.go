// Package revocation refuses users whose tokens a back end has revoked. Each revocation
// expires, because the revoked tokens expire too.
package revocation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

const (
	// space has the revocations, by user.
	space = "revoked"
	// seenSpace has the time at which a token was first seen, by token id, for tokens whose
	// issue time was ahead of the server's clock.
	seenSpace = "token-seen"
	// seenTTL is longer than the longest revocation.
	seenTTL = 367 * 24 * time.Hour
)

// Revocation is the reason to refuse a user's tokens.
type Revocation struct {
	// Since, in milliseconds since the epoch: tokens issued before, or without an issue
	// time, are refused.
	Since int64 `json:"since"`
	// Banned refuses newer tokens too.
	Banned bool `json:"banned,omitempty"`
	// Message is for the user; it may be empty.
	Message string `json:"message,omitempty"`
}

// Refuse returns the refusal of a token with this issue time; nil when the token is valid.
// Issue times are whole seconds: a token of the second of its revocation is refused.
func (r Revocation) Refuse(issued time.Time) error {
	switch {
	case r.Banned:
		return wire.Refuse(wire.CodeBanned, or(r.Message, "you are banned"))
	case issued.IsZero() || issued.UnixMilli() <= r.Since:
		return wire.Refuse(wire.CodeUnauthenticated, or(r.Message, "the token was revoked; get a new one"))
	}
	return nil
}

// End returns the event that ends the revoked user's sessions.
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

// Book keeps the revocations. Its methods return *wire.Error and the errors of the store.
type Book struct {
	Values stream.Values
	// Now is the clock; nil is [time.Now].
	Now func() time.Time
}

// Put revokes a user for ttl, and replaces an earlier revocation.
func (b Book) Put(ctx context.Context, user string, r Revocation, ttl time.Duration) error {
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode a revocation: %w", err)
	}
	return b.Values.Put(ctx, space, user, data, ttl)
}

// Lift removes a user's revocation, if there is one.
func (b Book) Lift(ctx context.Context, user string) error {
	return b.Values.Delete(ctx, space, user)
}

// Check refuses a revoked user. A token counts as issued at its issue time, or at the time
// a server first saw it if that is earlier. An issuer's clock that is ahead thus cannot
// circumvent a revocation.
func (b Book) Check(ctx context.Context, user request.User) error {
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

// see returns when a token was first seen, and records the current time for a new token.
// The record outlives the longest revocation.
func (b Book) see(ctx context.Context, user request.User) (time.Time, error) {
	seen, err := b.firstSeen(ctx, user)
	if err != nil || !seen.IsZero() {
		return seen, err
	}
	now := b.now()
	return now, b.Values.Put(ctx, seenSpace, user.TokenID, []byte(strconv.FormatInt(now.UnixMilli(), 10)), seenTTL)
}

// firstSeen returns the zero time for a token without a record.
func (b Book) firstSeen(ctx context.Context, user request.User) (time.Time, error) {
	data, err := b.Values.Get(ctx, seenSpace, user.TokenID)
	if errors.Is(err, stream.ErrNotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	ms, err := strconv.ParseInt(string(data), 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("decode the first-seen time of a token: %w", err)
	}
	return time.UnixMilli(ms), nil
}
