package schema

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/anteroom/anteroom/runtime/contract"
	"github.com/anteroom/anteroom/runtime/wire"
)

// requests are all types that clients send.
var requests = []any{
	wire.ChatChannels{}, wire.ChatDelete{}, wire.ChatEdit{}, wire.ChatHistory{}, wire.ChatJoin{}, wire.ChatLeave{}, wire.ChatMute{}, wire.ChatReact{},
	wire.ChatRead{}, wire.ChatSend{}, wire.ChatTyping{}, wire.ChatUnmute{},
	wire.LobbyBan{}, wire.LobbyCreate{}, wire.LobbyGet{}, wire.LobbyJoin{}, wire.LobbyKick{}, wire.LobbyLeave{}, wire.LobbyMemberRef{}, wire.LobbyMineRequest{},
	wire.LobbyQuickJoin{}, wire.LobbyReady{}, wire.LobbyRef{}, wire.LobbyRequestJoin{}, wire.LobbyRespondInvite{}, wire.LobbyRespondJoin{},
	wire.LobbyEnd{}, wire.LobbySearch{}, wire.LobbySetMember{}, wire.LobbyTransferHost{}, wire.LobbyType{}, wire.LobbyUpdate{},
	wire.MMAnswer{}, wire.MMBackfill{}, wire.MMCancel{}, wire.MMEnqueue{}, wire.MMQueues{}, wire.MMStatus{},
	wire.NotifyAck{}, wire.NotifyDelete{}, wire.NotifyList{}, wire.NotifyRead{}, wire.NotifyTopics{},
	wire.PartyCreate{}, wire.PartyGet{}, wire.PartyInvite{}, wire.PartyJoin{}, wire.PartyKick{}, wire.PartyLeave{}, wire.PartyPromote{},
	wire.PartyRespondInvite{}, wire.PartySetMember{}, wire.PartyBan{}, wire.PartyUnban{}, wire.PartyUpdate{}, wire.PartyReady{}, wire.PartyNewCode{},
	wire.PresenceActivity{}, wire.PresenceGet{}, wire.PresenceSet{}, wire.PresenceSubscribe{},
	wire.SessionRefresh{}, wire.SyncPing{}, wire.SyncResume{},
}

// values are put into each member of each request, one at a time: around the bounds of
// the contract, of each type, and of the wrong ones.
func values() []any {
	values := []any{
		true, "", "x", "public", "private", "busy", "spectator", "nonsense",
		-1.0, 0.0, 1.0, 2.0, 16.0, 17.0, 100.0, 101.0, 999.0, 1000.0, 1001.0, 60000.0, 60001.0, 604800000.0, 604800001.0, 1.5,
		[]any{}, []any{""}, []any{"a"}, []any{1.0}, map[string]any{}, map[string]any{"a": "b"}, map[string]any{"a": 1.5}, map[string]any{"eq": 1.0},
		[]any{map[string]any{}}, []any{map[string]any{"stream": "a:b", "epoch": "", "seq": 0.0}}, []any{map[string]any{"stream": "", "epoch": "", "seq": 0.0}},
	}
	for _, n := range []int{15, 16, 17, 20, 21, 32, 33, 63, 64, 65, 72, 73, 80, 81, 100, 101, 128, 129, 200, 201, 253, 254, 512, 513, 8192, 8193, 16384, 16385} {
		values = append(values, strings.Repeat("ж", n))
		list, object := make([]any, n), make(map[string]any, n)
		for i := range min(n, 300) {
			list[i] = "a"
			object[strings.Repeat("k", i+1)] = "v"
		}
		if n <= 300 {
			values = append(values, list, object)
		}
	}
	return values
}

// TestTheServerAndTheSchemasAgree sends every request with every value in each of its
// members, and has the server refuse exactly what the published schema refuses.
func TestTheServerAndTheSchemasAgree(t *testing.T) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(contract.Schema))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("contract.json", document); err != nil {
		t.Fatal(err)
	}
	definitions := document.(map[string]any)["$defs"].(map[string]any)
	var named []string
	for name, definition := range definitions {
		if strings.HasSuffix(name, ".request") {
			named = append(named, strings.TrimPrefix(definition.(map[string]any)["$ref"].(string), "#/$defs/"))
		}
	}
	slices.Sort(named)
	named = slices.Compact(named)
	var listed []string
	s, verdicts := New(), map[bool]int{}
	for _, request := range requests {
		typ := reflect.TypeOf(request)
		listed = append(listed, typ.Name())
		published, err := compiler.Compile("contract.json#/$defs/" + typ.Name())
		if err != nil {
			t.Fatal(err)
		}
		definition := definitions[typ.Name()].(map[string]any)
		properties, _ := definition["properties"].(map[string]any)
		for _, member := range append(slices.Sorted(maps.Keys(properties)), "unknown") {
			for _, value := range values() {
				if raw(typ, member) {
					continue // a bound in bytes, which JSON Schema cannot say
				}
				payload := filled(definition)
				payload[member] = value
				text, err := json.Marshal(payload)
				if err != nil {
					t.Fatal(err)
				}
				refusal, broken := s.read(typ, text), published.Validate(payload)
				verdicts[refusal == nil]++
				if (refusal == nil) != (broken == nil) {
					t.Errorf("%s %.200s\nthe server: %v\nthe schema: %v", typ.Name(), text, refusal, broken)
				}
			}
		}
	}
	slices.Sort(listed)
	if !slices.Equal(listed, named) {
		t.Errorf("the requests of this test are %q, those of the contract %q", listed, named)
	}
	if verdicts[true] < 1000 || verdicts[false] < 1000 {
		t.Errorf("%d were accepted and %d refused; the test proves too little", verdicts[true], verdicts[false])
	}
}

// filled is a payload with all that is required.
func filled(definition map[string]any) map[string]any {
	payload := map[string]any{}
	required, _ := definition["required"].([]any)
	properties, _ := definition["properties"].(map[string]any)
	for _, name := range required {
		switch member := properties[name.(string)].(map[string]any); {
		case name == "streams":
			payload["streams"] = []any{map[string]any{"stream": "a:b"}}
		case member["type"] == "array":
			payload[name.(string)] = []any{"a"}
		case member["type"] == "integer":
			payload[name.(string)] = 1.0
		default:
			payload[name.(string)] = "a"
		}
	}
	if properties["list"] != nil { // presence:subscribe wants one of two
		payload["list"] = "party:a"
	}
	if properties["before"] != nil { // chat:history takes one of two
		payload["before"] = 1.0
	}
	return payload
}

// raw reports whether a member is any JSON.
func raw(typ reflect.Type, member string) bool {
	for _, f := range reflect.VisibleFields(typ) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name == member {
			return f.Type == reflect.TypeFor[json.RawMessage]()
		}
	}
	return false
}

// read is Decode for a type that is known only when it runs.
func (s *Schema) read(typ reflect.Type, text []byte) error {
	request := reflect.New(typ).Interface()
	if err := Exact(text, typ); err != nil {
		return err
	}
	if err := json.Unmarshal(text, request); err != nil {
		return misfit(err, typ)
	}
	return s.check(request)
}
