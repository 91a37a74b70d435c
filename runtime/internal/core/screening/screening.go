// Package screening passes the texts of requests through the filters of a lobby's policy:
// names, attributes, reasons, reactions and the data of messages. The text of a message goes
// through the filters of its channel in package chat. The session calls [Screen.Request]
// before the handler runs, so that no handler can forget a text; [Requests] lists the texts
// of each request, and a test compares it with the contract.
package screening

import (
	"context"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/text"
)

// Policies returns the filters in force.
type Policies interface {
	// Screens reports whether any lobby type has a filter for texts other than messages.
	Screens() bool
	// FieldFilters returns the filters of a lobby type for one kind of text.
	FieldFilters(lobbyType string, kind text.Kind) []text.FieldFilter
}

// Lobbies finds the lobby that a request is about.
type Lobbies interface {
	// TypeFor returns the type of a lobby that is named by its id, its join code or an invite.
	// It returns "" for a lobby that does not exist, and, with inside, for a lobby that the user
	// is not a member of: the handler refuses such a request.
	TypeFor(ctx context.Context, userID string, ref Ref) (string, error)
}

// Ref names a lobby by one of three ways.
type Ref struct {
	ID, Code, Invite string
	// Inside says that only a member may send the request.
	Inside bool
}

// Screen filters the texts of requests. It is safe for concurrent use.
type Screen struct {
	policies Policies
	lobbies  Lobbies
}

// New makes a Screen.
func New(policies Policies, lobbies Lobbies) *Screen { return &Screen{policies, lobbies} }

// Request passes the texts of a request through the filters. Masked texts are replaced in req.
// The error is a *wire.Error with the field when a filter refuses a text.
func (s *Screen) Request(ctx context.Context, caller request.Caller, event string, req any) error {
	find, has := Requests[event]
	if !has || caller.Backend || !s.policies.Screens() {
		return nil
	}
	found := find(req)
	if len(found.Texts) == 0 {
		return nil
	}
	lobbyType := found.Type
	if lobbyType == "" {
		if found.Lobby == (Ref{}) {
			return nil // a channel of no lobby
		}
		var err error
		if lobbyType, err = s.lobbies.TypeFor(ctx, caller.ID, found.Lobby); err != nil || lobbyType == "" {
			return err
		}
	}
	author := text.Author{UserID: caller.ID, Name: caller.Name, Event: event, LobbyType: lobbyType, LobbyID: found.Lobby.ID}
	for _, kind := range text.Kinds {
		if err := s.pass(ctx, author, kind, found.Texts); err != nil {
			return err
		}
	}
	return nil
}

// pass runs the filters of one kind over the texts of that kind.
func (s *Screen) pass(ctx context.Context, author text.Author, kind text.Kind, all []Text) error {
	var fields []text.Field
	var set []func(string)
	for _, t := range all {
		if t.Kind == kind && t.Value != "" {
			fields, set = append(fields, text.Field{Path: t.Path, Text: t.Value}), append(set, t.Set)
		}
	}
	if len(fields) == 0 {
		return nil
	}
	for _, f := range s.policies.FieldFilters(author.LobbyType, kind) {
		shown, err := f.CheckFields(ctx, author, fields)
		if err != nil {
			return err
		}
		for i := range fields {
			if shown[i] != fields[i].Text {
				fields[i].Text = shown[i]
				set[i](shown[i])
			}
		}
	}
	return nil
}
