package lobby

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/search"
	"github.com/anteroom/anteroom/runtime/wire"
)

// ListKind is the kind of the streams on which the lists of lobbies are told.
const ListKind = "lobbies"

// ListStream is the stream of the list of a type.
func ListStream(lobbyType string) stream.ID { return stream.ID(ListKind + ":" + lobbyType) }

const (
	// listEvery is how often the list is told at most.
	listEvery = 250 * time.Millisecond
	// listAtOnce is how many lobbies are told of at once; more follow.
	listBatch = 200
	// sweepEvery is between two steps of the sweep, of sweepAtOnce lobbies each.
	sweepEvery = 5 * time.Second
	sweepBatch = 500
	// relistEvery is how often a lobby is looked at although nothing is due.
	reindexEvery = 15 * time.Minute
)

// reindex brings the index up to a lobby. If that fails, the next look does it, which
// is scheduled.
func (s *Service) reindex(ctx context.Context, l rules.Lobby) error {
	if s.Index == nil || l.ID == "" {
		return nil
	}
	e, err := search.EntryOf(l)
	if err != nil {
		return err
	}
	return s.put(ctx, l.Policy.Type, e)
}

func (s *Service) put(ctx context.Context, lobbyType string, e search.Entry) error {
	first, err := s.Index.Put(ctx, lobbyType, e)
	if err != nil {
		return fmt.Errorf("index lobby %s: %w", e.ID, err)
	}
	if !first {
		return nil
	}
	s.schedulePublishList(ctx, lobbyType)
	return s.Deadlines.Schedule(ctx, ListStream(lobbyType), s.Now().Add(sweepEvery))
}

// tellListLater has the list told after a while. If that fails, the sweep does it.
func (s *Service) schedulePublishList(ctx context.Context, lobbyType string) {
	s.later(listEvery, func() {
		ctx, cancel := context.WithTimeout(stream.Detached(ctx), sweepEvery)
		defer cancel()
		_ = s.publishList(ctx, lobbyType)
	})
}

// tellList puts a batch of what has changed on the stream of the list. It is told
// before it is forgotten, so that a pod that dies over it has it told twice, not never.
func (s *Service) publishList(ctx context.Context, lobbyType string) error {
	changes, err := s.Index.Changes(ctx, lobbyType, listBatch)
	if err != nil || len(changes) == 0 {
		return err
	}
	if err := s.publishChanges(ctx, lobbyType, changes); err != nil {
		return err
	}
	left, err := s.Index.Settle(ctx, lobbyType, changes)
	if left {
		s.schedulePublishList(ctx, lobbyType)
	}
	return err
}

func (s *Service) publishChanges(ctx context.Context, lobbyType string, changes []search.IndexChange) error {
	told := wire.LobbyListed{Type: lobbyType}
	for _, c := range changes {
		if !c.Is {
			if c.Was {
				told.Removed = append(told.Removed, c.ID)
			}
			continue
		}
		var card wire.LobbyListing
		if err := json.Unmarshal(c.Card, &card); err != nil {
			continue // the sweep puts it right
		}
		if c.Was {
			told.Updated = append(told.Updated, card)
		} else {
			told.Added = append(told.Added, card)
		}
	}
	if len(told.Added)+len(told.Updated)+len(told.Removed) == 0 {
		return nil
	}
	data, err := json.Marshal(told)
	if err != nil {
		return fmt.Errorf("encode a list: %w", err)
	}
	_, err = s.Store.Commit(ctx, stream.Commit{
		Stream: ListStream(lobbyType), Events: []stream.Event{{Name: wire.EventLobbyListed, Data: data}},
		Retain: stream.Retention{LogSize: s.HistorySize, LogTTL: s.HistoryTTL, TTL: max(stream.Lasting, s.HistoryTTL)},
	})
	return err
}

// Sweep goes around the lobbies of a type, a step at a time, for stream.Deadlines: it
// puts the index right, takes out what is gone, and has lobbies take over a policy that
// applies to all. It tells when to do the next step.
func (s *Service) Sweep(ctx context.Context, id stream.ID) (time.Time, error) {
	lobbyType := id.Name()
	if err := s.publishList(ctx, lobbyType); err != nil {
		return time.Time{}, err
	}
	from, err := s.Index.Marked(ctx, lobbyType)
	if err != nil {
		return time.Time{}, err
	}
	ids, err := s.Index.All(ctx, lobbyType, from, sweepBatch)
	if err != nil {
		return time.Time{}, err
	}
	adopted := false
	for _, lobbyID := range ids {
		took, err := s.reconcile(ctx, lobbyType, lobbyID)
		if err != nil {
			return time.Time{}, err
		}
		adopted = adopted || took
	}
	next := ""
	if len(ids) == sweepBatch {
		next = ids[len(ids)-1]
	}
	if err := s.Index.Mark(ctx, lobbyType, next); err != nil {
		return time.Time{}, err
	}
	switch {
	case adopted && next != "":
		return s.Now(), nil
	case len(ids) == 0 && from == "":
		left, err := s.Index.Changes(ctx, lobbyType, 1)
		if err != nil || len(left) == 0 {
			return time.Time{}, err
		}
	}
	return s.Now().Add(sweepEvery), nil
}

// sweepSoon has the sweep of a type go on, for a lobby that is looked at: whoever made the
// first lobby of the type may have died before it asked for that.
func (s *Service) scheduleSweep(ctx context.Context, l rules.Lobby) error {
	if s.Index == nil || l.Closed() {
		return nil
	}
	return s.Deadlines.Schedule(ctx, ListStream(l.Policy.Type), s.Now().Add(sweepEvery))
}

// revise puts the entry of a lobby right; true when the lobby took a policy over.
func (s *Service) reconcile(ctx context.Context, lobbyType, lobbyID string) (bool, error) {
	l, err := s.load(ctx, lobbyID)
	if isNotFound(err) {
		return false, s.put(ctx, lobbyType, search.Entry{ID: lobbyID, Gone: true})
	}
	if err != nil {
		return false, err
	}
	if l.HasUnpublishedPolicy() && !l.Closed() {
		_, err = s.Look(ctx, StreamID(lobbyID))
		return true, err
	}
	return false, s.reindex(ctx, l)
}

// truly gives the cards that are still true, and puts the others right.
func (s *Service) verify(ctx context.Context, lobbyType string, cards []search.Carded) ([]wire.LobbyListing, error) {
	found := make([]wire.LobbyListing, 0, len(cards))
	for _, c := range cards {
		var card wire.LobbyListing
		err := json.Unmarshal(c.Card, &card)
		if err == nil && c.Head >= c.Version && card.ID == c.ID {
			found = append(found, card)
			continue
		}
		l, err := s.load(ctx, c.ID)
		switch {
		case isNotFound(err):
			err = s.put(ctx, lobbyType, search.Entry{ID: c.ID, Gone: true})
		case err == nil:
			err = s.reindex(ctx, l)
			if l.Listed() {
				found = append(found, l.Listing())
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

var errNoIndex = errors.New("this server keeps no index of lobbies")
