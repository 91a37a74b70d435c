package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/stream/streamtest"
	"github.com/anteroom/anteroom/runtime/internal/core/text"
	"github.com/anteroom/anteroom/runtime/internal/core/userstream"
	"github.com/anteroom/anteroom/runtime/wire"
)

func target(seq uint64) wire.ChatTarget { return wire.ChatTarget{Channel: channel, Seq: seq} }

// keyed is a call under a key.
func (c *connection) keyed(key string) request.Call {
	call := c.call
	call.Key = key
	return call
}

func must[T any](t *testing.T) func(request.Reply, error) T {
	return func(reply request.Reply, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return reply.Data.(T)
	}
}

// records are all events of a stream.
func (w *world) records(id stream.ID) []stream.Record {
	w.Helper()
	page, err := w.store.Page(context.Background(), id, stream.PageQuery{Limit: 1000})
	if err != nil {
		w.Fatal(err)
	}
	return page.Records
}

func (w *world) at() uint64 {
	now, err := w.store.Load(context.Background(), StreamID(channel))
	if err != nil && !errors.Is(err, stream.ErrNotFound) {
		w.Fatal(err)
	}
	return now.Seq
}

// one returns the only message of the channel's history, in its current state.
func (c *connection) one(req wire.ChatHistory) wire.ChatMessage {
	c.Helper()
	req.Channel = channel
	page := must[wire.ChatPage](c.T)(c.h.History(c.Context(), c.call, &req))
	if len(page.Messages) != 1 {
		c.Fatalf("%d messages, want 1", len(page.Messages))
	}
	var m wire.ChatMessage
	if err := json.Unmarshal(page.Messages[0], &m); err != nil {
		c.Fatal(err)
	}
	return m
}

func TestHistoryAppliesEditsAndDeletions(t *testing.T) {
	w := newWorld(t)
	w.policy.Edit = true
	ann := w.connect("ann")
	first := ann.mustSend("helo", "k0")
	edit := &wire.ChatEdit{ChatTarget: target(first.Seq), Text: "hello"}
	reply, err := ann.h.Edit(t.Context(), ann.keyed("k1"), edit)
	if err != nil || reply.Meta.Seq != 2 || reply.Data != (wire.ChatChanged{Seq: 1, ID: first.ID}) {
		t.Fatalf("%+v, %v", reply, err)
	}
	again, err := ann.h.Edit(t.Context(), ann.keyed("k1"), edit)
	if err != nil || again.Meta.Seq != 2 || w.at() != 2 {
		t.Errorf("repeated: %+v, %v; at %d", again, err, w.at())
	}
	if m := ann.one(wire.ChatHistory{}); m.Text != "hello" || m.EditedAt != w.now.UnixMilli() || m.Meta.Seq != 1 || m.Key != "k0" {
		t.Errorf("edited: %+v", m)
	}
	// A resume has the original events.
	caught, err := w.store.CatchUp(t.Context(), StreamID(channel), stream.Position{})
	if err != nil || len(caught.Records) != 2 || !strings.Contains(string(caught.Records[0].Data), "helo") {
		t.Errorf("caught up %+v, %v", caught, err)
	}
	must[wire.ChatChanged](t)(ann.h.Delete(t.Context(), ann.call, &wire.ChatDelete{ChatTarget: target(1)}))
	reply, err = ann.h.Delete(t.Context(), ann.call, &wire.ChatDelete{ChatTarget: target(1)})
	if err != nil || reply.Meta != nil || w.at() != 3 {
		t.Errorf("deleted twice: %+v, %v, at %d", reply, err, w.at())
	}
	if m := ann.one(wire.ChatHistory{}); !m.Deleted || m.Text != "" || m.ID != first.ID {
		t.Errorf("deleted: %+v", m)
	}
}

func TestHistoryPagesPastOtherEvents(t *testing.T) {
	w := newWorld(t)
	w.policy.HistorySize = 2000
	ann := w.connect("ann")
	var seqs []uint64
	for n := range 300 {
		seqs = append(seqs, ann.mustSend(fmt.Sprint("m", n), "").Seq)
		w.pass(time.Second)
		must[wire.ChatReacted](t)(ann.h.React(t.Context(), ann.call, &wire.ChatReact{ChatTarget: target(seqs[n]), Reaction: "x"}))
	}
	var back []string
	for req := (wire.ChatHistory{Limit: 70}); ; {
		texts, more := ann.history(req)
		back = slices.Concat(texts, back)
		if !more {
			break
		}
		_, _ = fmt.Sscan(texts[0], &req.Before)
	}
	var forth []string
	for req := (wire.ChatHistory{Limit: 70, After: new(uint64(0))}); ; {
		texts, more := ann.history(req)
		forth = append(forth, texts...)
		if !more {
			break
		}
		_, _ = fmt.Sscan(texts[len(texts)-1], req.After)
	}
	if len(back) != 300 || back[0] != "1 m0" || back[299] != fmt.Sprint(seqs[299], " m299") {
		t.Errorf("back: %d messages, from %s to %s", len(back), back[0], back[len(back)-1])
	}
	if d := cmp.Diff(back, forth); d != "" {
		t.Errorf("forth (-back +forth):\n%s", d)
	}
	if m := ann.one(wire.ChatHistory{Before: seqs[5] + 1, Limit: 1}); len(m.Reactions) != 1 {
		t.Errorf("the reaction to an old message: %+v", m)
	}
}

func TestReactionsToAMessageAreBounded(t *testing.T) {
	w := newWorld(t)
	w.policy.HistorySize = 1000
	ann := w.connect("ann")
	seq := ann.mustSend("react!", "").Seq
	for i := range maxReactions + 5 {
		id := fmt.Sprint("u", i)
		w.members[id] = true
		c := w.connect(id)
		_, err := c.h.React(t.Context(), c.call, &wire.ChatReact{ChatTarget: target(seq), Reaction: "x"})
		if i < maxReactions {
			wantRefusal(t, err, nil)
		} else {
			wantRefusal(t, err, &wire.Error{Code: wire.CodeResourceExhausted})
		}
	}
	if m := ann.one(wire.ChatHistory{}); len(m.Reactions[0].UserIDs) != maxReactions {
		t.Errorf("%d reactions", len(m.Reactions[0].UserIDs))
	}
}

// A change reads the message again after a conflict.
func TestAmendRetriesAfterConflict(t *testing.T) {
	w := newWorld(t)
	w.policy.Edit = true
	ann := w.connect("ann")
	seq := ann.mustSend("one", "").Seq
	looks := 0
	_, _, err := w.h.service.amend(t.Context(), ann.call, w.policy, target(seq), func(m Message) (amendment, error) {
		if looks++; looks < 3 {
			ann.mustSend("between", "")
		}
		return amendment{wire.EventChatDeleted, wire.ChatDeleted{Seq: m.Seq}}, nil
	})
	if err != nil || looks != 3 || w.at() != 4 {
		t.Errorf("%d looks, at %d, %v", looks, w.at(), err)
	}
	_, _, err = w.h.service.amend(t.Context(), ann.call, w.policy, target(2), func(m Message) (amendment, error) {
		ann.mustSend("always", "")
		return amendment{wire.EventChatDeleted, wire.ChatDeleted{Seq: m.Seq}}, nil
	})
	if !errors.Is(err, stream.ErrConflict) {
		t.Errorf("endless conflicts: %v, want ErrConflict", err)
	}
}

func TestReadMarksAndUnread(t *testing.T) {
	w := newWorld(t)
	w.policy.Edit = true
	ann, bob := w.connect("ann"), w.connect("bob")
	for n := range 5 {
		ann.mustSend(fmt.Sprint(n), "")
	}
	bob.mustSend("mine", "")
	must[wire.ChatChanged](t)(ann.h.Delete(t.Context(), ann.call, &wire.ChatDelete{ChatTarget: target(5)}))
	joined := must[wire.ChatJoined](t)(bob.join())
	if joined.Unread != 4 || joined.ReadTo != 0 || joined.MoreUnread {
		t.Errorf("joined %+v", joined)
	}
	read := func(c *connection, seq uint64) (uint64, error) {
		reply, err := c.h.Read(t.Context(), c.call, &wire.ChatRead{Channel: channel, Seq: seq})
		if err != nil {
			return 0, err
		}
		return reply.Data.(wire.ChatReadTo).ReadTo, nil
	}
	for _, tc := range [][2]uint64{{3, 3}, {2, 3}, {3, 3}, {7, 7}, {1, 7}} {
		if got, err := read(bob, tc[0]); err != nil || got != tc[1] {
			t.Errorf("read to %d gives %d, %v; want %d", tc[0], got, err, tc[1])
		}
	}
	_, err := read(bob, 8)
	wantRefusal(t, err, invalid("seq"))
	_, err = read(w.connect("eve"), 1)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotMember})
	if got, err := read(ann, 2); err != nil || got != 2 {
		t.Errorf("ann: %d, %v", got, err)
	}
	joined = must[wire.ChatJoined](t)(ann.join())
	if d := cmp.Diff(map[string]uint64{"ann": 2, "bob": 7}, joined.Reads); d != "" || joined.Unread != 1 || joined.ReadTo != 2 {
		t.Errorf("joined %+v (-want +got):\n%s", joined, d)
	}
	if w.at() != 7 {
		t.Errorf("read marks are in the log: at %d", w.at())
	}
	w.policy.HistorySize = 1000
	for range firstChunk + 1 {
		w.connect("ann").mustSend("more", "") // by the policy of now
	}
	page := must[wire.ChatPage](t)(bob.h.History(t.Context(), bob.call, &wire.ChatHistory{Channel: channel}))
	if page.Unread != firstChunk || !page.MoreUnread {
		t.Errorf("many unread: %+v", page.ChatUnread)
	}
	w.store.Flush()
	if joined := must[wire.ChatJoined](t)(bob.join()); joined.ReadTo != 0 || joined.Reads != nil {
		t.Errorf("after a loss: %+v", joined)
	}
}

// listen subscribes to the channel, as another pod does.
func (w *world) listen() *streamtest.Client {
	hub := streamtest.StartHub(w.T, w.store, w.store.Bus())
	now, _ := w.store.Memory.Load(context.Background(), StreamID(channel))
	return streamtest.Follow(w.T, hub, StreamID(channel), now.Position)
}

func TestTypingIsPushedAndThrottled(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.connect("ann"), w.connect("bob")
	typing := func(c *connection, is bool) error {
		_, err := c.h.Typing(t.Context(), c.call, &wire.ChatTyping{Channel: channel, Typing: &is})
		return err
	}
	wantRefusal(t, typing(ann, true), &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotMember})
	for _, c := range []*connection{ann, bob} {
		if _, err := c.join(); err != nil {
			t.Fatal(err)
		}
	}
	follower := w.listen()
	steps := []struct {
		c    *connection
		is   bool
		wait time.Duration
	}{
		{ann, false, 0},              // was not typing: no news
		{ann, true, 0},               // 1
		{ann, true, time.Second},     // too soon
		{bob, true, 0},               // 2: another's
		{ann, true, time.Second},     // 3: still
		{ann, false, 0},              // 4: at once
		{ann, false, 0},              // known
		{ann, true, 0},               // too soon after
		{ann, true, 2 * time.Second}, // 5
	}
	for _, s := range steps {
		w.pass(s.wait)
		if err := typing(s.c, s.is); err != nil {
			t.Fatal(err)
		}
	}
	streamtest.Eventually(t, "five casts", func() bool { return len(follower.Casts()) >= 5 })
	var got []string
	for _, r := range follower.Casts() {
		p, _ := decodePayload[wire.ChatTypist](r)
		got = append(got, fmt.Sprint(p.UserID, p.Typing))
	}
	if d := cmp.Diff([]string{"anntrue", "bobtrue", "anntrue", "annfalse", "anntrue"}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if w.at() != 0 {
		t.Error("typing is in the log, want no event")
	}
	typists := newTypingThrottle()
	for i := range maxTypists + 1 {
		typists.shouldPush(fmt.Sprint(i), channel, true, w.now)
	}
	if !typists.shouldPush("0", channel, true, w.now) {
		t.Error("the oldest typist is known beyond the bound, want it evicted")
	}
	if typists.shouldPush(fmt.Sprint(maxTypists), channel, true, w.now) {
		t.Error("the newest typist is unknown, want it known")
	}
	if typists.shouldPush(fmt.Sprint(maxTypists/2), channel, true, w.now) {
		t.Error("a typist was evicted with the oldest, want it known")
	}
}

func TestMute(t *testing.T) {
	w := newWorld(t)
	w.policy.Edit, w.moderator = true, "ann"
	ann, bob := w.connect("ann"), w.connect("bob")
	sent := bob.mustSend("before", "k")
	mute := func(c *connection, user string) error {
		_, err := c.h.Mute(t.Context(), c.call, &wire.ChatMute{Channel: channel, UserID: user, ForMs: 60_000})
		return err
	}
	wantRefusal(t, mute(bob, "ann"), denied())
	wantRefusal(t, mute(ann, "ann"), invalid("userId"))
	wantRefusal(t, mute(ann, "stranger"), invalid("userId"))
	if w.at() != 1 {
		t.Fatalf("refusals moved the stream to %d", w.at())
	}
	muted := must[wire.ChatMuted](t)(ann.h.Mute(t.Context(), ann.keyed("m"), &wire.ChatMute{Channel: channel, UserID: "bob", ForMs: 60_000}))
	if !muted.Muted || muted.Until != w.now.Add(time.Minute).UnixMilli() {
		t.Errorf("muted %+v", muted)
	}
	refusal := &wire.Error{Code: wire.CodeMuted, RetryAfterMs: 60_000}
	_, err := bob.send("hey", "")
	wantRefusal(t, err, refusal)
	_, err = bob.h.Edit(t.Context(), bob.call, &wire.ChatEdit{ChatTarget: target(1), Text: "hey"})
	wantRefusal(t, err, refusal)
	_, err = bob.h.React(t.Context(), bob.call, &wire.ChatReact{ChatTarget: target(1), Reaction: "x"})
	wantRefusal(t, err, refusal)
	if again := bob.mustSend("before", "k"); again != sent {
		t.Errorf("repeat of an earlier message: %+v, want its answer", again)
	}
	ann.mustSend("others may", "")
	w.pass(time.Minute)
	bob.mustSend("time frees", "")
	if err := mute(ann, "bob"); err != nil {
		t.Fatal(err)
	}
	if un := must[wire.ChatMuted](t)(ann.h.Unmute(t.Context(), ann.call, &wire.ChatUnmute{Channel: channel, UserID: "bob"})); un.Muted || un.Until != 0 {
		t.Errorf("freed %+v", un)
	}
	bob.mustSend("so does the host", "")
}

func TestActionsHaveABudget(t *testing.T) {
	w := newWorld(t)
	w.policy.RateMessages, w.policy.RatePer = 1, time.Hour // slow mode does not keep from reacting
	ann := w.connect("ann")
	seq := ann.mustSend("x", "").Seq
	toggle := func(n int) error {
		_, err := ann.h.React(t.Context(), ann.call, &wire.ChatReact{ChatTarget: target(seq), Reaction: "x", Remove: n%2 == 1})
		return err
	}
	for n := range actionsPerPeriod {
		if err := toggle(n); err != nil {
			t.Fatal(err)
		}
	}
	wantRefusal(t, toggle(0), &wire.Error{Code: wire.CodeRateLimited, Retryable: true, RetryAfterMs: 500})
	w.pass(time.Second)
	if err := toggle(0); err != nil {
		t.Error(err)
	}
}

func TestMentionsAndDirectMessagesSendNotices(t *testing.T) {
	w := newWorld(t)
	ann := w.connect("ann")
	mention := func(key string, ids ...string) error {
		_, err := ann.h.Send(t.Context(), ann.keyed(key), &wire.ChatSend{
			Channel: channel, Text: strings.Repeat("ä", 99), Mentions: ids, Key: wire.Key{Key: key},
		})
		return err
	}
	wantRefusal(t, mention("", "bob", "eve"), invalid("mentions[1]"))
	if w.at() != 0 {
		t.Fatal("a refused message was sent")
	}
	for range 2 { // a repeated request tells nobody twice
		if err := mention("k", "bob", "ann", "bob"); err != nil {
			t.Fatal(err)
		}
	}
	notices := w.records(userstream.StreamID("bob"))
	if len(notices) != 1 || len(w.records(userstream.StreamID("ann"))) != 0 {
		t.Fatalf("bob got %d notices", len(notices))
	}
	n, _ := decodePayload[wire.ChatNotice](notices[0])
	m := ann.one(wire.ChatHistory{})
	want := wire.ChatNotice{Cause: "mention", Channel: channel, Seq: 1, ID: m.ID, UserID: "ann", Name: "Name ann", Text: strings.Repeat("ä", 99)}
	if d := cmp.Diff(want, n); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"bob", "ann"}, m.Mentions); d != "" {
		t.Errorf("mentions (-want +got):\n%s", d)
	}
	w.policy.Peer = "bob"
	ann.mustSend("psst", "")
	if notices := w.records(userstream.StreamID("bob")); len(notices) != 2 || !strings.Contains(string(notices[1].Data), `"cause":"direct"`) {
		t.Errorf("of a direct message: %v", notices)
	}
	w.policy.Peer, w.policy.UnknownMembers = "", true
	if err := mention("", "anybody"); err != nil {
		t.Errorf("in an open channel: %v", err)
	}
	if len(w.records(userstream.StreamID("anybody"))) != 0 {
		t.Error("a stranger got a notice, want none")
	}
	if got := excerpt(strings.Repeat("ä", 200)); got != strings.Repeat("ä", maxExcerpt) {
		t.Errorf("excerpt of %d bytes", len(got))
	}
}

// The server died between the commit of a message and its notices. The sender's repeat sends
// the notices.
func TestRepeatSendsNoticesAfterACrash(t *testing.T) {
	w := newWorld(t)
	ann := w.connect("ann")
	m, err := w.h.service.compose(t.Context(), ann.keyed("k"), w.policy, &wire.ChatSend{Channel: channel, Text: "hi", Mentions: []string{"bob"}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.h.service.commit(t.Context(), ann.keyed("k"), w.policy,
		stream.Commit{Once: w.h.service.once(ann.keyed("k"), m.ID)}, channel, amendment{wire.EventChatMessage, m})
	if err != nil {
		t.Fatal(err)
	}
	sent := must[wire.ChatSent](t)(ann.h.Send(t.Context(), ann.keyed("k"), &wire.ChatSend{Channel: channel, Text: "hi", Mentions: []string{"bob"}}))
	notices := w.records(userstream.StreamID("bob"))
	if sent.ID != m.ID || w.at() != 1 || len(notices) != 1 || !strings.Contains(string(notices[0].Data), m.ID) {
		t.Errorf("sent %+v, at %d, notices %v", sent, w.at(), notices)
	}
}

func TestFiltersRunInOrder(t *testing.T) {
	w := newWorld(t)
	w.policy.Edit = true
	w.policy.Filters = []Filter{text.NewWordList([]string{"darn"}, true, text.NoLookalikes), text.NewWordList([]string{"worse"}, false, text.NoLookalikes)}
	ann := w.connect("ann")
	seq := ann.mustSend("darn it", "").Seq
	if m := ann.one(wire.ChatHistory{}); m.Text != "**** it" {
		t.Errorf("sent %q", m.Text)
	}
	_, err := ann.send("worse", "")
	wantRefusal(t, err, invalid("text"))
	_, err = ann.h.Edit(t.Context(), ann.call, &wire.ChatEdit{ChatTarget: target(seq), Text: "Worse"})
	wantRefusal(t, err, invalid("text"))
	if w.at() != 1 {
		t.Errorf("refusals moved the stream to %d", w.at())
	}
	must[wire.ChatChanged](t)(ann.h.Edit(t.Context(), ann.call, &wire.ChatEdit{ChatTarget: target(seq), Text: "Darn!"}))
	if m := ann.one(wire.ChatHistory{}); m.Text != "****!" {
		t.Errorf("edited to %q", m.Text)
	}
}

// Requests of strangers, and requests for missing messages, are refused and change nothing.
func TestRefusalsOfAmendments(t *testing.T) {
	w := newWorld(t)
	w.policy.Edit, w.moderator = true, "ann"
	ann, bob, eve := w.connect("ann"), w.connect("bob"), w.connect("eve")
	seq := ann.mustSend("x", "").Seq
	must[wire.ChatReacted](t)(ann.h.React(t.Context(), ann.call, &wire.ChatReact{ChatTarget: target(seq), Reaction: "x"}))
	stranger := &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotMember}
	requests := map[string]func(c *connection, t wire.ChatTarget) error{
		"edit": func(c *connection, t wire.ChatTarget) error {
			_, err := c.h.Edit(c.Context(), c.call, &wire.ChatEdit{ChatTarget: t, Text: "y"})
			return err
		},
		"delete": func(c *connection, t wire.ChatTarget) error {
			_, err := c.h.Delete(c.Context(), c.call, &wire.ChatDelete{ChatTarget: t})
			return err
		},
		"react": func(c *connection, t wire.ChatTarget) error {
			_, err := c.h.React(c.Context(), c.call, &wire.ChatReact{ChatTarget: t, Reaction: "y"})
			return err
		},
	}
	for name, ask := range requests {
		t.Run(name, func(t *testing.T) {
			wantRefusal(t, ask(eve, target(seq)), stranger)
			wantRefusal(t, ask(ann, target(99)), notFound())
			wantRefusal(t, ask(ann, target(2)), notFound()) // a reaction
			wantRefusal(t, ask(ann, wire.ChatTarget{Channel: channel, Seq: seq, ID: "other"}), notFound())
			wantRefusal(t, ask(ann, wire.ChatTarget{Channel: "lobby:none", Seq: seq}), notFound())
			if name != "react" {
				wantRefusal(t, ask(bob, target(seq)), denied())
			}
			if w.at() != 2 {
				t.Errorf("the stream is at %d", w.at())
			}
		})
	}
	w.policy.HistorySize = 3
	for range 12 {
		ann.mustSend("push", "")
	}
	wantRefusal(t, requests["edit"](ann, target(seq)), notFound())
	mute := wire.ChatMute{Channel: "lobby:none", UserID: "bob"}
	_, err := ann.h.Mute(t.Context(), ann.call, &mute)
	wantRefusal(t, err, notFound())
	_, err = eve.h.Unmute(t.Context(), eve.call, &wire.ChatUnmute{Channel: channel, UserID: "bob"})
	wantRefusal(t, err, stranger)
}

func TestNewRevisionInvalidatesCachedPolicies(t *testing.T) {
	w := newWorld(t)
	revision := "1"
	w.h.service.Revision = func() string { return revision }
	ann := w.connect("ann")
	if _, err := ann.join(); err != nil {
		t.Fatal(err)
	}
	ann.mustSend("hello", "")
	w.policy.MaxLength = 2
	ann.mustSend("still", "")
	revision = "2"
	_, err := ann.send("hello", "")
	wantRefusal(t, err, invalid("text"))
}
