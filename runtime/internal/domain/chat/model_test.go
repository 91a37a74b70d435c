package chat

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/wire"
)

func invalid(field string) *wire.Error {
	return &wire.Error{Code: wire.CodeInvalidArgument, Field: field}
}

// wantRefusal compares a refusal without its text, which is for humans.
func wantRefusal(t *testing.T, err error, want *wire.Error) {
	t.Helper()
	var got *wire.Error
	if errors.As(err, &got) {
		bare := *got
		bare.Message = ""
		got = &bare
	}
	if d := cmp.Diff(want, got); d != "" || (want == nil) != (err == nil) {
		t.Errorf("refusal of %v (-want +got):\n%s", err, d)
	}
}

func TestCompose(t *testing.T) {
	policy := Policy{Enabled: true, MaxLength: 10}
	data := func(n int) json.RawMessage { return json.RawMessage(`"` + strings.Repeat("x", n-2) + `"`) }
	for name, tc := range map[string]struct {
		req  wire.ChatSend
		want *wire.Error
	}{
		"text":                        {req: wire.ChatSend{Text: "hello"}},
		"text of type text":           {req: wire.ChatSend{Type: "text", Text: "hello"}},
		"as long as allowed":          {req: wire.ChatSend{Text: strings.Repeat("x", 10)}},
		"as long, in characters":      {req: wire.ChatSend{Text: strings.Repeat("😀", 10)}},
		"too long":                    {req: wire.ChatSend{Text: strings.Repeat("x", 11)}, want: invalid("text")},
		"too long, in characters":     {req: wire.ChatSend{Text: strings.Repeat("ä", 11)}, want: invalid("text")},
		"as if from the server":       {req: wire.ChatSend{Type: "system", Text: "hello"}, want: invalid("type")},
		"nothing":                     {want: invalid("text")},
		"white space":                 {req: wire.ChatSend{Text: " \t\n\u00a0\u2003"}, want: invalid("text")},
		"white space of another type": {req: wire.ChatSend{Type: "emote", Text: " ", Data: data(9)}, want: invalid("text")},
		"not UTF-8":                   {req: wire.ChatSend{Text: "a\xc3"}, want: invalid("text")},
		"data without text":           {req: wire.ChatSend{Data: data(9)}, want: invalid("text")},
		"text with data":              {req: wire.ChatSend{Text: "hello", Data: data(9)}},
		"data of another type":        {req: wire.ChatSend{Type: "emote", Data: data(9)}},
		"text of another type":        {req: wire.ChatSend{Type: "emote", Text: "waves"}},
		"another type with neither":   {req: wire.ChatSend{Type: "emote"}, want: invalid("text")},
		"another type with null":      {req: wire.ChatSend{Type: "emote", Data: json.RawMessage(" null ")}, want: invalid("text")},
		"as much data as allowed":     {req: wire.ChatSend{Type: "emote", Data: data(4096)}},
		"too much data":               {req: wire.ChatSend{Type: "emote", Data: data(4097)}, want: invalid("data")},
		"data that is not JSON":       {req: wire.ChatSend{Type: "emote", Data: json.RawMessage("{")}, want: invalid("data")},
		"data that is not UTF-8":      {req: wire.ChatSend{Type: "emote", Data: json.RawMessage("\"\xff\"")}, want: invalid("data")},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Compose(policy, tc.req)
			wantRefusal(t, err, tc.want)
		})
	}
}

func TestComposeNamesTheLimit(t *testing.T) {
	_, err := Compose(Policy{MaxLength: 7}, wire.ChatSend{Text: "12345678"})
	if err == nil || !strings.Contains(err.Error(), "at most 7 code points") {
		t.Errorf("the refusal %v does not name the limit", err)
	}
}

func TestComposeKeepsTextAndData(t *testing.T) {
	got, err := Compose(Policy{}, wire.ChatSend{
		Key: wire.Key{Key: "k"}, Channel: "lobby:x", Text: " hi ", Data: json.RawMessage(` {"a": 1} `),
		ReplyTo: 4, Mentions: []string{"bob"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := wire.ChatMessage{
		Channel: "lobby:x", Key: "k", Type: "text", Text: " hi ", Data: json.RawMessage(`{"a": 1}`),
		ReplyTo: 4, Mentions: []string{"bob"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestPageLimit(t *testing.T) {
	for asked, want := range map[int]int{0: 50, 1: 1, 100: 100} {
		if got, err := pageLimit(asked); err != nil || got != want {
			t.Errorf("%d gives %d, %v; want %d", asked, got, err, want)
		}
	}
	for _, asked := range []int{-1, 101} {
		_, err := pageLimit(asked)
		wantRefusal(t, err, invalid("limit"))
	}
}
