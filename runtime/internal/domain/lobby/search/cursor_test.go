package search

import (
	"encoding/base64"
	"errors"
	"testing"

	"github.com/anteroom/anteroom/runtime/internal/core/bombs"
	"github.com/anteroom/anteroom/runtime/wire"
)

// FuzzCursor: every cursor of a client is refused with the field cursor, or has a position.
func FuzzCursor(f *testing.F) {
	q := Query{fingerprint: 7}
	f.Add(q.cursor(Mark{Key: "k", ID: "lobby"}))
	f.Add("e30")
	for _, bomb := range bombs.JSON() {
		f.Add(bomb)
		f.Add(base64.RawURLEncoding.EncodeToString([]byte(bomb)))
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := q
		err := got.resume(text)
		var refused *wire.Error
		switch {
		case err != nil && (!errors.As(err, &refused) || refused.Field != "cursor"):
			t.Errorf("%q: %v", text, err)
		case err == nil && text != "" && got.after.ID == "":
			t.Errorf("%q begins nowhere", text)
		}
	})
}
