package search

import (
	"bytes"
	"context"
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
