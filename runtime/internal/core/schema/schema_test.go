package schema

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/wire"
)

func TestDecodeNamesTheField(t *testing.T) {
	s := New()
	many := `"` + strings.Repeat("x", 200) + `"`
	for _, c := range []struct {
		name   string
		decode func(args []json.RawMessage) error
		arg    string
		field  string
		says   string
	}{
		{"required", as[wire.LobbyCreate](s), `{}`, "type", "is required"},
		{"no argument", as[wire.LobbyCreate](s), ``, "type", "is required"},
		{"null", as[wire.LobbyCreate](s), `null`, "type", "is required"},
		{"wrong type", as[wire.LobbyCreate](s), `{"type":5}`, "type", "must be a string, not number"},
		{"wrong type, nested", as[wire.LobbyUpdate](s), `{"lobbyId":"l","set":{"maxMembers":"8"}}`, "set.maxMembers", "must be a whole number"},
		{"wrong type, embedded", as[wire.LobbyCreate](s), `{"type":"t","key":7}`, "key", "must be a string"},
		{"out of range, nested", as[wire.LobbyUpdate](s), `{"lobbyId":"l","set":{"maxMembers":0}}`, "set.maxMembers", "must be at least 1"},
		{"too long, embedded", as[wire.LobbyCreate](s), `{"type":"t","key":` + many + `}`, "key", "may have at most 64 code points"},
		{"one of", as[wire.LobbyCreate](s), `{"type":"t","visibility":"secret"}`, "visibility", "must be one of public, friends, private"},
		{"element", as[wire.ChatSend](s), `{"channel":"c","mentions":["a",` + many + `]}`, "mentions[1]", "may have at most 128 code points"},
		{"raw JSON", as[wire.ChatSend](s), `{"channel":"c","data":"` + strings.Repeat("x", 5000) + `"}`, "data", "may have at most 4096 bytes"},
		{"either", as[wire.PresenceSubscribe](s), `{}`, "userIds", "is required without list"},
		{"not both", as[wire.ChatHistory](s), `{"channel":"c","before":1,"after":2}`, "after", "may not be given together with before"},
		{"not an object", as[wire.LobbyCreate](s), `"t"`, "", "must be a JSON object, not string"},
		{"a list", as[wire.LobbyCreate](s), `[1]`, "", "must be a JSON object, not array"},
		{"element of a struct", as[wire.SyncResume](s), `{"streams":[{"stream":"a:b"},{"stream":""}]}`, "streams[1].stream", "is required"},
		{"negative", as[wire.ChatHistory](s), `{"channel":"c","before":-1}`, "before", "must be a whole number of at least 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var args []json.RawMessage
			if c.arg != "" {
				args = append(args, json.RawMessage(c.arg))
			}
			var got *wire.Error
			if err := c.decode(args); !errors.As(err, &got) {
				t.Fatalf("error %v, want a *wire.Error", err)
			}
			if got.Code != wire.CodeInvalidArgument || got.Field != c.field || !strings.Contains(got.Message, c.says) {
				t.Errorf("got %v, want field %q and %q", got, c.field, c.says)
			}
		})
	}
}

func as[Req any](s *Schema) func(args []json.RawMessage) error {
	return func(args []json.RawMessage) error {
		_, err := Decode[Req](s, args)
		return err
	}
}

func TestDecode(t *testing.T) {
	s := New()
	got, err := Decode[wire.LobbyCreate](s, []json.RawMessage{
		json.RawMessage(`{"type":"duel","key":"k","unknown":1,"attributes":{"map":"x"}}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := &wire.LobbyCreate{Key: wire.Key{Key: "k"}, Type: "duel", Attributes: wire.Attributes{"map": "x"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := Decode[wire.SyncPing](s, []json.RawMessage{[]byte(`{}`), []byte(`{}`)}); err == nil {
		t.Error("two arguments were accepted")
	}
}
