package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/stream/streamtest"
	"github.com/anteroom/anteroom/runtime/wire"
)

const channel = "lobby:01JD8Q3V9Z0000000000000000"

// world is a chat service on a store in memory, with a clock that only tests advance.
type world struct {
	*testing.T
	store   *countingStore
	members map[string]bool
	policy  Policy
	// moderator is the user who may mute.
	moderator string
	looks     int
	h         *Handlers
	mu        sync.Mutex
	now       time.Time
}

// countingStore counts the round trips.
type countingStore struct {
	*streamtest.Memory
	trips atomic.Int64
}

func (s *countingStore) Commit(ctx context.Context, c stream.Commit) (stream.Result, error) {
	s.trips.Add(1)
	return s.Memory.Commit(ctx, c)
}

func (s *countingStore) Load(ctx context.Context, id stream.ID) (stream.Snapshot, error) {
	s.trips.Add(1)
	return s.Memory.Load(ctx, id)
}

func newWorld(t *testing.T) *world {
	w := &world{
		T: t, members: map[string]bool{"ann": true, "bob": true},
		policy: Policy{Enabled: true, MaxLength: 100, HistorySize: 200, HistoryTTL: time.Hour},
		now:    time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC),
	}
	clock := func() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.now }
	w.store = &countingStore{Memory: streamtest.New(streamtest.WithClock(clock))}
	w.h = NewHandlers(NewService(w.store, w, Settings{
		HistorySize: 10, HistoryTTL: 10 * time.Minute, IdempotencyTTL: 5 * time.Minute, Now: clock,
		Deadlines: w.store.Deadlines(),
	}))
	return w
}

// Channel is the Access of the tests.
func (w *world) Channel(_ context.Context, caller request.Caller, name string) (Policy, error) {
	w.looks++
	switch {
	case name != channel:
		return Policy{}, channelNotFound()
	case !caller.Backend && !w.members[caller.ID]:
		return Policy{}, wire.Precondition(wire.ReasonNotMember, "not in")
	}
	p := w.policy
	p.ModeratorByScope = caller.Has("chat:moderate")
	p.Moderator = caller.ID == w.moderator || p.ModeratorByScope
	return p, nil
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// connection is a connection of a user, with its subscriptions.
type connection struct {
	*world
	call    request.Call
	follows map[stream.ID]stream.Position
	full    bool
}

func (w *world) connect(user string) *connection {
	c := &connection{world: w, follows: map[stream.ID]stream.Position{}}
	c.call = request.Call{
		Caller:  request.Caller{User: request.User{ID: user, Name: "Name " + user}, SessionID: user + "-1"},
		Streams: c,
	}
	return c
}

func (c *connection) Follow(id stream.ID, from stream.Position) error {
	if c.full {
		return wire.Refuse(wire.CodeResourceExhausted, "too many")
	}
	c.follows[id] = from
	return nil
}
func (c *connection) Unfollow(id stream.ID)     { delete(c.follows, id) }
func (c *connection) Follows(id stream.ID) bool { _, ok := c.follows[id]; return ok }

func (c *connection) join() (request.Reply, error) {
	return c.h.Join(c.Context(), c.call, &wire.ChatJoin{Channel: channel})
}

// send sends a text with a key, which may be empty.
func (c *connection) send(text, key string) (request.Reply, error) {
	call := c.call
	call.Key = key
	return c.h.Send(c.Context(), call, &wire.ChatSend{Channel: channel, Text: text, Key: wire.Key{Key: key}})
}

func (c *connection) mustSend(text, key string) wire.ChatSent {
	c.Helper()
	reply, err := c.send(text, key)
	if err != nil {
		c.Fatalf("send: %v", err)
	}
	return reply.Data.(wire.ChatSent)
}

// history returns the texts of a page and their seqs.
func (c *connection) history(req wire.ChatHistory) (texts []string, more bool) {
	c.Helper()
	req.Channel = channel
	reply, err := c.h.History(c.Context(), c.call, &req)
	if err != nil {
		c.Fatalf("history: %v", err)
	}
	page := reply.Data.(wire.ChatPage)
	for _, raw := range page.Messages {
		var m wire.ChatMessage
		if err := json.Unmarshal(raw, &m); err != nil || m.Meta == nil {
			c.Fatalf("message %s: %v", raw, err)
		}
		texts = append(texts, fmt.Sprint(m.Meta.Seq, " ", m.Text))
	}
	return texts, page.HasMore
}

func TestJoinAndSend(t *testing.T) {
	w := newWorld(t)
	ann := w.connect("ann")
	reply, err := ann.join()
	if err != nil {
		t.Fatal(err)
	}
	want := request.Reply{Data: wire.ChatJoined{Channel: channel}, Meta: &wire.Meta{Stream: "chat:" + channel}}
	if d := cmp.Diff(want, reply); d != "" {
		t.Errorf("reply (-want +got):\n%s", d)
	}
	reply, err = ann.send("hello", "k1")
	if err != nil {
		t.Fatal(err)
	}
	sent := reply.Data.(wire.ChatSent)
	if sent.Seq != 1 || sent.TS != w.now.UnixMilli() || reply.Meta.Seq != 1 || reply.Meta.Epoch == "" {
		t.Errorf("ack %+v, meta %+v", sent, reply.Meta)
	}
	caught, err := w.store.CatchUp(t.Context(), StreamID(channel), ann.follows[StreamID(channel)])
	if err != nil || !caught.Recovered || len(caught.Records) != 1 {
		t.Fatalf("caught up %+v, %v", caught, err)
	}
	var got wire.ChatMessage
	if err := json.Unmarshal(caught.Records[0].Data, &got); err != nil {
		t.Fatal(err)
	}
	wantMessage := wire.ChatMessage{
		Channel: channel, ID: sent.ID, UserID: "ann", Name: "Name ann", Key: "k1", Type: "text", Text: "hello",
	}
	if d := cmp.Diff(wantMessage, got); d != "" {
		t.Errorf("message (-want +got):\n%s", d)
	}
}

func TestRepeatedKeyReturnsTheSameAck(t *testing.T) {
	w := newWorld(t)
	ann := w.connect("ann")
	first := ann.mustSend("hello", "k1")
	w.pass(time.Second)
	if again := ann.mustSend("hello", "k1"); again != first {
		t.Errorf("%+v, then %+v", first, again)
	}
	if other := w.connect("bob").mustSend("hello", "k1"); other.Seq != 2 || other.ID == first.ID {
		t.Errorf("another user's key gave %+v", other)
	}
	if next := ann.mustSend("hello", ""); next.Seq != 3 {
		t.Errorf("without a key: %+v", next)
	}
}

func TestSendIsOneRoundTrip(t *testing.T) {
	w := newWorld(t)
	ann := w.connect("ann")
	if _, err := ann.join(); err != nil {
		t.Fatal(err)
	}
	w.store.trips.Store(0)
	w.looks = 0
	for range 5 {
		ann.mustSend("hello", "")
	}
	if w.store.trips.Load() != 5 || w.looks != 0 {
		t.Errorf("5 messages took %d round trips and %d authorizations", w.store.trips.Load(), w.looks)
	}
	w.pass(policyTTL)
	ann.mustSend("hello", "")
	if w.looks != 1 {
		t.Errorf("%d authorizations after the policy's TTL", w.looks)
	}
}

func TestSendRequiresMembership(t *testing.T) {
	w := newWorld(t)
	notMember := &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotMember}
	eve, bob := w.connect("eve"), w.connect("bob")
	_, err := eve.send("hello", "")
	wantRefusal(t, err, notMember)
	_, err = eve.join()
	wantRefusal(t, err, notMember)
	_, err = eve.h.History(t.Context(), eve.call, &wire.ChatHistory{Channel: channel})
	wantRefusal(t, err, notMember)
	wantRefusal(t, eve.h.Authorize(t.Context(), eve.call.Caller, StreamID(channel)), notMember)
	if len(eve.follows) > 0 {
		t.Error("a stranger is subscribed, want a refusal")
	}

	bob.mustSend("without joining", "")
	if err := bob.h.Authorize(t.Context(), bob.call.Caller, StreamID(channel)); err != nil {
		t.Error(err)
	}
	if _, err := bob.join(); err != nil {
		t.Fatal(err)
	}
	w.members["bob"] = false
	if _, err := bob.h.Leave(t.Context(), bob.call, &wire.ChatLeave{Channel: channel}); err != nil {
		t.Fatal(err)
	}
	_, err = bob.send("still there", "")
	wantRefusal(t, err, notMember)
}

func TestRefusals(t *testing.T) {
	w := newWorld(t)
	ann := w.connect("ann")
	for _, odd := range []string{"lobby:x", "nowhere", "a b", "{x}", "ä"} {
		_, err := ann.h.Join(t.Context(), ann.call, &wire.ChatJoin{Channel: odd})
		wantRefusal(t, err, &wire.Error{Code: wire.CodeNotFound})
	}
	_, err := ann.send(" ", "")
	wantRefusal(t, err, invalid("text"))
	_, err = ann.h.History(t.Context(), ann.call, &wire.ChatHistory{Channel: channel, Before: 1, After: new(uint64)})
	wantRefusal(t, err, invalid("after"))
	_, err = ann.h.History(t.Context(), ann.call, &wire.ChatHistory{Channel: channel, Limit: 101})
	wantRefusal(t, err, invalid("limit"))
	ann.full = true
	_, err = ann.join()
	wantRefusal(t, err, &wire.Error{Code: wire.CodeResourceExhausted})

	w.policy.Enabled = false
	_, err = ann.send("hello", "")
	wantRefusal(t, err, &wire.Error{Code: wire.CodePermissionDenied})

	w.store.SetDown(true)
	w.policy.Enabled = true
	if _, err = ann.send("hello", ""); !errors.Is(err, stream.ErrUnavailable) {
		t.Errorf("with the store down: %v", err)
	}
}

func TestRate(t *testing.T) {
	w := newWorld(t)
	w.policy.RateMessages, w.policy.RatePer = 2, 4*time.Second
	ann := w.connect("ann")
	ann.mustSend("1", "")
	second := ann.mustSend("2", "k2")
	_, err := ann.send("3", "k3")
	wantRefusal(t, err, &wire.Error{Code: wire.CodeRateLimited, Retryable: true, RetryAfterMs: 2000})
	if again := ann.mustSend("2", "k2"); again != second {
		t.Error("the repeat of an earlier message was refused, want its answer")
	}
	w.connect("bob").mustSend("bob's own budget", "")
	w.pass(2 * time.Second)
	ann.mustSend("3", "k3")
}

func TestSlowMode(t *testing.T) {
	w := newWorld(t)
	w.policy.SlowMode = 2 * time.Second
	ann := w.connect("ann")
	ann.mustSend("1", "")
	_, err := ann.send("2", "")
	wantRefusal(t, err, &wire.Error{Code: wire.CodeRateLimited, Retryable: true, RetryAfterMs: 2000})
	w.pass(2 * time.Second)
	ann.mustSend("2", "")
	w.moderator = "bob"
	host := w.connect("bob")
	host.mustSend("order!", "")
	host.mustSend("order!!", "")
}

func TestHistory(t *testing.T) {
	w := newWorld(t)
	ann := w.connect("ann")
	if texts, more := ann.history(wire.ChatHistory{}); texts != nil || more {
		t.Errorf("of a silent channel: %v, %v", texts, more)
	}
	for n := range 7 {
		ann.mustSend(fmt.Sprint("m", n+1), "")
	}
	for name, tc := range map[string]struct {
		req  wire.ChatHistory
		want []string
		more bool
	}{
		"newest":           {wire.ChatHistory{}, []string{"1 m1", "2 m2", "3 m3", "4 m4", "5 m5", "6 m6", "7 m7"}, false},
		"newest two":       {wire.ChatHistory{Limit: 2}, []string{"6 m6", "7 m7"}, true},
		"before":           {wire.ChatHistory{Before: 6, Limit: 2}, []string{"4 m4", "5 m5"}, true},
		"before the third": {wire.ChatHistory{Before: 3, Limit: 2}, []string{"1 m1", "2 m2"}, false},
		"from the start":   {wire.ChatHistory{After: new(uint64(0)), Limit: 5}, []string{"1 m1", "2 m2", "3 m3", "4 m4", "5 m5"}, true},
		"the whole log":    {wire.ChatHistory{After: new(uint64(0))}, []string{"1 m1", "2 m2", "3 m3", "4 m4", "5 m5", "6 m6", "7 m7"}, false},
		"before 0":         {wire.ChatHistory{Before: 0, Limit: 2}, []string{"6 m6", "7 m7"}, true},
		"after":            {wire.ChatHistory{After: new(uint64(2)), Limit: 2}, []string{"3 m3", "4 m4"}, true},
		"after the fifth":  {wire.ChatHistory{After: new(uint64(5)), Limit: 2}, []string{"6 m6", "7 m7"}, false},
		"after the last":   {wire.ChatHistory{After: new(uint64(7))}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			texts, more := ann.history(tc.req)
			if d := cmp.Diff(tc.want, texts); d != "" || more != tc.more {
				t.Errorf("more is %v (-want +got):\n%s", more, d)
			}
		})
	}
	w.policy.HistorySize = 0
	if texts, _ := ann.history(wire.ChatHistory{}); texts != nil {
		t.Errorf("a channel without history gave %v", texts)
	}
}

func TestPolicyBoundsTheHistory(t *testing.T) {
	w := newWorld(t)
	w.policy.HistorySize = 15
	ann := w.connect("ann")
	for range 20 {
		ann.mustSend("m", "")
	}
	if texts, _ := ann.history(wire.ChatHistory{}); len(texts) != 15 {
		t.Errorf("%d messages are kept, want 15", len(texts))
	}
	w.pass(59 * time.Minute)
	if texts, _ := ann.history(wire.ChatHistory{}); len(texts) != 15 {
		t.Errorf("after 59 minutes %d messages are kept", len(texts))
	}
	w.pass(time.Minute)
	if texts, _ := ann.history(wire.ChatHistory{}); len(texts) != 0 {
		t.Errorf("after an hour %d messages are kept", len(texts))
	}
}

func TestJoinSubscribesFromCurrentPosition(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.connect("ann"), w.connect("bob")
	ann.mustSend("before", "")
	reply, err := bob.join()
	if err != nil {
		t.Fatal(err)
	}
	if at := bob.follows[StreamID(channel)]; at.Seq != 1 || at.Epoch != reply.Meta.Epoch || reply.Meta.Seq != 1 {
		t.Errorf("follows from %+v, meta %+v", at, reply.Meta)
	}
	event, payload, err := bob.h.Snapshot(t.Context(), bob.call.Caller, StreamID(channel), stream.Snapshot{})
	if event != "" || payload != nil || err != nil {
		t.Errorf("a channel has a snapshot: %q %s %v", event, payload, err)
	}
}

func TestPoliciesAreBounded(t *testing.T) {
	p, now := newPolicyCache(), time.Now()
	for i := range maxPolicies + 1 {
		p.put(policyKey{request.User{ID: fmt.Sprint(i)}.Rights(), channel}, Policy{}, "", now)
	}
	key := func(i int) policyKey { return policyKey{request.User{ID: fmt.Sprint(i)}.Rights(), channel} }
	if _, cached := p.get(key(0), "", now); cached {
		t.Error("the oldest policy is cached beyond the bound, want it evicted")
	}
	for _, i := range []int{1, maxPolicies / 2, maxPolicies} {
		if _, cached := p.get(key(i), "", now); !cached {
			t.Errorf("policy %d was evicted with the oldest policy, want it cached", i)
		}
	}
	if _, cached := p.get(key(1), "", now.Add(policyTTL)); cached {
		t.Error("a policy is cached after its TTL")
	}
}

// TestPolicyIsCachedPerRights: a session with other rights is authorized separately, and the
// right to moderate is never cached.
func TestPolicyIsCachedPerRights(t *testing.T) {
	w := newWorld(t)
	ann, other := w.connect("ann"), w.connect("ann")
	other.call.Scopes = []string{"other"}
	for _, c := range []*connection{ann, other} {
		c.follows[StreamID(channel)] = stream.Position{}
		before := w.looks
		c.mustSend("one", "")
		c.mustSend("two", "")
		if w.looks != before+1 {
			t.Errorf("%d authorizations, want one for each set of rights", w.looks-before)
		}
	}
	w.moderator = "bob"
	bob := w.connect("bob")
	if _, err := bob.join(); err != nil {
		t.Fatal(err)
	}
	w.moderator = ""
	if _, err := bob.h.Delete(t.Context(), bob.call, &wire.ChatDelete{ChatTarget: target(1)}); wire.CodeOf(err) != wire.CodePermissionDenied {
		t.Errorf("a former moderator deletes a message of another user: %v, want permission_denied", err)
	}
}

// replyTo names a message that was sent, even when the history no longer has it.
func TestReplyTo(t *testing.T) {
	for name, c := range map[string]struct {
		sent    int
		replyTo uint64
		refused bool
	}{
		"nothing":                        {3, 0, false},
		"the first message":              {3, 1, false},
		"the newest message":             {3, 3, false},
		"a message that left the log":    {13, 1, false},
		"the seq of the answer itself":   {3, 4, true},
		"a seq far ahead":                {3, 999_999, true},
		"a seq of a channel still empty": {0, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.policy.HistorySize = 10
			ann := w.connect("ann")
			for i := range c.sent {
				ann.mustSend("hello", fmt.Sprint(i))
			}
			_, err := w.h.Send(t.Context(), ann.call, &wire.ChatSend{Channel: channel, Text: "yes", ReplyTo: c.replyTo})
			var refusal *wire.Error
			if errors.As(err, &refusal); (err != nil) != c.refused || c.refused && (refusal.Code != wire.CodeInvalidArgument || refusal.Field != "replyTo") {
				t.Errorf("answer to seq %d after %d messages: %v, want a refusal at replyTo: %v", c.replyTo, c.sent, err, c.refused)
			}
		})
	}
}
