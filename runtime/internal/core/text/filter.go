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
