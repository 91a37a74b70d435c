package ids

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// Minter generates ids, which are ULIDs, for the objects that requests create.
type Minter struct {
	Names stream.Names
	// TTL is how long a keyed request gets the same id.
	TTL time.Duration
	Now func() time.Time
}

// ID returns an id in a space for the object that a user's request creates. A repeated
// request with a key gets the same id.
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

// Known returns the id of a user's request in a space; "" when it has none.
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

// Choose replaces the id of a request in a space: next in place of was, which is "" for the
// first id. Known then returns next.
func (m Minter) Choose(ctx context.Context, space, userID, key, was, next string) error {
	name := nameOf(userID, key)
	if was != "" && was != next {
		if err := m.Names.Release(ctx, space, name, was); err != nil {
			return fmt.Errorf("release an id: %w", err)
		}
	}
	if _, err := m.Names.Claim(ctx, space, name, next, m.TTL); err != nil {
		return fmt.Errorf("claim an id: %w", err)
	}
	return nil
}

// nameOf returns the name of a user's request in a space of ids.
func nameOf(userID, key string) string {
	sum := sha256.Sum256([]byte(userID + "\x00" + key))
	return hex.EncodeToString(sum[:])
}

// ValidID reports whether a string is an id of a Minter.
func ValidID(id string) bool {
	parsed, err := ulid.ParseStrict(id)
	return err == nil && parsed.String() == id
}
