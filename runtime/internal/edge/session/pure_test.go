package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

func TestWithMeta(t *testing.T) {
	at := stream.Position{Epoch: "e1", Seq: 7}
	const meta = `"meta":{"stream":"chat:lobby:1","epoch":"e1","seq":7,"ts":99}}`
	for payload, want := range map[string]string{
		`{}`:              `{` + meta,
		`{ }`:             `{` + meta,
		`{"a":1}`:         `{"a":1,` + meta,
		"{\"a\":{}\n} \n": `{"a":{},` + meta,
	} {
		got := withMeta(json.RawMessage(payload), "chat:lobby:1", at, 99)
		if string(got) != want || !json.Valid(got) {
			t.Errorf("%q: got %s, want %s", payload, got, want)
		}
	}
}

func TestBucket(t *testing.T) {
	var b bucket
	now := time.Unix(1000, 0)
	for i := range 4 {
		if wait := b.take(now, 2, 4); wait != 0 {
			t.Fatalf("take %d of the burst waits %v", i, wait)
		}
	}
	if wait := b.take(now, 2, 4); wait != 500*time.Millisecond {
		t.Errorf("beyond the burst: wait %v, want 500ms", wait)
	}
	if wait := b.take(now.Add(500*time.Millisecond), 2, 4); wait != 0 {
		t.Errorf("after the wait: still %v", wait)
	}
	if wait := b.take(now.Add(time.Hour), 2, 4); wait != 0 {
		t.Errorf("after an hour: %v", wait)
	}
	if wait := b.take(now, 0, 0); wait != 0 {
		t.Errorf("without a rate: %v", wait)
	}
}

func TestRefusal(t *testing.T) {
	own := wire.Precondition(wire.ReasonLobbyFull, "full")
	for _, c := range []struct {
		err  error
		want wire.Error
	}{
		{fmt.Errorf("join: %w", own), *own},
		{&stream.RateError{RetryAfter: 1500 * time.Millisecond}, wire.Error{Code: wire.CodeRateLimited, Retryable: true, RetryAfterMs: 1500}},
		{&stream.ConflictError{Current: stream.Snapshot{Position: stream.Position{Seq: 9}}}, wire.Error{Code: wire.CodeVersionConflict, Current: wire.CurrentVersion(9)}},
		{fmt.Errorf("x: %w", stream.ErrConflict), wire.Error{Code: wire.CodeUnavailable, Retryable: true}},
		{stream.ErrNotFound, wire.Error{Code: wire.CodeNotFound}},
		{fmt.Errorf("x: %w", stream.ErrUnavailable), wire.Error{Code: wire.CodeUnavailable, Retryable: true}},
		{fmt.Errorf("%w: %w", stream.ErrUnavailable, context.DeadlineExceeded), wire.Error{Code: wire.CodeDeadlineExceeded, Retryable: true}},
		{errors.New("secret"), wire.Error{Code: wire.CodeInternal}},
	} {
		got := *Refusal(c.err)
		if c.want.Message == "" {
			got.Message = ""
		}
		if !cmp.Equal(got, c.want) {
			t.Errorf("%v: got %+v, want %+v", c.err, got, c.want)
		}
	}
}

func TestRequestHash(t *testing.T) {
	read := func(body string) *wire.ChatSend {
		req := new(wire.ChatSend)
		if err := json.Unmarshal([]byte(body), req); err != nil {
			t.Fatal(err)
		}
		return req
	}
	hash := func(event, body string) [16]byte {
		h, err := requestHash(event, read(body))
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	first := hash("chat:send", `{"channel":"c","text":"hi","data":{"a":1}}`)
	if again := hash("chat:send", `{ "text":"hi", "data": {"a": 1}, "channel":"c", "new":true }`); again != first {
		t.Error("order, space and unknown members change the hash")
	}
	if other := hash("chat:send", `{"channel":"c","text":"ho","data":{"a":1}}`); other == first {
		t.Error("another text has the same hash")
	}
	if other := hash("chat:edit", `{"channel":"c","text":"hi","data":{"a":1}}`); other == first {
		t.Error("another event has the same hash")
	}
}

func TestRouterFind(t *testing.T) {
	r := NewRouter()
	Handle(r, "lobby:get", func(context.Context, request.Call, *wire.LobbyGet) (request.Reply, error) {
		return request.Reply{}, nil
	})
	r.Off("mm", "matchmaking")
	if _, err := r.find("lobby:get"); err != nil {
		t.Error(err)
	}
	for event, want := range map[string]string{
		"mm:enqueue": "not_found: the feature matchmaking is switched off on this cluster",
		"lobby:got":  `not_found: there is no request "lobby:got"`,
	} {
		if _, err := r.find(event); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", event, err, want)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("registering twice did not panic")
		}
	}()
	Handle(r, "lobby:get", func(context.Context, request.Call, *wire.LobbyGet) (request.Reply, error) {
		return request.Reply{}, nil
	})
}
