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

// ListKind is the kind of the streams that publish the lists of lobbies.
const ListKind = "lobbies"

// ListStream is the stream of the list of a type.
func ListStream(lobbyType string) stream.ID { return stream.ID(ListKind + ":" + lobbyType) }

const (
	// listEvery is the minimum time between two publications of a list.
	listEvery = 250 * time.Millisecond
	// listBatch is the number of lobbies in one publication; the next publication has the
	// others.
	listBatch = 200
	// sweepEvery is between two steps of the sweep, of sweepAtOnce lobbies each.
	sweepEvery = 5 * time.Second
	sweepBatch = 500
	// reindexEvery is the maximum time between two updates of a lobby's entry.
	reindexEvery = 15 * time.Minute
)

// reindex writes a lobby's entry in the index. The next deadline of the lobby repeats a failed
// write.
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

// schedulePublishList publishes a list after listEvery. The sweep repeats a failed publication.
func (s *Service) schedulePublishList(ctx context.Context, lobbyType string) {
	s.later(listEvery, func() {
		ctx, cancel := context.WithTimeout(stream.Detached(ctx), sweepEvery)
		defer cancel()
		_ = s.publishList(ctx, lobbyType)
	})
}

// publishList publishes a batch of changes of a list. It acknowledges the batch after the
// publication, so that the death of a pod repeats a batch instead of losing the batch.
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
	listed := wire.LobbyListed{Type: lobbyType}
	for _, c := range changes {
		if !c.Is {
			if c.Was {
				listed.Removed = append(listed.Removed, c.ID)
			}
			continue
		}
		var card wire.LobbyListing
		if err := json.Unmarshal(c.Card, &card); err != nil {
			continue // the sweep puts it right
		}
		if c.Was {
			listed.Updated = append(listed.Updated, card)
		} else {
			listed.Added = append(listed.Added, card)
		}
	}
	if len(listed.Added)+len(listed.Updated)+len(listed.Removed) == 0 {
		return nil
	}
	data, err := json.Marshal(listed)
	if err != nil {
		return fmt.Errorf("encode a list: %w", err)
	}
	_, err = s.Store.Commit(ctx, stream.Commit{
		Stream: ListStream(lobbyType), Events: []stream.Event{{Name: wire.EventLobbyListed, Data: data}},
		Retain: stream.Retention{LogSize: s.HistorySize, LogTTL: s.HistoryTTL, TTL: max(stream.Lasting, s.HistoryTTL)},
	})
	return err
}

// Sweep reconciles the index with the lobbies of a type, one step for each deadline. It removes
// lost lobbies, and makes lobbies adopt a policy with ApplyToAll. It returns the time of the
// next step.
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

// scheduleSweep schedules the sweep of a lobby's type. It runs with each deadline, because the
// pod that created the first lobby of the type may have died before it scheduled the sweep.
func (s *Service) scheduleSweep(ctx context.Context, l rules.Lobby) error {
	if s.Index == nil || l.Closed() {
		return nil
	}
	return s.Deadlines.Schedule(ctx, ListStream(l.Policy.Type), s.Now().Add(sweepEvery))
}

// reconcile corrects the entry of a lobby, and reports whether the lobby adopted a policy.
func (s *Service) reconcile(ctx context.Context, lobbyType, lobbyID string) (bool, error) {
	l, err := s.load(ctx, lobbyID)
	if isNotFound(err) {
		return false, s.put(ctx, lobbyType, search.Entry{ID: lobbyID, Gone: true})
	}
	if err != nil {
		return false, err
	}
	if l.HasUnpublishedPolicy() && !l.Closed() {
		_, err = s.OnDeadline(ctx, StreamID(lobbyID))
		return true, err
	}
	return false, s.reindex(ctx, l)
}

// verify returns the cards that match their lobbies, and corrects the other entries.
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
