package search

import (
	"encoding/json"
	"fmt"
	"maps"

	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
)

// EntryOf returns the index entry of a lobby.
func EntryOf(l rules.Lobby) (Entry, error) {
	e := Entry{ID: l.ID, Epoch: l.Epoch, Version: l.Version, Gone: l.Closed(), Listed: l.Listed()}
	if !e.Listed {
		return e, nil
	}
	var err error
	if e.Card, err = json.Marshal(l.Listing()); err != nil {
		return e, fmt.Errorf("encode the card of lobby %s: %w", l.ID, err)
	}
	e.Keys = keysOf(l)
	return e, nil
}

// SameEntry reports whether two versions of a lobby have the same entry.
func SameEntry(a, b rules.Lobby) bool {
	return a.ID == b.ID && a.Listed() == b.Listed() && a.Closed() == b.Closed() && a.Name == b.Name && a.Status == b.Status &&
		(a.PasswordHash == "") == (b.PasswordHash == "") && a.MaxMembers == b.MaxMembers && a.Players() == b.Players() &&
		a.Spectators() == b.Spectators() && maps.Equal(a.Attributes, b.Attributes) && a.Policy.Revision == b.Policy.Revision
}
