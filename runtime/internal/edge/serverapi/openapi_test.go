package serverapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/anteroom/anteroom/runtime/contract"
)

// samples has a request for each route of the document; ID is a lobby.
func samples() map[string]any {
	return map[string]any{
		"POST /v1/events": event(nil),
		"POST /v1/events:batch": object{"events": []any{
			event(nil), to(object{"users": []string{"ada", "bob"}}), to(object{"lobby": "x"}),
		}},
		"POST /v1/sessions:disconnect": object{"userId": "ada", "sessionIds": []string{"s"}, "message": "bye"},
		"POST /v1/users/{id}:revoke":   object{"banned": true, "ttlMs": 1000, "message": "bye"},
		"GET /v1/rooms/{id}":           nil,
		"POST /v1/rooms/{id}:join":     object{"userIds": []string{"ada"}},
		"GET /v1/lobbies/{id}":         nil,
		"POST /v1/lobbies/{id}:update": object{"set": object{"name": "x", "attributes": object{"ranked": true}}, "unset": []string{"ranked"}},
		"POST /v1/lobbies/{id}:close":  object{"reason": "bye"},
		"POST /v1/matches/{id}:report": object{"connection": object{"host": "h"}, "ended": true, "reason": "over"},
		"POST /v1/rooms/{id}:leave":    object{"userIds": []string{"ada"}},
		"POST /v1/lobbies":             object{"type": "duel", "name": "x", "teams": [][]string{{"ada"}, {"bob", "cid"}}},
		"POST /v1/lobbies:query":       object{"type": "duel", "after": "0", "limit": 10},
		"POST /v1/notifications": object{
			"userIds": []string{"ada"}, "type": "gift", "title": "A gift", "body": "For you", "data": object{"n": 1},
			"collapseKey": "gift", "ttlMs": 60000,
		},
		"POST /v1/presence:query": object{"userIds": []string{"ada", "bob"}},
		"POST /v1/tickets":        object{"userId": "ada", "queue": "duel", "attributes": object{"skill": 1500}, "latencies": object{}},
		"POST /v1/chat:mute":      object{"channel": "lobby:l", "userId": "ada", "forMs": 60_000, "reason": "spam"},
		"POST /v1/chat:unmute":    object{"channel": "lobby:l", "userId": "ada"},
		"POST /v1/tickets:query":  object{"userId": "ada"},
		"POST /v1/tickets:cancel": object{"userId": "ada", "ticketId": "none"},
	}
}

// document is what the server says of itself, read as others do.
func (s *stand) document() *openapi3.T {
	s.t.Helper()
	a := s.do(http.MethodGet, "/openapi.json", nil, "Authorization", "")
	doc, err := openapi3.NewLoader().LoadFromData(a.body)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := doc.Validate(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	return doc
}

func TestTheDocumentIsWhatTheHandlersDo(t *testing.T) {
	s := newStand(t)
	seen := map[string]bool{}
	for path, item := range s.document().Paths.Map() {
		for method, o := range item.Operations() {
			name := method + " " + path
			seen[name] = true
			body, known := samples()[name]
			if !known {
				t.Errorf("%s has no sample", name)
				continue
			}
			if o.RequestBody != nil {
				fits(t, name+": the request", o.RequestBody.Value.Content.Get("application/json").Schema, marshal(t, body))
			}
			at := strings.ReplaceAll(path, "{id}", "red")
			if strings.Contains(path, "lobbies") {
				at = strings.ReplaceAll(path, "{id}", s.lobby(fmt.Sprint("host", len(seen))))
			}
			if a := s.do(method, at, body); a.status != http.StatusOK && !strings.Contains(path, "matches") && path != "/v1/tickets:cancel" {
				t.Errorf("%s: %d %s", name, a.status, a.body)
			} else if a.status == http.StatusOK {
				fits(t, name+": the answer", o.Responses.Status(200).Value.Content.Get("application/json").Schema, a.body)
			}
			a := s.do(method, at, body, "Authorization", "Bearer x")
			fits(t, name+": the refusal", o.Responses.Default().Value.Content.Get("application/json").Schema, a.body)
		}
	}
	for _, r := range s.server.routes {
		if name := r.method + " " + r.path; !seen[name] {
			t.Errorf("%s is not in the document", name)
		}
	}
}

// What the document refuses, the handlers refuse; it has the bounds of the handlers.
func TestTheDocumentHasTheBounds(t *testing.T) {
	s := newStand(t)
	doc := s.document()
	schema := func(path string) *openapi3.Schema {
		return doc.Paths.Find(path).Post.RequestBody.Value.Content.Get("application/json").Schema.Value
	}
	events := schema("/v1/events:batch").Properties["events"].Value
	if *events.MaxItems != maxBatch || events.MinItems != 1 || events.Items.Value.Properties["event"].Value.MaxLength == nil {
		t.Errorf("the events of a batch: %+v", events)
	}
	for _, c := range []struct {
		path string
		body any
	}{
		{"/v1/events", object{}},
		{"/v1/events", event(object{"event": long(65)})},
		{"/v1/events", to(object{"users": []string{long(129)}})},
		{"/v1/users/{id}:revoke", object{"ttlMs": -1}},
		{"/v1/rooms/{id}:join", object{"userIds": []string{}}},
	} {
		var value any
		if err := json.Unmarshal(marshal(t, c.body), &value); err != nil {
			t.Fatal(err)
		}
		if schema(c.path).VisitJSON(value) == nil {
			t.Errorf("%s takes %v", c.path, c.body)
		}
	}
}

func fits(t *testing.T, what string, schema *openapi3.SchemaRef, body []byte) {
	t.Helper()
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		t.Errorf("%s is %q: %v", what, body, err)
		return
	}
	if err := schema.Value.VisitJSON(value); err != nil {
		t.Errorf("%s %s: %v", what, body, err)
	}
}

func marshal(t *testing.T, body any) []byte {
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestTheClientContractIsServedToAll(t *testing.T) {
	a := newStand(t).do(http.MethodGet, "/asyncapi.json", nil, "Authorization", "")
	if a.status != http.StatusOK || !bytes.Equal(a.body, contract.AsyncAPI) {
		t.Errorf("status %d, %d bytes, want the %d of the contract", a.status, len(a.body), len(contract.AsyncAPI))
	}
}
