package names

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/anteroom/anteroom/runtime/internal/stream"
)

// Minter gives ids, which are ULIDs, to what requests make.
type Minter struct {
	Names stream.Names
	// TTL is how long a keyed request gets the same id again.
	TTL time.Duration
	// Now is the clock.
	Now func() time.Time
}

// ID gives an id of a space to a user's request, to name what it makes. A request
// with a key gets the same id each time it is repeated.
func (m Minter) ID(ctx context.Context, space, userID, key string) (string, error) {
	id, err := ulid.New(ulid.Timestamp(m.Now()), rand.Reader)
	if err != nil {
		return "", fmt.Errorf("make an id: %w", err)
	}
	if key == "" {
		return id.String(), nil
	}
	name := nameOf(userID, key)
	mine, err := m.Names.Claim(ctx, space, name, id.String(), m.TTL)
	if err != nil {
		return "", fmt.Errorf("claim an id: %w", err)
	}
	if mine {
		return id.String(), nil
	}
	first, err := m.Names.Owner(ctx, space, name)
	if err != nil {
		return "", fmt.Errorf("look up an id: %w", err)
	}
	return first, nil
}

// Known gives the id that a user's request has in a space; "" when it has none.
func (m Minter) Known(ctx context.Context, space, userID, key string) (string, error) {
	id, err := m.Names.Owner(ctx, space, nameOf(userID, key))
	if errors.Is(err, stream.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look up an id: %w", err)
	}
	return id, nil
}

// Choose gives a request another id in a space: next in place of was, which is "" for the
// first. A repeated request finds it by Known.
func (m Minter) Choose(ctx context.Context, space, userID, key, was, next string) error {
	name := nameOf(userID, key)
	if was != "" && was != next {
		if err := m.Names.Release(ctx, space, name, was); err != nil {
			return fmt.Errorf("give an id back: %w", err)
		}
	}
	if _, err := m.Names.Claim(ctx, space, name, next, m.TTL); err != nil {
		return fmt.Errorf("claim an id: %w", err)
	}
	return nil
}

// nameOf is the name of a user's request in a space of ids.
func nameOf(userID, key string) string {
	sum := sha256.Sum256([]byte(userID + "\x00" + key))
	return hex.EncodeToString(sum[:])
}

// ValidID tells whether this can be an id that a Minter gave.
func ValidID(id string) bool {
	parsed, err := ulid.ParseStrict(id)
	return err == nil && parsed.String() == id
}
