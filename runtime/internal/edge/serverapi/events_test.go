package serverapi

import (
	"context"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

func TestEventsGoToTheStreamsOfTheirTargets(t *testing.T) {
	s := newStand(t)
	lobbyID := s.lobby("ada")
	s.online("ada", "bob")
	s.post("/v1/rooms/red:join", object{"userIds": []string{"bob", "cyd"}}, nil)
	for _, c := range []struct {
		target object
		stream stream.ID
		online int
	}{
		{object{"user": "ada"}, "user:ada", 1},
		{object{"user": "cyd"}, "user:cyd", 0},
		{object{"lobby": lobbyID}, "lobby:" + stream.ID(lobbyID), 1},
		{object{"room": "red"}, "room:red", 1},
		{object{"broadcast": true}, "broadcast:all", 2},
	} {
		before := s.at(c.stream)
		var out Emitted
		s.post("/v1/events", to(c.target), &out)
		if out.Stream != string(c.stream) || out.Epoch == "" || out.Seq != before+1 || out.OnlineRecipients != c.online {
			t.Errorf("%v: %+v, want seq %d of %s and %d online", c.target, out, before+1, c.stream, c.online)
		}
		if r := s.last(c.stream); r.Name != "game:tick" || string(r.Data) != `{"n":1}` || r.Seq != out.Seq {
			t.Errorf("%v: the record is %+v", c.target, r)
		}
	}
	var out Emitted
	s.post("/v1/events", to(object{"users": []string{"bob", "cyd"}}), &out)
	if len(out.Streams) != 2 || out.Streams[1].Stream != "user:cyd" || out.Streams[1].Seq != s.at("user:cyd") || out.OnlineRecipients != 1 {
		t.Errorf("users: %+v", out)
	}
}

func TestALobbysPatchesGoOnAfterAnEvent(t *testing.T) {
	s := newStand(t)
	id := s.lobby("ada")
	s.post("/v1/events", to(object{"lobby": id}), nil)
	out, err := s.server.Lobbies.Ready(t.Context(), callOf("ada"), &wire.LobbyReady{LobbyID: id, Ready: true})
	if err != nil || out.Lobby.Version != 3 || out.At.Seq != 3 {
		t.Fatalf("version %d at %v, %v", out.Lobby.Version, out.At, err)
	}
}

func TestTheSameKeyHasOneEffect(t *testing.T) {
	s := newStand(t)
	const key = "Idempotency-Key"
	for _, c := range []struct {
		path        string
		body, other object
		stream      stream.ID
	}{
		{"/v1/events", event(nil), event(object{"data": object{"n": 2}}), "user:ada"},
		{"/v1/events", to(object{"users": []string{"bob", "cyd"}}), to(object{"users": []string{"bob"}}), "user:cyd"},
		{"/v1/events", to(object{"broadcast": true}), event(nil), "broadcast:all"},
		{"/v1/events:batch", object{"events": []any{to(object{"user": "dan"}), to(object{"user": "dan"})}}, object{"events": []any{event(nil)}}, "user:dan"},
		{"/v1/sessions:disconnect", object{"userId": "eve"}, object{"userId": "ada"}, "user:eve"},
		{"/v1/rooms/red:join", object{"userIds": []string{"fay"}}, object{"userIds": []string{"ada"}}, "user:fay"},
		{"/v1/rooms/red:leave", object{"userIds": []string{"fay"}}, object{"userIds": []string{"ada"}}, "user:fay"},
		{"/v1/users/gus:revoke", object{}, object{"banned": true}, "user:gus"},
	} {
		first := s.do(http.MethodPost, c.path, c.body, key, c.path+string(c.stream))
		at := s.at(c.stream)
		again := s.do(http.MethodPost, c.path, c.body, key, c.path+string(c.stream))
		if first.status != http.StatusOK || string(first.body) != string(again.body) || again.status != http.StatusOK {
			t.Errorf("%s: %s, then %s", c.path, first.body, again.body)
		}
		if now := s.at(c.stream); at == 0 || now != at {
			t.Errorf("%s: %s went from %d to %d", c.path, c.stream, at, now)
		}
		code, refusal := s.refused(http.MethodPost, c.path, c.other, key, c.path+string(c.stream))
		if code != http.StatusUnprocessableEntity || refusal.Code != wire.CodeIdempotencyMismatch {
			t.Errorf("%s: another request with the key: %d %v", c.path, code, &refusal)
		}
	}
	if code, _ := s.refused(http.MethodPost, "/v1/events", to(object{"lobby": "x"}), key, "refused"); code != http.StatusNotFound {
		t.Error(code)
	}
	s.post("/v1/events", event(nil), nil, key, "refused") // what was refused is not remembered
}

// A request whose answer was never remembered is carried out again, without effect.
func TestAKeyWhoseAnswerWasLost(t *testing.T) {
	s := newStand(t)
	for range 2 {
		if _, err := s.server.emit(t.Context(), "k", "", &EventRequest{Target: Target{Users: []string{"ada", "bob"}}, Event: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	if a, b := s.at("user:ada"), s.at("user:bob"); a != 1 || b != 1 {
		t.Errorf("ada has %d events and bob %d", a, b)
	}
}

// stalling is a store that fails at one of its commits: before it, or after it has had its
// effect.
type stalling struct {
	stream.Store
	at    int
	after bool
}

func (s *stalling) Commit(ctx context.Context, c stream.Commit) (stream.Result, error) {
	s.at--
	if s.at == 0 && !s.after {
		return stream.Result{}, stream.ErrUnavailable
	}
	result, err := s.Store.Commit(ctx, c)
	if s.at == 0 && err == nil {
		err = stream.ErrUnavailable
	}
	return result, err
}

// TestABatchThatStalled: what became of one event is uncertain. The same request with the
// same key does the rest: each event went out once, and the answer is remembered then.
func TestABatchThatStalled(t *testing.T) {
	for name, after := range map[string]bool{"before the commit": false, "after it": true} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t)
			s.server.Store = &stalling{Store: s.server.Store, at: 2, after: after}
			lobbyID := s.lobby("bob")
			body := object{"events": []any{
				event(nil), to(object{"user": "cyd"}), to(object{"lobby": lobbyID}), to(object{"users": []string{"dan", "eve"}}),
				to(object{"lobby": "x"}), event(object{"persistent": true}),
			}}
			var first, again, known BatchResponse
			s.post("/v1/events:batch", body, &first, "Idempotency-Key", "k")
			if r := first.Results[1]; r.Error == nil || r.Error.Code != wire.CodeUnavailable {
				t.Fatalf("the second event: %+v", r)
			}
			s.post("/v1/events:batch", body, &again, "Idempotency-Key", "k")
			s.post("/v1/events:batch", body, &known, "Idempotency-Key", "k")
			if d := cmp.Diff(again, known); d != "" {
				t.Errorf("the answer is not remembered (-was +is):\n%s", d)
			}
			want := first
			want.Results = slices.Clone(first.Results)
			want.Results[1] = BatchResult{OK: true, Data: &Emitted{Stream: "user:cyd", Seq: 1}}
			if again.Results[1].OK {
				want.Results[1].Data.Epoch = again.Results[1].Data.Epoch
			}
			if d := cmp.Diff(want, again); d != "" {
				t.Errorf("asked again (-want +got):\n%s", d)
			}
			for _, user := range []string{"ada", "cyd", "dan", "eve"} {
				if got := s.told(user, "game:tick"); len(got) != 1 {
					t.Errorf("%s got %d events", user, len(got))
				}
			}
			if got := s.notifications("ada"); len(got) != 1 {
				t.Errorf("ada got %d notifications", len(got))
			}
		})
	}
}

func TestABatchHasAResultForEachEvent(t *testing.T) {
	s := newStand(t)
	var out BatchResponse
	s.post("/v1/events:batch", object{"events": []any{
		event(nil), 7, event(object{"event": "lobby:patch"}), to(object{"lobby": "x"}), to(object{"broadcast": true}),
	}}, &out)
	if len(out.Results) != 5 || !out.Results[0].OK || out.Results[0].Data.Seq != 1 || !out.Results[4].OK {
		t.Fatalf("%+v", out)
	}
	for i, want := range map[int]wire.Error{
		1: {Code: wire.CodeInvalidArgument}, 2: {Code: wire.CodeInvalidArgument, Field: "event"}, 3: {Code: wire.CodeNotFound},
	} {
		if got := out.Results[i].Error; got == nil || got.Code != want.Code || got.Field != want.Field || out.Results[i].Data != nil {
			t.Errorf("event %d: %+v", i, out.Results[i])
		}
	}
	if s.at("user:ada") != 1 || s.at("broadcast:all") != 1 {
		t.Error("the good ones did not go out once")
	}
}
