package matchmaking

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/anteroom/anteroom/runtime/internal/core/membership"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// A set for each user lists the user's tickets with their queues, outside the queues'
// records. A set lives as long as a ticket can. It may list tickets that have ended.
const (
	maxEntries     = 64
	entryTTL       = 25 * time.Hour
	entrySeparator = "/"
)

// ticketIndex finds the tickets of a user.
type ticketIndex struct {
	sets stream.Sets
	// read reads a ticket; false when it does not exist.
	read func(ctx context.Context, queue, id string) (Ticket, bool, error)
	now  func() time.Time
}

// indexEntry is a ticket in the set of a user, with the queue of its first copy.
type indexEntry struct{ queue, ticket string }

func (e indexEntry) String() string { return e.queue + entrySeparator + e.ticket }

func entryOf(t Ticket) string { return indexEntry{t.homeQueue(), t.ID}.String() }

func setOf(userID string) string { return "mm:" + userID }

// Add adds a ticket to the sets of its players. It precedes the commit of the ticket, so
// that every ticket is in its players' sets. When a set is full, Add first removes the
// entries of ended tickets. Error: resource_exhausted when the set is still full.
func (x ticketIndex) Add(ctx context.Context, t Ticket) error {
	for _, user := range t.Users() {
		added, err := x.sets.Add(ctx, setOf(user), entryOf(t), maxEntries, entryTTL)
		if err == nil && !added {
			if _, err = x.Tickets(ctx, user); err == nil {
				added, err = x.sets.Add(ctx, setOf(user), entryOf(t), maxEntries, entryTTL)
			}
		}
		if err != nil {
			return err
		}
		if !added {
			return x.full(ctx, t, user)
		}
	}
	return nil
}

// full returns the refusal of a ticket whose player has maxEntries tickets. It lists them
// only for a player without a party: the caller may not know the tickets of other members.
func (x ticketIndex) full(ctx context.Context, t Ticket, user string) error {
	var ids []string
	if t.PartyID == "" {
		entries, err := x.Entries(ctx, user)
		if err != nil {
			return err
		}
		for _, e := range entries {
			ids = append(ids, e.ticket)
		}
	}
	return wire.Already(wire.CodeResourceExhausted, wire.ReasonTicketLimit, fmt.Sprintf("a player may have %d tickets", maxEntries), ids...)
}

// Restore adds a committed ticket again, in case its entries were removed as stale. It
// ignores a full set.
func (x ticketIndex) Restore(ctx context.Context, t Ticket) error {
	return ignoreRefusal(x.Add(ctx, t))
}

// Remove removes a ticket from the sets of users.
func (x ticketIndex) Remove(ctx context.Context, e indexEntry, users []string) error {
	for _, user := range users {
		if err := x.sets.Remove(ctx, setOf(user), e.String()); err != nil {
			return fmt.Errorf("remove a ticket from its players' sets: %w", err)
		}
	}
	return nil
}

// Entries returns the set of a user; some of its tickets may have ended.
func (x ticketIndex) Entries(ctx context.Context, userID string) ([]indexEntry, error) {
	all, err := x.sets.List(ctx, setOf(userID))
	if err != nil {
		return nil, fmt.Errorf("list the tickets of a user: %w", err)
	}
	entries := make([]indexEntry, 0, len(all))
	for _, e := range all {
		queue, ticket, _ := strings.Cut(e, entrySeparator)
		entries = append(entries, indexEntry{queue, ticket})
	}
	return entries, nil
}

// Tickets reads the tickets of a user, and removes stale entries.
func (x ticketIndex) Tickets(ctx context.Context, userID string) ([]Ticket, error) {
	entries, err := x.Entries(ctx, userID)
	if err != nil {
		return nil, err
	}
	var all []Ticket
	for _, e := range entries {
		t, exists, err := x.read(ctx, e.queue, e.ticket)
		if err != nil {
			return nil, err
		}
		switch {
		case exists && t.Has(userID):
			all = append(all, t)
		case exists || !x.withinGracePeriod(e.ticket):
			if err := x.sets.Remove(ctx, setOf(userID), e.String()); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// withinGracePeriod reports whether a ticket that does not exist may still be committed,
// because Add precedes its commit.
func (x ticketIndex) withinGracePeriod(ticketID string) bool {
	id, err := ulid.ParseStrict(ticketID)
	return err == nil && x.now().Sub(id.Timestamp()) < membership.GracePeriod
}
