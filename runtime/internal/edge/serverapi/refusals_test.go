package serverapi

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/edge/headroom"
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
		{"the lobby's event in other letters", events, event(object{"event": "Lobby:patch"}), invalid, "event"},
		{"the library's event in other letters", events, event(object{"event": "NEWLISTENER"}), invalid, "event"},
		{"a member in other letters", events, event(object{"Event": "x"}), invalid, "Event"},
		{"a number no double holds", events, event(object{"data": object{"n": uint64(9007199254740993)}}), invalid, "data.n"},
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
		{"a topic and a user", events, to(object{"topic": "news", "user": "ada"}), invalid, "target"},
		{"kept for a room", events, event(object{"target": object{"room": "red"}, "persistent": true}), invalid, "persistent"},
		{"a time for what is not kept", events, event(object{"ttlMs": 5}), invalid, "persistent"},
		{"a collapse key for what is not kept", events, event(object{"collapseKey": "x"}), invalid, "persistent"},
		{"kept for too long", events, event(object{"persistent": true, "ttlMs": 31536000001}), invalid, "ttlMs"},
		{"a topic that cannot be", events, to(object{"topic": "a b"}), invalid, "topic"},
		{"a notification without a type", "/v1/notifications", object{"userIds": []string{"ada"}}, invalid, "type"},
		{"a notification of the service's type", "/v1/notifications", object{"userIds": []string{"ada"}, "type": "lobby:invited"}, invalid, "type"},
		{"a notification for nobody", "/v1/notifications", object{"type": "x"}, invalid, "userIds"},
		{"a notification for users and a topic", "/v1/notifications", object{"type": "x", "topic": "t", "userIds": []string{"a"}}, invalid, "userIds"},
		{"a notification for one twice", "/v1/notifications", object{"type": "x", "userIds": []string{"a", "a"}}, invalid, "userIds[1]"},
		{"a long title", "/v1/notifications", object{"type": "x", "userIds": []string{"a"}, "title": long(129)}, invalid, "title"},
		{"large data to keep", "/v1/notifications", object{"type": "x", "userIds": []string{"a"}, "data": long(2049)}, invalid, "data"},
		{"the presence of nobody", "/v1/presence:query", object{"userIds": []string{}}, invalid, "userIds"},
		{"the presence of too many", "/v1/presence:query", object{"userIds": many[:201]}, invalid, "userIds"},
		{"the presence of no user", "/v1/presence:query", object{"userIds": []string{"a b"}}, invalid, "userIds[0]"},
		{"a ticket for nobody", "/v1/tickets", object{"queue": "duel"}, invalid, "userId"},
		{"a ticket for no user", "/v1/tickets", object{"queue": "duel", "userId": "a b"}, invalid, "userId"},
		{"a ticket in no queue", "/v1/tickets", object{"queue": "none", "userId": "a"}, wire.CodeNotFound, ""},
		{"a ticket with a bad attribute", "/v1/tickets", object{"queue": "duel", "userId": "a", "attributes": object{"skill": "good"}}, invalid, "attributes.skill"},
		{"a ticket with a bad latency", "/v1/tickets", object{"queue": "duel", "userId": "a", "latencies": object{"eu": -1}}, invalid, "latencies[eu]"},
		{"a ticket of no party", "/v1/tickets", object{"queue": "duel", "userId": "a", "partyId": "x"}, wire.CodeNotFound, ""},
		{"tickets of no user", "/v1/tickets:query", object{"userId": ""}, invalid, "userId"},
		{"no ticket to cancel", "/v1/tickets:cancel", object{"userId": "a", "ticketId": "x"}, wire.CodeNotFound, ""},
		{"a lobby of no type", "/v1/lobbies", object{"type": "none", "teams": [][]string{{"a"}}}, invalid, "type"},
		{"a lobby for nobody", "/v1/lobbies", object{"type": "duel", "teams": [][]string{}}, invalid, "teams"},
		{"a lobby for an empty team", "/v1/lobbies", object{"type": "duel", "teams": [][]string{{}}}, invalid, "teams[0]"},
		{"a lobby for one in two teams", "/v1/lobbies", object{"type": "duel", "teams": [][]string{{"a"}, {"a"}}}, invalid, "teams[1]"},
		{"a lobby for too many", "/v1/lobbies", object{"type": "duel", "teams": [][]string{many[:5]}}, invalid, "teams"},
		{"lobbies of no type", "/v1/lobbies:query", object{"type": "none"}, invalid, "type"},
		{"too long a page", "/v1/lobbies:query", object{"type": "duel", "limit": 101}, invalid, "limit"},
		{"a room's name to leave", "/v1/rooms/a%20b:leave", object{"userIds": []string{"a"}}, invalid, "id"},
	}
}

func TestBadRequestsAreRefusedAndChangeNothing(t *testing.T) {
	s := newStand(t)
	lobbyID := s.lobby("ada")
	streams := []stream.ID{"user:ada", "user:a", "user:u0", "lobby:" + stream.ID(lobbyID), "broadcast:all", "room:red", "notify:ada", "notify:a", "user:u1"}
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

func TestEachRouteHasAClassForANearlyFullRedis(t *testing.T) {
	var served []string
	for _, r := range newStand(t).server.routes {
		served = append(served, r.method+" "+r.path)
	}
	slices.Sort(served)
	if listed := slices.Sorted(maps.Keys(headroom.Routes)); !slices.Equal(listed, served) {
		t.Errorf("headroom.Routes lists %q\nthe server serves %q", listed, served)
	}
}
