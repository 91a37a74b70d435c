package chat

import (
	"context"
	"encoding/json"
)

// Filter looks at what users want to say before it is said.
type Filter interface {
	// Check gives the text as it may be said, which may be another one, or refuses it
	// with a *wire.Error.
	Check(ctx context.Context, d Draft) (text string, err error)
}

// Draft is what a user wants to say.
type Draft struct {
	// ID is the message's.
	ID      string
	Channel string
	UserID  string
	Name    string
	Type    string
	Text    string
	Data    json.RawMessage
}

// filter has all filters look at a draft, each at what the one before left of it.
func (p Policy) filter(ctx context.Context, d Draft) (string, error) {
	for _, f := range p.Filters {
		text, err := f.Check(ctx, d)
		if err != nil {
			return "", err
		}
		d.Text = text
	}
	return d.Text, nil
}
