package search

import (
	"bytes"
	"context"
)

// Index stores the living lobbies of a type by their public fields. It follows the streams of
// the lobbies. Deadlines of lobbies, searches that find an outdated entry, and the sweep
// correct the index after a failure.
type Index interface {
	// Put replaces the lobby's entry, except an entry of a later version of the same epoch.
	// first reports the first change since the last Settle.
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
	// Settle acknowledges published changes. A lobby that changed again keeps a pending change
	// relative to the published entry. left reports whether changes remain.
	Settle(ctx context.Context, lobbyType string, changes []IndexChange) (left bool, err error)
	// Mark and Marked keep how far the sweep has come.
	Mark(ctx context.Context, lobbyType, id string) error
	Marked(ctx context.Context, lobbyType string) (string, error)
}

// Entry is the index entry of a lobby.
type Entry struct {
	ID, Epoch string
	Version   uint64
	// Gone removes the lobby from the index.
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
	// Read is the maximum number of lobbies to read, and Limit the maximum number to find.
	Read, Limit int
}

// Walked is the result of a walk, in its order. The walk read Read lobbies, the last of them at
// End. Over says that the span has no more lobbies.
type Walked struct {
	Found []Mark
	Read  int
	End   Mark
	Over  bool
}

// Mark is a place in the order of a field; the zero Mark is its beginning.
type Mark struct{ Key, ID string }

// IndexChange is a changed entry. Was and Is say whether the lobby was listed before and is
// listed now. Token identifies this change.
type IndexChange struct {
	ID, Token string
	Was, Is   bool
	Card      []byte
}

// Same reports whether two entries are equal.
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
