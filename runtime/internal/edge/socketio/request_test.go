package socketio

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/wire"
)

func TestRequests(t *testing.T) {
	st := newStack(t)
	c := st.join("ann")
	big := strings.Repeat("x", 5000)
	for _, tc := range []struct {
		name  string
		event string
		args  []any
		want  wire.Error
	}{
		{"unknown event", "counter:none", nil, wire.Error{Code: wire.CodeNotFound, Message: `there is no request "counter:none"`}},
		{"feature off", "mm:enqueue", []any{map[string]any{}}, wire.Error{Code: wire.CodeNotFound, Message: "the feature matchmaking is switched off on this cluster"}},
		{"missing argument", "counter:add", nil, wire.Error{Code: wire.CodeInvalidArgument, Field: "id", Message: "id is required"}},
		{"wrong type", "counter:add", []any{map[string]any{"id": "a", "by": "1"}}, wire.Error{Code: wire.CodeInvalidArgument, Field: "by", Message: "by must be a whole number, not string"}},
		{"out of range", "counter:add", []any{map[string]any{"id": "a", "by": -1}}, wire.Error{Code: wire.CodeInvalidArgument, Field: "by", Message: "by must be at least 1"}},
		{"not an object", "counter:add", []any{"a"}, wire.Error{Code: wire.CodeInvalidArgument, Message: "the payload must be a JSON object, not string"}},
		{"too many arguments", "counter:add", []any{map[string]any{}, 1}, wire.Error{Code: wire.CodeInvalidArgument, Message: "a request has one argument, a JSON object"}},
		{"too large", "counter:add", []any{map[string]any{"id": big}}, wire.Error{Code: wire.CodePayloadTooLarge, Message: "the payload is larger than session:ready's limits.maxPayload"}},
		{"panic", "counter:panic", nil, wire.Error{Code: wire.CodeInternal, Message: "something went wrong on the server"}},
		{"failure", "counter:fail", nil, wire.Error{Code: wire.CodeInternal, Message: "something went wrong on the server"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := c.request(tc.event, tc.args...)
			if got.OK || got.Error == nil || *got.Error != tc.want {
				t.Errorf("got %+v %v, want %+v", got, got.Error, tc.want)
			}
		})
	}
	if got := c.request("counter:add", counterAdd{ID: "a", By: 2}); !got.OK || string(got.Data) != `{"n":2}` || got.Meta.Seq != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestEventWithoutAck(t *testing.T) {
	st := newStack(t)
	c := st.join("ann")
	for _, text := range []string{`42["counter:add",{"id":"a","by":3}]`, `42["counter:none"]`, `42["counter:panic"]`} {
		if err := c.send(text); err != nil {
			t.Fatal(err)
		}
	}
	if got := c.request("counter:add", counterAdd{ID: "a", By: 1}); string(got.Data) != `{"n":4}` {
		t.Errorf("got %+v", got)
	}
}

func TestRequestsRunInOrder(t *testing.T) {
	st := newStack(t)
	c := st.join("ann")
	slow := c.begin("counter:slow", struct{}{})
	ping := c.begin("sync:ping", wire.SyncPing{})
	close(st.counters.slow)
	_, first := c.answer(slow)
	_, second := c.answer(ping)
	if first > second {
		t.Errorf("the second request was answered first:%s", c.transcript())
	}
}

func TestDeadline(t *testing.T) {
	st := newStack(t, func(s *setup) { s.session.RequestTimeout = 20 * time.Millisecond })
	c := st.join("ann")
	got := c.request("counter:slow", struct{}{})
	if got.Error == nil || got.Error.Code != wire.CodeDeadlineExceeded || !got.Error.Retryable {
		t.Errorf("got %+v", got.Error)
	}
}

func TestRateLimit(t *testing.T) {
	st := newStack(t, func(s *setup) { s.limits.EventsPerSecond, s.limits.Burst = 1, 3 })
	c := st.join("ann")
	var refused *wire.Error
	for range 10 {
		if got := c.request("sync:ping", wire.SyncPing{}); !got.OK {
			refused = got.Error
			break
		}
	}
	if refused == nil || refused.Code != wire.CodeRateLimited || !refused.Retryable || refused.RetryAfterMs < 1 || refused.RetryAfterMs > 1000 {
		t.Errorf("got %+v", refused)
	}
}

func TestFlood(t *testing.T) {
	st := newStack(t, func(s *setup) { s.limits.EventsPerSecond, s.limits.Burst = 1, 1 })
	c := st.join("ann")
	for range 200 {
		if c.send(`42["sync:ping"]`) != nil {
			break
		}
	}
	c.closed()
	st.eventually("the session ends", func() bool { return st.sessions.Stats().Connections == 0 })
}

func TestTooManyWaiting(t *testing.T) {
	st := newStack(t)
	c := st.join("ann")
	ids := []int{c.begin("counter:slow", struct{}{})}
	for range 100 {
		ids = append(ids, c.begin("sync:ping", wire.SyncPing{}))
	}
	if got, _ := c.answer(ids[100]); got.Error == nil || got.Error.Code != wire.CodeRateLimited {
		t.Errorf("the last request got %+v", got)
	}
	close(st.counters.slow)
	for _, id := range ids {
		c.answer(id)
	}
	answers := map[int]int{}
	for _, m := range c.log {
		if m.kind == packetAck {
			answers[m.id]++
		}
	}
	for id, n := range answers {
		if n != 1 {
			t.Errorf("request %d was answered %d times", id, n)
		}
	}
}

func TestIdempotency(t *testing.T) {
	st := newStack(t)
	c := st.join("ann")
	first := c.request("counter:add", counterAdd{Key: wire.Key{Key: "k"}, ID: "a", By: 2})
	again := c.request("counter:add", map[string]any{"by": 2, "id": "a", "key": "k"})
	if diff := cmp.Diff(first, again); diff != "" || !first.OK {
		t.Errorf("the answers differ (-first +again):\n%s", diff)
	}
	if n := st.counters.runs(); n != 1 {
		t.Errorf("it ran %d times", n)
	}
	other := c.request("counter:add", counterAdd{Key: wire.Key{Key: "k"}, ID: "a", By: 3})
	if other.Error == nil || other.Error.Code != wire.CodeIdempotencyMismatch {
		t.Errorf("another body: %+v", other)
	}
	if got := st.join("bob").request("counter:add", counterAdd{Key: wire.Key{Key: "k"}, ID: "a", By: 3}); string(got.Data) != `{"n":5}` {
		t.Errorf("another user's key: %+v", got)
	}
	watch := counterWatch{Key: wire.Key{Key: "w"}, ID: "none"}
	if got := c.request("counter:watch", watch); got.Error == nil || got.Error.Code != wire.CodeNotFound {
		t.Errorf("watch of nothing: %+v", got)
	}
	watch.ID = "a"
	if got := c.request("counter:watch", watch); !got.OK {
		t.Errorf("a refused request keeps its key: %+v", got.Error)
	}
}

// TestRepeatFollowsAgain repeats a request on a new connection, as a client does
// that lost the first one before the answer.
func TestRepeatFollowsAgain(t *testing.T) {
	st := newStack(t)
	c := st.join("ann")
	c.request("counter:add", counterAdd{ID: "a", By: 1})
	watch := counterWatch{Key: wire.Key{Key: "w"}, ID: "a"}
	first := c.request("counter:watch", watch)
	c.stop()
	again := st.join("ann")
	if got := again.request("counter:watch", watch); !cmp.Equal(got, first) {
		t.Errorf("the answers differ:\n%s", cmp.Diff(first, got))
	}
	st.join("bob").request("counter:add", counterAdd{ID: "a", By: 1})
	again.counts("counter:changed", first.Meta.Seq, 101, 102)

	st.counters.bar("a")
	barred := st.join("ann")
	if got := barred.request("counter:watch", watch); !cmp.Equal(got, first) {
		t.Errorf("the answer of one who is barred by now: %+v", got)
	}
	st.join("bob").request("counter:add", counterAdd{ID: "a", By: 1})
	again.counts("counter:changed", first.Meta.Seq, 101, 102, 103)
	barred.request("sync:ping", wire.SyncPing{})
	if strings.Contains(barred.transcript(), "counter:changed") {
		t.Error("one who is barred by now follows")
	}
}

// counts waits for pushes of a counter with these values, whose seqs must follow
// on after, and gives the place of the first.
func (c *client) counts(event string, after uint64, values ...int) int {
	c.t.Helper()
	first := -1
	for i, want := range values {
		var got struct {
			N    int
			Meta wire.Meta
		}
		at := c.pushed(event, i+1, &got)
		if first < 0 {
			first = at
		}
		if got.N != want || got.Meta.Seq != after+uint64(i)+1 || got.Meta.Epoch == "" || got.Meta.TS == 0 {
			c.t.Errorf("push %d of %s is %+v, want n %d at seq %d", i+1, event, got, want, after+uint64(i)+1)
		}
	}
	return first
}
