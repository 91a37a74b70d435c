package app

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/anteroom/anteroom/runtime/contract"
)

// The classes of strings in requests.
const (
	shown  = "text that other users are shown"
	id     = "an id: of a user, an object, a stream or a message"
	code   = "a join code, which is compared and never shown"
	secret = "a password or token"
	choice = "a name that a policy or the contract declares"
	key    = "an idempotency key or cursor, for its user alone"
)

// classes declares each string that a client may send, by the last name of its path.
var classes = map[string]string{
	"name": shown, "text": shown, "reason": shown, "message": shown, "reaction": shown, "attributes{}": shown, "result{}": shown,
	"userId": id, "userIds[]": id, "swapWith": id, "mentions[]": id, "lobbyId": id, "partyId": id, "inviteId": id, "matchId": id,
	"ticketId": id, "proposalId": id, "id": id, "ids[]": id, "upTo": id, "channel": id, "list": id, "stream": id, "epoch": id,
	"code":     code,
	"password": secret, "token": secret,
	"type": choice, "team": choice, "queue": choice, "queues[]": choice, "topics[]": choice, "sort": choice, "unset[]": choice,
	"key": key, "cursor": key,
}

// otherwise are exceptions, by their whole path.
var otherwise = map[string]string{
	"mm:enqueue.attributes{}": choice, // the matcher alone reads them
}

// badTexts are texts that no user may be shown.
var badTexts = map[string]string{
	"a control":               "a\u0007b",
	"an open override":        "\u202eabc",
	"a null":                  "\u0000",
	"nothing that is visible": "\u3164",
}

// TestEveryTextIsChecked finds all strings in the requests of the contract: each needs a class,
// and each that other users are shown refuses what deceives or breaks a display.
func TestEveryTextIsChecked(t *testing.T) {
	schema, r := readContract(t), newRealm(t)
	before, used, checked := r.quiet(), map[string]bool{}, 0
	for _, event := range schema.events() {
		for _, path := range stringsOf(t, event) {
			last := path[len(path)-1]
			used[last] = true
			class := classes[last]
			if exception, is := otherwise[event+"."+strings.Join(path, ".")]; is {
				class = exception
			}
			if class == "" {
				t.Errorf("%s: the string %s has no class", event, strings.Join(path, "."))
			}
			if class != shown {
				continue
			}
			for name, text := range badTexts {
				checked++
				in := badInputs[event]
				payload := withText(t, r.named(in.good), path, text)
				a := r.users[in.by].insist(event, json.RawMessage(payload))
				field := strings.ReplaceAll(strings.Join(path, "."), "{}", ".")
				if a.OK || a.Error.Code != "invalid_argument" || !strings.HasPrefix(a.Error.Field, strings.TrimSuffix(field, ".")) {
					t.Errorf("%s with %s in %s: %+v", event, name, strings.Join(path, "."), a)
				}
			}
		}
	}
	if d := changed(before, r.state()); d != "" {
		t.Errorf("refused texts changed\n%s", d)
	}
	if checked < 50 {
		t.Errorf("only %d texts were sent", checked)
	}
	for name := range classes {
		if !used[name] {
			t.Errorf("no request has a string %s", name)
		}
	}
}

// unfiltered are texts that no filter of a lobby's policy checks.
var unfiltered = map[string]string{
	"party:create.attributes{}":        "a party has no policy",
	"party:join.attributes{}":          "a party has no policy",
	"party:respondInvite.attributes{}": "a party has no policy",
	"party:setMember.attributes{}":     "a party has no policy",
	"party:update.set.attributes{}":    "a party has no policy",
	"party:kick.reason":                "a party has no policy",
	"party:ban.reason":                 "a party has no policy",
	"presence:set.text":                "presence has no policy",
}

// TestEveryTextMeetsTheFilters sends a word that the filters of the policy refuse in each text
// of the contract that other users are shown in a lobby.
func TestEveryTextMeetsTheFilters(t *testing.T) {
	schema, r := readContract(t), newRealm(t)
	before, checked, skipped := r.quiet(), 0, []string(nil)
	for _, event := range schema.events() {
		for _, path := range stringsOf(t, event) {
			name := event + "." + strings.Join(path, ".")
			if _, exception := otherwise[name]; exception || classes[path[len(path)-1]] != shown {
				continue
			}
			if _, exception := unfiltered[name]; exception {
				skipped = append(skipped, name)
				continue
			}
			checked++
			in := badInputs[event]
			a := r.users[in.by].insist(event, json.RawMessage(withText(t, r.named(in.good), path, forbidden)))
			field := strings.TrimSuffix(strings.ReplaceAll(strings.Join(path, "."), "{}", ".mood"), ".")
			if a.OK || a.Error.Code != "invalid_argument" || a.Error.Field != field || !strings.Contains(a.Error.Message, "words") {
				t.Errorf("%s with a forbidden word: %+v, want a refusal at %s", name, a, field)
			}
		}
	}
	if d := changed(before, r.state()); d != "" {
		t.Errorf("refused texts changed\n%s", d)
	}
	slices.Sort(skipped)
	if want := slices.Sorted(maps.Keys(unfiltered)); !slices.Equal(skipped, want) {
		t.Errorf("unfiltered texts %q, want %q", skipped, want)
	}
	if checked < 20 {
		t.Errorf("sent %d texts, want at least 20", checked)
	}
}

// node is a schema, as far as strings are concerned.
type node struct {
	Ref        string          `json:"$ref"`
	Type       any             `json:"type"` // a name, or a list of names
	Enum       []any           `json:"enum"`
	Properties map[string]node `json:"properties"`
	Items      *node           `json:"items"`
	Values     json.RawMessage `json:"additionalProperties"` // a schema, or a boolean
}

// strings are the paths of the strings in a request, sorted; "[]" is an element of a list, "{}"
// a value of an object. Enumerations and members of any JSON are left out.
func stringsOf(t *testing.T, event string) (paths [][]string) {
	t.Helper()
	var schema struct {
		Defs map[string]node `json:"$defs"`
	}
	if err := json.Unmarshal(contract.Schema, &schema); err != nil {
		t.Fatal(err)
	}
	var walk func(n node, path []string)
	inside := func(path []string, mark string) []string {
		return append(slices.Clone(path[:len(path)-1]), path[len(path)-1]+mark)
	}
	walk = func(n node, path []string) {
		if n.Ref != "" {
			walk(schema.Defs[strings.TrimPrefix(n.Ref, "#/$defs/")], path)
			return
		}
		if list, _ := n.Type.([]any); len(n.Enum) == 0 && (n.Type == "string" || slices.Contains(list, "string")) {
			paths = append(paths, slices.Clone(path))
		}
		if n.Items != nil {
			walk(*n.Items, inside(path, "[]"))
		}
		for name, member := range n.Properties {
			walk(member, append(slices.Clone(path), name))
		}
		var values node
		if len(path) > 0 && json.Unmarshal(n.Values, &values) == nil {
			walk(values, inside(path, "{}"))
		}
	}
	walk(schema.Defs[event+ofRequest], nil)
	slices.SortFunc(paths, slices.Compare)
	return paths
}

// withText puts a text at a path of a request.
func withText(t *testing.T, good string, path []string, text string) string {
	t.Helper()
	var request map[string]any
	if err := json.Unmarshal([]byte(good), &request); err != nil {
		t.Fatal(err)
	}
	at := request
	for i, name := range path {
		name, isMap := strings.CutSuffix(name, "{}")
		if i == len(path)-1 && !isMap {
			at[name] = text
			break
		}
		next, _ := at[name].(map[string]any)
		if next == nil {
			next = map[string]any{}
			at[name] = next
		}
		at = next
		if isMap {
			at["mood"] = text
		}
	}
	out, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
