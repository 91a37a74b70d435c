package chat

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/anteroom/anteroom/runtime/internal/core/text"
	"github.com/anteroom/anteroom/runtime/wire"
)

func TestReactionsDataAndPagesAreBounded(t *testing.T) {
	data := func(n int) json.RawMessage { return json.RawMessage(`"` + strings.Repeat("x", n-2) + `"`) }
	for _, c := range []struct {
		fits, over error
		field      string
	}{
		{
			second(Message{}.canonicalReaction(strings.Repeat("x", text.MaxReaction))),
			second(Message{}.canonicalReaction(strings.Repeat("x", text.MaxReaction+1))), "reaction",
		},
		{second(checkData(data(maxData))), second(checkData(data(maxData + 1))), "data"},
		{second(pageLimit(maxPage)), second(pageLimit(maxPage + 1)), "limit"},
	} {
		if c.fits != nil {
			t.Errorf("%s at its bound: %v, want no error", c.field, c.fits)
		}
		if wire.CodeOf(c.over) != wire.CodeInvalidArgument {
			t.Errorf("%s beyond its bound: %v, want invalid_argument", c.field, c.over)
		}
	}
}

func second[T any](_ T, err error) error { return err }
