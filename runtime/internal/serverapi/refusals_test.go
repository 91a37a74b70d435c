package serverapi

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/anteroom/anteroom/runtime/internal/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// bad is a request that is refused, and how.
type bad struct {
	name, path string
	body       any
	code       wire.Code
	field      string
}

type object = map[string]any

// event makes the body of a good event, with some members changed.
func event(change object) object {
	body := object{"target": object{"user": "ada"}, "event": "game:tick", "data": object{"n": 1}}
	for k, v := range change {
		body[k] = v
	}
	return body
}

func to(target object) object { return event(object{"target": target}) }

func badRequests(lobbyID string) []bad {
	const events, invalid = "/v1/events", wire.CodeInvalidArgument
	many := make([]string, 501)
	for i := range many {
		many[i] = fmt.Sprint("u", i)
	}
	return []bad{
		{"no body", events, nil, invalid, "target"},
		{"not JSON", events, `{"event":`, invalid, ""},
		{"a list", events, `[]`, invalid, ""},
		{"no event", events, event(object{"event": nil}), invalid, "event"},
		{"event of another type", events, event(object{"event": 7}), invalid, "event"},
		{"long event", events, event(object{"event": long(65)}), invalid, "event"},
		{"event with a space", events, event(object{"event": "a b"}), invalid, "event"},
		{"the lobby's event", events, event(object{"event": "lobby:patch"}), invalid, "event"},
		{"the session's event", events, event(object{"event": "session:ready"}), invalid, "event"},
		{"Socket.IO's event", events, event(object{"event": "disconnect"}), invalid, "event"},
		{"data that is no object", events, event(object{"data": []int{1}}), invalid, "data"},
		{"data with meta", events, event(object{"data": object{"meta": 1}}), invalid, "data.meta"},
		{"large data", events, event(object{"data": object{"x": long(1024)}}), invalid, "data"},
		{"no target", events, event(object{"target": nil}), invalid, "target"},
		{"target of another type", events, event(object{"target": "ada"}), invalid, "target"},
		{"two targets", events, to(object{"user": "ada", "lobby": "x"}), invalid, "target"},
		{"a user that cannot be", events, to(object{"user": "a b"}), invalid, "target.user"},
		{"a long user", events, to(object{"user": long(129)}), invalid, "target.user"},
		{"a user twice", events, to(object{"users": []string{"a", "b", "a"}}), invalid, "target.users[2]"},
		{"an empty user", events, to(object{"users": []string{"a", ""}}), invalid, "target.users[1]"},
		{"too many users", events, to(object{"users": many}), invalid, "target.users"},
		{"a room that cannot be", events, to(object{"room": "a b"}), invalid, "target.room"},
		{"no such lobby", events, to(object{"lobby": "01JD8Q3V9Z0000000000000000"}), wire.CodeNotFound, ""},
		{"no lobby's id", events, to(object{"lobby": "x"}), wire.CodeNotFound, ""},
		{"an empty batch", "/v1/events:batch", object{"events": []int{}}, invalid, "events"},
		{"a long batch", "/v1/events:batch", object{"events": make([]object, 501)}, invalid, "events"},
		{"a large request", events, object{"event": long(maxBody)}, wire.CodePayloadTooLarge, ""},
		{"nobody to disconnect", "/v1/sessions:disconnect", object{}, invalid, "userId"},
		{"no user to disconnect", "/v1/sessions:disconnect", object{"userId": "a{}"}, invalid, "userId"},
		{"a long message", "/v1/sessions:disconnect", object{"userId": "ada", "message": long(257)}, invalid, "message"},
		{"an empty session", "/v1/sessions:disconnect", object{"userId": "ada", "sessionIds": []string{""}}, invalid, "sessionIds[0]"},
		{"no user to revoke", "/v1/users/%7B:revoke", object{}, invalid, "id"},
		{"a time before now", "/v1/users/ada:revoke", object{"ttlMs": -1}, invalid, "ttlMs"},
		{"a time too long", "/v1/users/ada:revoke", object{"ttlMs": 31536000001}, invalid, "ttlMs"},
		{"no such verb", "/v1/users/ada:praise", object{}, wire.CodeNotFound, ""},
		{"no verb", "/v1/users/ada", object{}, wire.CodeNotFound, ""},
		{"no such path", "/v1/nothing", object{}, wire.CodeNotFound, ""},
		{"a room without users", "/v1/rooms/red:join", object{"userIds": []string{}}, invalid, "userIds"},
		{"too many for a room", "/v1/rooms/red:join", object{"userIds": many[:101]}, invalid, "userIds"},
		{"a user twice in a room", "/v1/rooms/red:join", object{"userIds": []string{"a", "a"}}, invalid, "userIds[1]"},
		{"a room's name", "/v1/rooms/a%20b:join", object{"userIds": []string{"a"}}, invalid, "id"},
		{"a room's name to leave", "/v1/rooms/a%20b:leave", object{"userIds": []string{"a"}}, invalid, "id"},
	}
}

func TestBadRequestsAreRefusedAndChangeNothing(t *testing.T) {
	s := newStand(t)
	lobbyID := s.lobby("ada")
	streams := []stream.ID{"user:ada", "user:a", "user:u0", "lobby:" + stream.ID(lobbyID), "broadcast:all", "room:red"}
	before := map[stream.ID]uint64{}
	for _, id := range streams {
		before[id] = s.at(id)
	}
	for _, c := range badRequests(lobbyID) {
		t.Run(c.name, func(t *testing.T) {
			code, refusal := s.refused(http.MethodPost, c.path, c.body)
			if refusal.Code != c.code || refusal.Field != c.field || code != status(c.code) {
				t.Errorf("%d %v, want %s at %q", code, &refusal, c.code, c.field)
			}
		})
	}
	for _, id := range streams {
		if now := s.at(id); now != before[id] {
			t.Errorf("%s went from %d to %d", id, before[id], now)
		}
	}
	if in := s.do(http.MethodGet, "/v1/rooms/red", nil); string(in.body) != `{"room":"red","userIds":[]}` {
		t.Errorf("the room has %s", in.body)
	}
	if code, _ := s.refused(http.MethodPost, "/v1/events", event(nil), "Idempotency-Key", long(65)); code != http.StatusBadRequest {
		t.Errorf("a long key: %d", code)
	}
}

func TestOnlyTheTokenOpens(t *testing.T) {
	s := newStand(t)
	for _, header := range []string{"", "Bearer", "Bearer ", "Bearer x", "Basic " + token, "Bearer " + token + "x", token} {
		for _, path := range []string{"/v1/events", "/v1/nothing"} {
			code, refusal := s.refused(http.MethodPost, path, event(nil), "Authorization", header)
			if code != http.StatusUnauthorized || refusal.Code != wire.CodeUnauthenticated {
				t.Errorf("%q opens %s: %d %v", header, path, code, &refusal)
			}
		}
	}
	s.token = "another"
	if code, _ := s.refused(http.MethodPost, "/v1/events", event(nil)); code != http.StatusUnauthorized {
		t.Errorf("the old token is still good: %d", code)
	}
	s.token = ""
	if code, _ := s.refused(http.MethodPost, "/v1/events", event(nil), "Authorization", "Bearer "); code != http.StatusServiceUnavailable {
		t.Errorf("an empty token: %d", code)
	}
	if s.at("user:ada") != 0 {
		t.Error("an event went out")
	}
}

func TestMoreThanAServerTakes(t *testing.T) {
	s := newStand(t)
	s.now = s.server.Now()
	for range unitsBurst {
		if err := s.server.admit(1); err != nil {
			t.Fatal(err)
		}
	}
	a := s.do(http.MethodPost, "/v1/events", event(nil))
	if a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") == "" {
		t.Errorf("%d %s", a.status, a.body)
	}
}
