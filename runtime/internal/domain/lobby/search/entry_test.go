package search

import (
	"testing"

	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// A lobby keeps its entry only if nothing changed that the entry shows.
func TestSameEntry(t *testing.T) {
	lobby := func(change func(*rules.Lobby)) rules.Lobby {
		l := rules.Lobby{
			ID: "l", Name: "n", Status: wire.LobbyOpen, Visibility: wire.VisibilityPublic, MaxMembers: 4, Version: 1,
			Members:    map[string]rules.Member{"ann": {Role: wire.RoleHost}, "bob": {Role: wire.RoleSpectator}},
			Attributes: wire.Attributes{"map": "m"},
			Policy:     rules.Policy{Revision: "r", Search: rules.SearchPolicy{Enabled: true}},
		}
		if change != nil {
			change(&l)
		}
		return l
	}
	for name, tc := range map[string]struct {
		change func(*rules.Lobby)
		same   bool
	}{
		"nothing":        {nil, true},
		"the version":    {func(l *rules.Lobby) { l.Version = 2 }, true},
		"a ready flag":   {func(l *rules.Lobby) { l.Members["ann"] = rules.Member{Role: wire.RoleHost, Ready: true} }, true},
		"the id":         {func(l *rules.Lobby) { l.ID = "" }, false},
		"the visibility": {func(l *rules.Lobby) { l.Visibility = wire.VisibilityPrivate }, false},
		"the name":       {func(l *rules.Lobby) { l.Name = "o" }, false},
		"the status":     {func(l *rules.Lobby) { l.Status = wire.LobbyLocked }, false},
		"a closing":      {func(l *rules.Lobby) { l.Status = wire.LobbyClosed }, false},
		"a password":     {func(l *rules.Lobby) { l.PasswordHash = "h" }, false},
		"the size":       {func(l *rules.Lobby) { l.MaxMembers = 5 }, false},
		"a player":       {func(l *rules.Lobby) { l.Members["cid"] = rules.Member{Role: wire.RoleMember} }, false},
		"a spectator":    {func(l *rules.Lobby) { delete(l.Members, "bob") }, false},
		"an attribute":   {func(l *rules.Lobby) { l.Attributes = wire.Attributes{"map": "x"} }, false},
		"the policy":     {func(l *rules.Lobby) { l.Policy.Revision = "s" }, false},
	} {
		if got := SameEntry(lobby(nil), lobby(tc.change)); got != tc.same {
			t.Errorf("%s: got %v, want %v", name, got, tc.same)
		}
	}
}

func TestSame(t *testing.T) {
	entry := func(change func(*Entry)) Entry {
		e := Entry{ID: "l", Epoch: "e", Version: 1, Listed: true, Keys: map[string]string{"a": "1", "b": "2"}, Card: []byte("{}")}
		if change != nil {
			change(&e)
		}
		return e
	}
	for name, tc := range map[string]struct {
		change func(*Entry)
		same   bool
	}{
		"nothing":     {nil, true},
		"the epoch":   {func(e *Entry) { e.Epoch = "f" }, false},
		"the version": {func(e *Entry) { e.Version = 2 }, false},
		"the listing": {func(e *Entry) { e.Listed = false }, false},
		"a key":       {func(e *Entry) { e.Keys["b"] = "3" }, false},
		"a new key":   {func(e *Entry) { e.Keys["c"] = "3" }, false},
		"another key": {func(e *Entry) { e.Keys = map[string]string{"a": "1", "c": "2"} }, false},
		"the card":    {func(e *Entry) { e.Card = []byte("[]") }, false},
	} {
		if got := entry(nil).Same(entry(tc.change)); got != tc.same {
			t.Errorf("%s: got %v, want %v", name, got, tc.same)
		}
	}
}
