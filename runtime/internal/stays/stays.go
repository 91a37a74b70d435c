// Package stays counts the groups, such as lobbies and parties, that a user is in,
// so that there are never more than a rule allows.
//
// A stay is entered before the group's document is committed with the user in it,
// and struck off after the user's departure is committed, so that there is an entry
// for every stay. When a process dies in between there may be an entry without a
// stay; that is found out when a set is full.
package stays

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/anteroom/anteroom/runtime/internal/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Stay is one time that a user is in a group. The enrolment, a ULID, tells it from
// earlier and later ones.
type Stay struct{ Group, Enrolment string }

const separator = "/"

// String is the entry of a stay in a set.
func (s Stay) String() string { return s.Group + separator + s.Enrolment }

// Parse reads an entry.
func Parse(entry string) Stay {
	group, enrolment, _ := strings.Cut(entry, separator)
	return Stay{Group: group, Enrolment: enrolment}
}

// Book keeps the stays of users in bounded sets.
type Book struct {
	Sets stream.Sets
	// TTL is how long a set is kept after its last entry.
	TTL time.Duration
	Now func() time.Time
	// Stands tells whether the user is in the group by this enrolment.
	Stands func(ctx context.Context, userID string, s Stay) (bool, error)
}

// Enter puts a stay into a set of a user's, unless it would be one of more than
// bound; false then. When the set is full, what does not belong there is taken out
// first.
func (b Book) Enter(ctx context.Context, set string, s Stay, bound int, userID string) (bool, error) {
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

// Strike takes a stay out of a set.
func (b Book) Strike(ctx context.Context, set string, s Stay) error {
	return keeping(b.Sets.Remove(ctx, set, s.String()))
}

// Newborn is how long a stay that cannot be found may still be about to begin.
const Newborn = 15 * time.Second

func (b Book) dropStale(ctx context.Context, set, entry, userID string) error {
	s := Parse(entry)
	id, err := ulid.ParseStrict(s.Enrolment)
	if err == nil && b.Now().Sub(id.Timestamp()) < Newborn {
		return nil
	}
	stands, err := b.Stands(ctx, userID, s)
	if err != nil || stands {
		return err
	}
	return keeping(b.Sets.Remove(ctx, set, entry))
}

// Groups are the groups in a set, as far as they are entered.
func (b Book) Groups(ctx context.Context, set string) ([]string, error) {
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

// Visit calls visit once for each group in a user's set, and for those whose streams,
// of a kind, are among some. That a group is not there any more is no error.
func (b Book) Visit(ctx context.Context, set, kind string, among []stream.ID, visit func(group string) error) error {
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
		return fmt.Errorf("keep the stays of a user: %w", err)
	}
	return nil
}
