package lobby

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Index is where the living lobbies of a type can be found by what is public of them.
// It follows the lobbies' streams, and is put right from them when it has fallen
// behind: by every look at a lobby, by searches that come across what is not true, and
// by a sweep that goes around.
type Index interface {
	// Put writes an entry in place of the lobby's, unless that is of a later version of
	// the same epoch. First tells that it is the first change since the last Settle.
	Put(ctx context.Context, lobbyType string, e Entry) (first bool, err error)
	// Count counts the listed lobbies with a key in each span, up to most.
	Count(ctx context.Context, lobbyType string, spans []Span) ([]int, error)
	// Walk gives listed lobbies in the order of a span's field.
	Walk(ctx context.Context, lobbyType string, w Walk) (Walked, error)
	// Cards gives the entries of lobbies with their cards, and where the lobbies'
	// streams are; those that are unknown are left out.
	Cards(ctx context.Context, lobbyType string, ids []string) ([]Carded, error)
	// All gives the ids of all living lobbies, listed or not, in order after an id.
	All(ctx context.Context, lobbyType, after string, limit int) ([]string, error)
	// Changes are lobbies whose entry has changed since they were settled, with their
	// cards of now.
	Changes(ctx context.Context, lobbyType string, limit int) ([]IndexChange, error)
	// Settle forgets changes that were told, except those of lobbies that have changed
	// again, which are changes of what was told. Left tells whether there are any.
	Settle(ctx context.Context, lobbyType string, changes []IndexChange) (left bool, err error)
	// Mark and Marked keep how far the sweep has come.
	Mark(ctx context.Context, lobbyType, id string) error
	Marked(ctx context.Context, lobbyType string) (string, error)
}

// Entry is what the index has of a lobby.
type Entry struct {
	ID, Epoch string
	Version   uint64
	// Gone takes the lobby out of the index.
	Gone bool
	// Listed lobbies can be searched; the others are only known to be alive.
	Listed bool
	// Keys are the values of the lobby's fields in a form that sorts as they do.
	Keys map[string]string
	// Card is the wire.LobbyListing; empty where it was not asked for.
	Card []byte
}

// Carded is an entry and where its lobby's stream is; Head is 0 when there is none.
type Carded struct {
	Entry
	Head uint64
}

// Span are the keys of a field from From to To, both included.
type Span struct{ Field, From, To string }

// Walk is a part of the order of a span's field, after the key and id of Mark.
type Walk struct {
	Span
	Descending bool
	Mark       Mark
	// Where has the spans of other fields: a lobby has to have a key in one of each.
	Where [][]Span
	// By is the field whose keys are asked for; a lobby without it is not found.
	By string
	// Read is how many lobbies are looked at, and Limit how many are found, at most.
	Read, Limit int
}

// Walked is what a walk has found, in the walk's order. It looked at Read lobbies, the last
// of which is at End; when Over, there are no more of the span.
type Walked struct {
	Found []Mark
	Read  int
	End   Mark
	Over  bool
}

// Mark is a place in the order of a field; the zero Mark is its beginning.
type Mark struct{ Key, ID string }

// IndexChange is an entry that changed. Was tells whether the lobby was listed before,
// Is whether it is now. Token tells this change from later ones.
type IndexChange struct {
	ID, Token string
	Was, Is   bool
	Card      []byte
}

// ListKind is the kind of the streams on which the lists of lobbies are told.
const ListKind = "lobbies"

// ListStream is the stream of the list of a type.
func ListStream(lobbyType string) stream.ID { return stream.ID(ListKind + ":" + lobbyType) }

const (
	// listEvery is how often the list is told at most.
	listEvery = 250 * time.Millisecond
	// listAtOnce is how many lobbies are told of at once; more follow.
	listAtOnce = 200
	// sweepEvery is between two steps of the sweep, of sweepAtOnce lobbies each.
	sweepEvery  = 5 * time.Second
	sweepAtOnce = 500
	// relistEvery is how often a lobby is looked at although nothing is due.
	relistEvery = 15 * time.Minute
)

// Entry is what the index should have of a lobby.
func (l Lobby) Entry() (Entry, error) {
	e := Entry{ID: l.ID, Epoch: l.Epoch, Version: l.Version, Gone: l.Closed(), Listed: l.listed()}
	if !e.Listed {
		return e, nil
	}
	var err error
	if e.Card, err = json.Marshal(l.listing()); err != nil {
		return e, fmt.Errorf("encode the card of lobby %s: %w", l.ID, err)
	}
	e.Keys = l.keys()
	return e, nil
}

// listed tells whether the lobby can be found by those who are not in.
func (l Lobby) listed() bool { return l.Public() && !l.Closed() && l.Policy.Search.Enabled }

func (l Lobby) listing() wire.LobbyListing {
	return wire.LobbyListing{
		ID: l.ID, Type: l.Policy.Type, Name: l.Name, Status: l.Status, HasPassword: l.PasswordHash != "",
		Players: l.Players(), MaxMembers: l.MaxMembers, Spectators: l.Spectators(),
		Attributes: without(l.Attributes, l.Policy.hidden(true)), CreatedAt: l.CreatedAt,
	}
}

// sameEntry tells whether the index has to know nothing new.
func sameEntry(a, b Lobby) bool {
	return a.ID == b.ID && a.listed() == b.listed() && a.Closed() == b.Closed() && a.Name == b.Name && a.Status == b.Status &&
		(a.PasswordHash == "") == (b.PasswordHash == "") && a.MaxMembers == b.MaxMembers && a.Players() == b.Players() &&
		a.Spectators() == b.Spectators() && equal(a.Attributes, b.Attributes) && a.Policy.Revision == b.Policy.Revision
}

// reindex brings the index up to a lobby. If that fails, the next look does it, which
// is scheduled.
func (s *Service) reindex(ctx context.Context, l Lobby) error {
	if s.Index == nil || l.ID == "" {
		return nil
	}
	e, err := l.Entry()
	if err != nil {
		return err
	}
	return s.put(ctx, l.Policy.Type, e)
}

func (s *Service) put(ctx context.Context, lobbyType string, e Entry) error {
	first, err := s.Index.Put(ctx, lobbyType, e)
	if err != nil {
		return fmt.Errorf("index lobby %s: %w", e.ID, err)
	}
	if !first {
		return nil
	}
	s.tellListLater(ctx, lobbyType)
	return s.Deadlines.Schedule(ctx, ListStream(lobbyType), s.Now().Add(sweepEvery))
}

// tellListLater has the list told after a while. If that fails, the sweep does it.
func (s *Service) tellListLater(ctx context.Context, lobbyType string) {
	s.later(listEvery, func() {
		ctx, cancel := context.WithTimeout(stream.Detached(ctx), sweepEvery)
		defer cancel()
		_ = s.tellList(ctx, lobbyType)
	})
}

// tellList puts a batch of what has changed on the stream of the list. It is told
// before it is forgotten, so that a pod that dies over it has it told twice, not never.
func (s *Service) tellList(ctx context.Context, lobbyType string) error {
	changes, err := s.Index.Changes(ctx, lobbyType, listAtOnce)
	if err != nil || len(changes) == 0 {
		return err
	}
	if err := s.tellChanges(ctx, lobbyType, changes); err != nil {
		return err
	}
	left, err := s.Index.Settle(ctx, lobbyType, changes)
	if left {
		s.tellListLater(ctx, lobbyType)
	}
	return err
}

func (s *Service) tellChanges(ctx context.Context, lobbyType string, changes []IndexChange) error {
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
	if err := s.tellList(ctx, lobbyType); err != nil {
		return time.Time{}, err
	}
	from, err := s.Index.Marked(ctx, lobbyType)
	if err != nil {
		return time.Time{}, err
	}
	ids, err := s.Index.All(ctx, lobbyType, from, sweepAtOnce)
	if err != nil {
		return time.Time{}, err
	}
	adopted := false
	for _, lobbyID := range ids {
		took, err := s.revise(ctx, lobbyType, lobbyID)
		if err != nil {
			return time.Time{}, err
		}
		adopted = adopted || took
	}
	next := ""
	if len(ids) == sweepAtOnce {
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
func (s *Service) sweepSoon(ctx context.Context, l Lobby) error {
	if s.Index == nil || l.Closed() {
		return nil
	}
	return s.Deadlines.Schedule(ctx, ListStream(l.Policy.Type), s.Now().Add(sweepEvery))
}

// revise puts the entry of a lobby right; true when the lobby took a policy over.
func (s *Service) revise(ctx context.Context, lobbyType, lobbyID string) (bool, error) {
	l, err := s.load(ctx, lobbyID)
	if isNotFound(err) {
		return false, s.put(ctx, lobbyType, Entry{ID: lobbyID, Gone: true})
	}
	if err != nil {
		return false, err
	}
	if l.told != nil && !l.Closed() {
		_, err = s.Look(ctx, StreamID(lobbyID))
		return true, err
	}
	return false, s.reindex(ctx, l)
}

// truly gives the cards that are still true, and puts the others right.
func (s *Service) truly(ctx context.Context, lobbyType string, cards []Carded) ([]wire.LobbyListing, error) {
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
			err = s.put(ctx, lobbyType, Entry{ID: c.ID, Gone: true})
		case err == nil:
			err = s.reindex(ctx, l)
			if l.listed() {
				found = append(found, l.listing())
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// Same tells whether two entries say the same.
func (e Entry) Same(other Entry) bool {
	if e.Epoch != other.Epoch || e.Version != other.Version || e.Listed != other.Listed || len(e.Keys) != len(other.Keys) {
		return false
	}
	for field, key := range e.Keys {
		if other.Keys[field] != key {
			return false
		}
	}
	return bytes.Equal(e.Card, other.Card)
}

var errNoIndex = errors.New("this server keeps no index of lobbies")
