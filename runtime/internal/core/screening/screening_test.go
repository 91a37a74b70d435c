package screening_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/screening"
	"github.com/anteroom/anteroom/runtime/internal/core/text"
	"github.com/anteroom/anteroom/runtime/wire"
)

// rules masks "darn" in names, attributes and data of lobbies of the type "arena", and refuses
// it in reasons.
type rules struct{ off bool }

func (r rules) Screens() bool { return !r.off }

func (rules) FieldFilters(lobbyType string, kind text.Kind) []text.FieldFilter {
	if lobbyType != "arena" || kind == text.Reactions {
		return nil
	}
	return []text.FieldFilter{text.NewWordList([]string{"darn"}, kind != text.Reasons, text.NoLookalikes)}
}

// lobbies has the lobby l, of which ann is a member.
type lobbies struct{ asked []screening.Ref }

func (l *lobbies) TypeFor(_ context.Context, userID string, ref screening.Ref) (string, error) {
	l.asked = append(l.asked, ref)
	if ref.Code == "WRONG" {
		return "", wire.Refuse(wire.CodeNotFound, "no lobby has this code")
	}
	if ref.ID != "l" || ref.Inside && userID != "ann" {
		return "", nil
	}
	return "arena", nil
}

func TestRequest(t *testing.T) {
	name := "a darn name"
	for what, c := range map[string]struct {
		off   bool
		user  string
		event string
		req   any
		want  any
		field string
		code  wire.Code
	}{
		"masked in a name and an attribute": {
			event: wire.EventLobbyCreate, req: &wire.LobbyCreate{Type: "arena", Name: name, Attributes: wire.Attributes{"a": "darn", "n": 1.5}},
			want: &wire.LobbyCreate{Type: "arena", Name: "a **** name", Attributes: wire.Attributes{"a": "****", "n": 1.5}},
		},
		"of another type": {
			event: wire.EventLobbyCreate, req: &wire.LobbyCreate{Type: "chess", Name: name}, want: &wire.LobbyCreate{Type: "chess", Name: name},
		},
		"without filters": {
			off: true, event: wire.EventLobbyCreate, req: &wire.LobbyCreate{Type: "arena", Name: name}, want: &wire.LobbyCreate{Type: "arena", Name: name},
		},
		"a reason": {
			event: wire.EventLobbyKick, req: &wire.LobbyKick{LobbyID: "l", UserID: "bob", Reason: "darn you"}, field: "reason", code: wire.CodeInvalidArgument,
		},
		"a reason of an outsider, which the handler refuses": {
			user: "eve", event: wire.EventLobbyKick, req: &wire.LobbyKick{LobbyID: "l", Reason: "darn"}, want: &wire.LobbyKick{LobbyID: "l", Reason: "darn"},
		},
		"a wrong code": {
			event: wire.EventLobbyRequestJoin, req: &wire.LobbyRequestJoin{Code: "WRONG", Message: "hello"}, code: wire.CodeNotFound,
		},
		"strings of data, and not its numbers": {
			event: wire.EventChatSend, req: &wire.ChatSend{Channel: "lobby:l", Data: json.RawMessage(`{"n":12345678901234567,"list":["darn",{"darn":"so darn"}]}`)},
			want: &wire.ChatSend{Channel: "lobby:l", Data: json.RawMessage(`{"list":["****",{"darn":"so ****"}],"n":12345678901234567}`)},
		},
		"data that is a string": {
			event: wire.EventChatSend, req: &wire.ChatSend{Channel: "lobby:l", Data: json.RawMessage(`"darn"`)},
			want: &wire.ChatSend{Channel: "lobby:l", Data: json.RawMessage(`"****"`)},
		},
		"data of a channel of no lobby": {
			event: wire.EventChatSend, req: &wire.ChatSend{Channel: "party:p", Data: json.RawMessage(`"darn"`)},
			want: &wire.ChatSend{Channel: "party:p", Data: json.RawMessage(`"darn"`)},
		},
	} {
		t.Run(what, func(t *testing.T) {
			if c.user == "" {
				c.user = "ann"
			}
			err := screening.New(rules{c.off}, &lobbies{}).Request(t.Context(), request.Caller{User: request.User{ID: c.user}}, c.event, c.req)
			var refused *wire.Error
			if errors.As(err, &refused); c.code != "" {
				if refused == nil || refused.Code != c.code || refused.Field != c.field {
					t.Errorf("error %v, want %s at %q", err, c.code, c.field)
				}
				return
			}
			if d := cmp.Diff(c.want, c.req); err != nil || d != "" {
				t.Errorf("error %v, request (-want +got):\n%s", err, d)
			}
		})
	}
}

// A request without a text, and a back end's request, look up no lobby.
func TestRequestLooksUpALobbyOnlyForTexts(t *testing.T) {
	known := &lobbies{}
	screen := screening.New(rules{}, known)
	for event, req := range map[string]any{
		wire.EventLobbyKick: &wire.LobbyKick{LobbyID: "l", UserID: "bob"}, wire.EventLobbyReady: &wire.LobbyReady{LobbyID: "l"},
		wire.EventLobbyUpdate: &wire.LobbyUpdate{LobbyID: "l"}, wire.EventChatSend: &wire.ChatSend{Channel: "lobby:l", Text: "darn"},
	} {
		if err := screen.Request(t.Context(), request.Caller{}, event, req); err != nil {
			t.Errorf("%s: %v", event, err)
		}
	}
	if err := screen.Request(t.Context(), request.Caller{Backend: true}, wire.EventLobbyKick, &wire.LobbyKick{LobbyID: "l", Reason: "darn"}); err != nil {
		t.Errorf("a back end: %v", err)
	}
	if len(known.asked) != 0 {
		t.Errorf("looked up %+v, want nothing", known.asked)
	}
}
