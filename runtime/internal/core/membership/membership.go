// Package membership keeps the memberships of users in groups, such as lobbies and parties, so
// that a user never has more of them than a rule allows.
//
// A membership is added before the group's document is committed with the user in it, and
// removed after the user's departure is committed. Every membership thus has an entry. When
// a process dies in between, an entry without a membership remains; it is removed when its
// set is full.
package membership

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Membership is one membership of a user in a group. The id, a ULID, distinguishes it from
// earlier and later memberships in the same group.
type Membership struct{ Group, ID string }

const separator = "/"

// String returns the membership's entry in a set.
func (s Membership) String() string { return s.Group + separator + s.ID }

// Parse parses an entry.
func Parse(entry string) Membership {
	group, id, _ := strings.Cut(entry, separator)
	return Membership{Group: group, ID: id}
}

// Store keeps the memberships of users in bounded sets.
type Store struct {
	Sets stream.Sets
	// TTL is how long a set is kept after its last entry.
	TTL time.Duration
	Now func() time.Time
	// Exists reports whether the group's document has the user by this id.
	Exists func(ctx context.Context, userID string, s Membership) (bool, error)
}

// Add adds a membership to a user's set; false when the set already has bound other entries.
// When the set is full, Add first removes the entries without a membership.
func (b Store) Add(ctx context.Context, set string, s Membership, bound int, userID string) (bool, error) {
	in, err := b.Sets.Add(ctx, set, s.String(), bound, b.TTL)
	if err != nil || in {
		return in, keeping(err)
	}
	entries, err := b.Sets.List(ctx, set)
	if err != nil {
		return false, keeping(err)
	}
	for _, entry := range entries {
		if err := b.dropStale(ctx, set, entry, userID); err != nil {
			return false, err
		}
	}
	in, err = b.Sets.Add(ctx, set, s.String(), bound, b.TTL)
	return in, keeping(err)
}

// Remove removes a membership from a set.
func (b Store) Remove(ctx context.Context, set string, s Membership) error {
	return keeping(b.Sets.Remove(ctx, set, s.String()))
}

// GracePeriod is the age below which an entry without a membership is kept, because the commit
// of the membership may still follow.
const GracePeriod = 15 * time.Second

func (b Store) dropStale(ctx context.Context, set, entry, userID string) error {
	s := Parse(entry)
	id, err := ulid.ParseStrict(s.ID)
	if err == nil && b.Now().Sub(id.Timestamp()) < GracePeriod {
		return nil
	}
	stands, err := b.Exists(ctx, userID, s)
	if err != nil || stands {
		return err
	}
	return keeping(b.Sets.Remove(ctx, set, entry))
}

// Groups returns the groups in a set; an entry may be without a membership.
func (b Store) Groups(ctx context.Context, set string) ([]string, error) {
	entries, err := b.Sets.List(ctx, set)
	if err != nil {
		return nil, keeping(err)
	}
	groups := make([]string, len(entries))
	for i, entry := range entries {
		groups[i] = Parse(entry).Group
	}
	return groups, nil
}

// Visit calls visit once for each group in a user's set, and for each group of among whose
// stream is of the kind. It ignores the error that a group was not found.
func (b Store) Visit(ctx context.Context, set, kind string, among []stream.ID, visit func(group string) error) error {
	groups, err := b.Groups(ctx, set)
	if err != nil {
		return err
	}
	for _, id := range among {
		if id.Kind() == kind {
			groups = append(groups, id.Name())
		}
	}
	slices.Sort(groups)
	var errs []error
	for _, group := range slices.Compact(groups) {
		if err := visit(group); wire.CodeOf(err) != wire.CodeNotFound {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func keeping(err error) error {
	if err != nil {
		return fmt.Errorf("update the memberships of a user: %w", err)
	}
	return nil
}
