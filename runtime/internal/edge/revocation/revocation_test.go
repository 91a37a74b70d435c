package revocation

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// values keeps values without an expiry.
type values map[string][]byte

func (v values) Put(_ context.Context, space, name string, value []byte, _ time.Duration) error {
	v[space+" "+name] = value
	return nil
}

func (v values) Get(_ context.Context, space, name string) ([]byte, error) {
	value, ok := v[space+" "+name]
	if !ok {
		return nil, stream.ErrNotFound
	}
	return value, nil
}

func (v values) Delete(_ context.Context, space, name string) error {
	delete(v, space+" "+name)
	return nil
}

// A revocation refuses each token that a server saw before it, however far the issuer's
// clock is ahead.
func TestRevocationWithIssuerClockAhead(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		// issued, seen and revoked are seconds after start; seen is -1 for a token that no
		// server saw before the revocation.
		issued, seen, revoked int
		refused               bool
	}{
		{"issued, seen, revoked", 0, 1, 2, true},
		{"seen, revoked, and then issued", 8, 0, 2, true},
		{"seen and revoked before its issue time", 9, 0, 8, true},
		{"issued and revoked in the same second", 2, -1, 2, true},
		{"issued before, never seen", 1, -1, 2, true},
		{"issued after the revocation", 3, -1, 2, false},
		{"issued after the revocation, with a clock ahead", 29, -1, 2, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			now := start
			book := Book{Values: values{}, Now: func() time.Time { return now }}
			user := request.User{ID: "ada", IssuedAt: start.Add(time.Duration(c.issued) * time.Second), TokenID: "digest"}
			if c.seen >= 0 {
				now = start.Add(time.Duration(c.seen) * time.Second)
				if err := book.Check(t.Context(), user); err != nil {
					t.Fatal(err)
				}
			}
			now = start.Add(time.Duration(c.revoked) * time.Second)
			if err := book.Put(t.Context(), user.ID, Revocation{Since: now.UnixMilli()}, time.Hour); err != nil {
				t.Fatal(err)
			}
			// At once, after the token's issue time, and much later.
			for _, later := range []time.Duration{time.Second, 20 * time.Second, 30 * time.Minute} {
				now = start.Add(time.Duration(c.revoked)*time.Second + later)
				err := book.Check(t.Context(), user)
				var refused *wire.Error
				if got := errors.As(err, &refused); got != c.refused || err != nil && !got {
					t.Errorf("%v after the revocation: %v, want refused %v", later, err, c.refused)
				}
			}
		})
	}
}
