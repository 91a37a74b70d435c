package serverapi

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/domain/room"
	"github.com/anteroom/anteroom/runtime/wire"
)

func callOf(user string) request.Call {
	return request.Call{Caller: request.Caller{User: request.User{ID: user}, SessionID: "s-" + user}}
}

func TestDisconnectOrdersSessionsToEnd(t *testing.T) {
	s := newStand(t)
	s.online("ada")
	var out SessionsEnded
	s.post("/v1/sessions:disconnect", object{"userId": "ada", "sessionIds": []string{"s1"}, "message": "bye"}, &out)
	r := s.last("user:ada")
	want := &stream.End{Reason: "disconnected", Message: "bye", Sessions: []string{"s1"}}
	if diff := cmp.Diff(want, r.Control.End); diff != "" || r.Name != wire.EventSessionEnding || !out.Online || out.Seq != 1 {
		t.Errorf("%s, %+v:\n%s", r.Name, out, diff)
	}
}

func TestRevoke(t *testing.T) {
	s := newStand(t)
	at := time.Date(2026, 11, 25, 1, 0, 0, 0, time.UTC)
	s.now = at
	user := func(issued time.Time) request.User { return request.User{ID: "ada", IssuedAt: issued} }
	check := func(u request.User) wire.Code {
		t.Helper()
		var refused *wire.Error
		if err := s.server.Revocations.Check(t.Context(), u); err != nil && !errors.As(err, &refused) {
			t.Fatal(err)
		}
		if refused == nil {
			return ""
		}
		return refused.Code
	}
	var out Revoked
	s.post("/v1/users/ada:revoke", object{"ttlMs": 60_000}, &out)
	if out.Until != at.Add(time.Minute).UnixMilli() {
		t.Errorf("until %d", out.Until)
	}
	if end := s.last("user:ada").Control.End; end == nil || end.Reason != "unauthenticated" {
		t.Errorf("sessions end %+v", end)
	}
	for issued, want := range map[time.Time]wire.Code{
		{}: wire.CodeUnauthenticated, at.Add(-time.Hour): wire.CodeUnauthenticated, at: wire.CodeUnauthenticated, at.Add(time.Second): "",
	} {
		if got := check(user(issued)); got != want {
			t.Errorf("a token of %v: %q, want %q", issued, got, want)
		}
	}
	s.post("/v1/users/ada:revoke", object{"banned": true}, nil)
	if got := check(user(at.Add(time.Hour))); got != wire.CodeBanned {
		t.Errorf("banned: %q", got)
	}
	if end := s.last("user:ada").Control.End; end == nil || end.Reason != "banned" {
		t.Errorf("sessions end %+v", end)
	}
	s.post("/v1/users/ada:revoke", object{"lift": true}, &out)
	if got := check(user(time.Time{})); got != "" || out.Until != 0 {
		t.Errorf("lifted: %q, until %d", got, out.Until)
	}
	if got := check(request.User{ID: "bob"}); got != "" {
		t.Errorf("bob: %q", got)
	}
}

// TestARevocationLastsAsLongAsTokensMay: without a time it lasts longer than a ban.
func TestARevocationLastsAsLongAsTokensMay(t *testing.T) {
	s := newStand(t)
	s.now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for banned, want := range map[bool]time.Duration{false: 30 * 24 * time.Hour, true: 24 * time.Hour} {
		var out Revoked
		if s.post("/v1/users/ada:revoke", object{"banned": banned}, &out); out.Until != s.now.Add(want).UnixMilli() {
			t.Errorf("banned %v: until %v, want %v", banned, time.UnixMilli(out.Until), s.now.Add(want))
		}
	}
}

func TestRooms(t *testing.T) {
	s := newStand(t)
	s.post("/v1/events", to(object{"room": "red"}), nil)
	s.post("/v1/rooms/red:join", object{"userIds": []string{"bob", "ada"}}, nil)
	r := s.last("user:ada")
	if len(r.Control.Follow) != 1 || r.Control.Follow[0].Stream != "room:red" || r.Control.Follow[0].Seq != 1 || r.Name != wire.EventRoomJoined {
		t.Errorf("%+v", r)
	}
	if in := s.do(http.MethodGet, "/v1/rooms/red", nil); string(in.body) != `{"room":"red","userIds":["ada","bob"]}` {
		t.Errorf("%s", in.body)
	}
	places, err := s.server.Rooms.Positions(t.Context(), "ada")
	if err != nil || len(places) != 1 || places[0] != r.Control.Follow[0] {
		t.Errorf("%v, %v", places, err)
	}
	if err := s.server.Rooms.Authorize(t.Context(), callOf("ada").Caller, "room:red"); err != nil {
		t.Error(err)
	}
	s.post("/v1/rooms/red:leave", object{"userIds": []string{"ada"}}, nil)
	if r := s.last("user:ada"); len(r.Control.Unfollow) != 1 || r.Control.Unfollow[0] != "room:red" || r.Name != wire.EventRoomLeft {
		t.Errorf("%+v", r)
	}
	if err := s.server.Rooms.Authorize(t.Context(), callOf("ada").Caller, "room:red"); err == nil {
		t.Error("ada may still have the room's stream")
	}
}

func TestAUserIsInSoManyRooms(t *testing.T) {
	s := newStand(t)
	for i := range room.MaxPerUser {
		s.post(fmt.Sprintf("/v1/rooms/r%d:join", i), object{"userIds": []string{"ada"}}, nil)
	}
	code, refusal := s.refused(http.MethodPost, "/v1/rooms/more:join", object{"userIds": []string{"ada"}})
	if code != http.StatusConflict || refusal.Code != wire.CodeResourceExhausted ||
		refusal.Reason != wire.ReasonRoomLimit || len(refusal.Current.IDs()) != room.MaxPerUser {
		t.Errorf("%d %+v", code, &refusal)
	}
	if in := s.do(http.MethodGet, "/v1/rooms/more", nil); string(in.body) != `{"room":"more","userIds":[]}` {
		t.Errorf("%s", in.body)
	}
}
