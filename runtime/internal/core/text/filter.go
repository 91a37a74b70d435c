package text

import (
	"context"
	"encoding/json"
)

// Filter checks a text before other users are shown the text.
type Filter interface {
	// Check gives the text as it may be shown, which may be another one, or refuses it
	// with a *wire.Error.
	Check(ctx context.Context, d Draft) (text string, err error)
}

// Draft is a text, and the message around it, before its commit.
type Draft struct {
	// ID is the message's; "" for other texts.
	ID string
	// Channel is that of a message; "" for other texts.
	Channel string
	UserID  string
	Name    string
	// Type is that of a message; "" for other texts.
	Type string
	Text string
	// Data is that of a message.
	Data json.RawMessage
}

// Run passes a draft through all filters; each gets the text that the filter before it returned.
func Run(ctx context.Context, filters []Filter, d Draft) (string, error) {
	for _, f := range filters {
		text, err := f.Check(ctx, d)
		if err != nil {
			return "", err
		}
		d.Text = text
	}
	return d.Text, nil
}

// Kind is what a text of a request is, other than the text of a message.
type Kind string

// The kinds of texts, as policies name them.
const (
	Names       Kind = "Names"       // of lobbies
	Attributes  Kind = "Attributes"  // of lobbies and members, and results of matches
	Reasons     Kind = "Reasons"     // of kicks, bans, mutes and ends, and messages of join requests
	Reactions   Kind = "Reactions"   // to messages
	MessageData Kind = "MessageData" // strings in the data of messages
)

// Kinds are all of them.
var Kinds = []Kind{Names, Attributes, Reasons, Reactions, MessageData}

// Author is the user of a request, and the lobby in which its texts are shown.
type Author struct {
	UserID, Name string
	// Event is the request's.
	Event string
	// LobbyID is "" for a lobby that the request creates or names by a code or an invite.
	LobbyType, LobbyID string
}

// Field is a text of a request, by its path.
type Field struct{ Path, Text string }

// FieldFilter checks the texts of a request that is no message.
type FieldFilter interface {
	// CheckFields returns the texts as they may be shown, in the same order, or refuses the
	// request with a *wire.Error that names a field.
	CheckFields(ctx context.Context, from Author, fields []Field) ([]string, error)
}
