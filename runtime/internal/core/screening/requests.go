package screening

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/anteroom/anteroom/runtime/internal/core/text"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Text is a text of a request.
type Text struct {
	Kind text.Kind
	// Path is the field's path in the request, as errors name it.
	Path  string
	Value string
	// Set replaces the text in the request.
	Set func(string)
}

// Found is the texts of a request and the lobby in which they are shown: by its type, or by
// a reference.
type Found struct {
	Type  string
	Lobby Ref
	Texts []Text
}

// Requests has each request with texts that are shown in a lobby.
var Requests = map[string]func(req any) Found{
	wire.EventLobbyCreate: of(func(r *wire.LobbyCreate) Found {
		return Found{Type: r.Type, Texts: slices.Concat(line(text.Names, "name", &r.Name), attributes("attributes", r.Attributes), member(r.Member))}
	}),
	wire.EventLobbyQuickJoin: of(func(r *wire.LobbyQuickJoin) Found {
		found := Found{Type: r.Type, Texts: member(r.Member)}
		if c := r.CreateIfNone; c != nil {
			found.Texts = slices.Concat(found.Texts, line(text.Names, "createIfNone.name", &c.Name), attributes("createIfNone.attributes", c.Attributes))
		}
		return found
	}),
	wire.EventLobbyJoin: of(func(r *wire.LobbyJoin) Found {
		return Found{Lobby: Ref{ID: r.LobbyID, Code: r.Code, Invite: r.InviteID}, Texts: member(r.Member)}
	}),
	wire.EventLobbyRespondInvite: of(func(r *wire.LobbyRespondInvite) Found {
		return Found{Lobby: Ref{Invite: r.InviteID}, Texts: member(r.Member)}
	}),
	wire.EventLobbyRequestJoin: of(func(r *wire.LobbyRequestJoin) Found {
		return Found{Lobby: Ref{ID: r.LobbyID, Code: r.Code}, Texts: line(text.Reasons, "message", &r.Message)}
	}),
	wire.EventLobbyUpdate: of(func(r *wire.LobbyUpdate) Found {
		if r.Set == nil {
			return Found{}
		}
		return Found{Lobby: inside(r.LobbyID), Texts: slices.Concat(line(text.Names, "set.name", r.Set.Name), attributes("set.attributes", r.Set.Attributes))}
	}),
	wire.EventLobbySetMember: of(func(r *wire.LobbySetMember) Found {
		return Found{Lobby: inside(r.LobbyID), Texts: attributes("attributes", r.Attributes)}
	}),
	wire.EventLobbyEnd: of(func(r *wire.LobbyEnd) Found {
		return Found{Lobby: inside(r.LobbyID), Texts: slices.Concat(attributes("result", r.Result), line(text.Reasons, "reason", &r.Reason))}
	}),
	wire.EventLobbyKick: of(func(r *wire.LobbyKick) Found {
		return Found{Lobby: inside(r.LobbyID), Texts: line(text.Reasons, "reason", &r.Reason)}
	}),
	wire.EventLobbyBan: of(func(r *wire.LobbyBan) Found {
		return Found{Lobby: inside(r.LobbyID), Texts: line(text.Reasons, "reason", &r.Reason)}
	}),
	wire.EventChatSend: of(func(r *wire.ChatSend) Found { return Found{Lobby: ofChannel(r.Channel), Texts: data(&r.Data)} }),
	wire.EventChatEdit: of(func(r *wire.ChatEdit) Found { return Found{Lobby: ofChannel(r.Channel), Texts: data(&r.Data)} }),
	wire.EventChatDelete: of(func(r *wire.ChatDelete) Found {
		return Found{Lobby: ofChannel(r.Channel), Texts: line(text.Reasons, "reason", &r.Reason)}
	}),
	wire.EventChatMute: of(func(r *wire.ChatMute) Found {
		return Found{Lobby: ofChannel(r.Channel), Texts: line(text.Reasons, "reason", &r.Reason)}
	}),
	wire.EventChatReact: of(func(r *wire.ChatReact) Found {
		if r.Remove {
			return Found{}
		}
		return Found{Lobby: ofChannel(r.Channel), Texts: line(text.Reactions, "reaction", &r.Reaction)}
	}),
}

func of[R any](find func(*R) Found) func(any) Found {
	return func(req any) Found { return find(req.(*R)) }
}

func inside(lobbyID string) Ref { return Ref{ID: lobbyID, Inside: true} }

// ofChannel refers to the lobby of a lobby's channel; to none for other channels.
func ofChannel(channel string) Ref {
	id, is := strings.CutPrefix(channel, "lobby:")
	if !is {
		return Ref{}
	}
	return inside(id)
}

func line(kind text.Kind, path string, value *string) []Text {
	if value == nil || *value == "" {
		return nil
	}
	return []Text{{kind, path, *value, func(s string) { *value = s }}}
}

// member returns the texts of what a user brings into a lobby.
func member(m *wire.MemberInit) []Text {
	if m == nil {
		return nil
	}
	return attributes("member.attributes", m.Attributes)
}

func attributes(path string, values wire.Attributes) (texts []Text) {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if value, is := values[key].(string); is {
			texts = append(texts, Text{text.Attributes, path + "." + key, value, func(s string) { values[key] = s }})
		}
	}
	return texts
}

// data returns the strings in the data of a message. Names of members are the application's
// own and pass.
func data(raw *json.RawMessage) (texts []Text) {
	var value any
	d := json.NewDecoder(bytes.NewReader(*raw))
	d.UseNumber() // a masked string must not change the numbers around it
	if len(*raw) == 0 || d.Decode(&value) != nil {
		return nil
	}
	rewrite := func() {
		if out, err := json.Marshal(value); err == nil {
			*raw = out
		}
	}
	var walk func(path string, at any, set func(any))
	walk = func(path string, at any, set func(any)) {
		switch at := at.(type) {
		case string:
			texts = append(texts, Text{text.MessageData, path, at, func(s string) { set(s); rewrite() }})
		case []any:
			for i := range at {
				walk(fmt.Sprintf("%s[%d]", path, i), at[i], func(v any) { at[i] = v })
			}
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(at)) {
				walk(path+"."+name, at[name], func(v any) { at[name] = v })
			}
		}
	}
	walk("data", value, func(v any) { value = v })
	return texts
}
