package matchmaking

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/anteroom/anteroom/runtime/internal/core/membership"
	"github.com/anteroom/anteroom/runtime/wire"
)

// A set for each user has the user's tickets with their queues, outside the books, as long
// as a ticket can live. An entry may be of a ticket that is gone.
const (
	maxEntries = 64
	entryTTL   = 25 * time.Hour
	between    = "/"
)

func setOf(userID string) string { return "mm:" + userID }

func entry(queue, ticketID string) string { return queue + between + ticketID }

// note adds a ticket to the sets of its players before it is entered into the book, so that
// every ticket has its entries. A full set first drops the entries of tickets that are
// gone.
func (s *Service) note(ctx context.Context, t Ticket) error {
	for _, user := range t.Users() {
		in, err := s.Sets.Add(ctx, setOf(user), entry(t.homeQueue(), t.ID), maxEntries, entryTTL)
		if err == nil && !in {
			if _, err = s.mine(ctx, user); err == nil {
				in, err = s.Sets.Add(ctx, setOf(user), entry(t.homeQueue(), t.ID), maxEntries, entryTTL)
			}
		}
		if err != nil {
			return err
		}
		if !in {
			return s.tooManyTickets(ctx, t, user)
		}
	}
	return nil
}

// tooManyTickets refuses a player who has maxEntries tickets. It lists them only for a
// player without a party: the caller may not know the tickets of other members.
func (s *Service) tooManyTickets(ctx context.Context, t Ticket, user string) error {
	var ids []string
	if t.PartyID == "" {
		places, err := s.of(ctx, user)
		if err != nil {
			return err
		}
		for _, at := range places {
			ids = append(ids, at.ticket)
		}
	}
	return wire.Already(wire.CodeResourceExhausted, wire.ReasonTicketLimit, fmt.Sprintf("a player may have %d tickets", maxEntries), ids...)
}

// noteAgain adds the entries of a ticket in the book again, in case they were removed as
// stale. It ignores a full set.
func (s *Service) noteAgain(ctx context.Context, t Ticket) error {
	return ignoreRefusal(s.note(ctx, t))
}

// unnote removes the entries that note added.
func (s *Service) unnote(ctx context.Context, t Ticket) error {
	for _, user := range t.Users() {
		if err := s.Sets.Remove(ctx, setOf(user), entry(t.homeQueue(), t.ID)); err != nil {
			return err
		}
	}
	return nil
}

type place struct{ queue, ticket string }

// of returns the entries of a user's set; a ticket may be gone.
func (s *Service) of(ctx context.Context, userID string) ([]place, error) {
	all, err := s.Sets.List(ctx, setOf(userID))
	if err != nil {
		return nil, fmt.Errorf("list the tickets of a user: %w", err)
	}
	places := make([]place, 0, len(all))
	for _, e := range all {
		queue, ticket, _ := strings.Cut(e, between)
		places = append(places, place{queue, ticket})
	}
	return places, nil
}

// mine returns the tickets of a user, and removes stale entries.
func (s *Service) mine(ctx context.Context, userID string) ([]Ticket, error) {
	places, err := s.of(ctx, userID)
	if err != nil {
		return nil, err
	}
	var all []Ticket
	for _, at := range places {
		t, there, err := s.ticket(ctx, at.queue, at.ticket)
		if err != nil {
			return nil, err
		}
		switch {
		case there && t.Has(userID):
			all = append(all, t)
		case there || !s.withinGracePeriod(at.ticket):
			if err := s.Sets.Remove(ctx, setOf(userID), entry(at.queue, at.ticket)); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// withinGracePeriod reports whether a ticket that is not in the book may still be entered, because
// note precedes its step.
func (s *Service) withinGracePeriod(ticketID string) bool {
	id, err := ulid.ParseStrict(ticketID)
	return err == nil && s.Now().Sub(id.Timestamp()) < membership.Newborn
}
