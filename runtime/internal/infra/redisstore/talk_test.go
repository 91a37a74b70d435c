package redisstore_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/domain/chat"
	"github.com/anteroom/anteroom/runtime/internal/domain/party"
	"github.com/anteroom/anteroom/runtime/internal/infra/redisstore"
	"github.com/anteroom/anteroom/runtime/wire"
	"github.com/anteroom/anteroom/test/redistest"
)

// talk is chat and parties on two pods with a real Redis. A party's channel is for its
// members, and direct:ann:bob for ann and bob; the party's leader moderates.
type talk struct {
	*testing.T
	server *redistest.Server
	prefix string
	stores [2]*redisstore.Client
	// services are the party services behind the handlers.
	services [2]*party.Service
	parties  [2]*party.Handlers
	chats    [2]*chat.Handlers
	policy   chat.Policy

	mu    sync.Mutex
	ahead time.Duration
}

func newTalk(t *testing.T) *talk {
	w := &talk{
		T: t, server: redistest.Start(t), prefix: fmt.Sprintf("t%d:", prefixes.Add(1)),
		policy: chat.Policy{Enabled: true, Edit: true, MaxLength: 100, HistorySize: 200, HistoryTTL: time.Hour},
	}
	o := standalone(w.server)
	o.Prefix = w.prefix
	for i := range w.stores {
		c := open(t, o)
		w.stores[i] = c
		p := party.NewService(party.Ports{Store: c.Store(), Names: c.Names(), Sets: c.Sets(), Deadlines: c.Deadlines()},
			party.Settings{HistorySize: 1000, HistoryTTL: 10 * time.Minute, IdempotencyTTL: 5 * time.Minute, Now: w.now})
		w.services[i], w.parties[i] = p, party.NewHandlers(p)
		w.chats[i] = chat.NewHandlers(chat.NewService(c.Store(), access{w, p},
			chat.Settings{HistorySize: 100, HistoryTTL: 10 * time.Minute, IdempotencyTTL: 5 * time.Minute, Deadlines: c.Deadlines()}))
	}
	return w
}

// now returns the parties' clock: the wall clock, which a test can advance.
func (w *talk) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.ahead)
}

func (w *talk) later(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ahead += d
}

type access struct {
	*talk
	parties *party.Service
}

func (a access) Channel(ctx context.Context, caller request.Caller, name string) (chat.Policy, error) {
	p := a.policy
	if name == "direct:ann:bob" {
		p.Peer = map[string]string{"ann": "bob", "bob": "ann"}[caller.ID]
		return p, nil
	}
	in, err := a.parties.Member(ctx, strings.TrimPrefix(name, "party:"), caller.ID)
	p.Moderator = in.LeaderID == caller.ID
	return p, err
}

// talker is a user's connection to a pod, with its subscriptions.
type talker struct {
	*talk
	pod     int
	user    string
	follows map[stream.ID]stream.Position
}

func (w *talk) connect(user string, pod int) *talker {
	return &talker{talk: w, pod: pod, user: user, follows: map[stream.ID]stream.Position{}}
}

func (c *talker) Follow(id stream.ID, from stream.Position) error { c.follows[id] = from; return nil }
func (c *talker) Unfollow(id stream.ID)                           { delete(c.follows, id) }
func (c *talker) Follows(id stream.ID) bool                       { _, is := c.follows[id]; return is }

func (c *talker) call(key string) request.Call {
	call := caller(c.user)
	call.Streams, call.Key = c, key
	return call
}

func granted[T any](t testing.TB) func(request.Reply, error) T {
	return func(r request.Reply, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		data, _ := r.Data.(T)
		return data
	}
}

// refused checks that an error is a refusal with a code.
func refused(t testing.TB, err error, code wire.Code) {
	t.Helper()
	if wire.CodeOf(err) != code {
		t.Errorf("refused with %v, want %s", err, code)
	}
}

func (c *talker) send(channel, text, key string, mentions ...string) (wire.ChatSent, error) {
	r, err := c.chats[c.pod].Send(c.Context(), c.call(key), &wire.ChatSend{Channel: channel, Text: text, Mentions: mentions, Key: wire.Key{Key: key}})
	sent, _ := r.Data.(wire.ChatSent)
	return sent, err
}

func (c *talker) history(req wire.ChatHistory) (page wire.ChatPage, texts []string) {
	c.Helper()
	page = granted[wire.ChatPage](c)(c.chats[c.pod].History(c.Context(), c.call(""), &req))
	for _, raw := range page.Messages {
		m := as[wire.ChatMessage](c, raw)
		text := fmt.Sprint(m.Meta.Seq, " ", m.Text)
		for _, r := range m.Reactions {
			text += fmt.Sprint(" ", r.Reaction, r.UserIDs)
		}
		if m.Deleted {
			text += "(deleted)"
		}
		texts = append(texts, text)
	}
	return page, texts
}

// heard returns the events of a stream, each with one member of its payload.
func (w *talk) heard(id stream.ID, member string) (all []string) {
	w.Helper()
	caught, err := w.stores[1].Store().CatchUp(w.Context(), id, stream.Position{})
	if err != nil || !caught.Recovered {
		w.Fatalf("%+v, %v", caught, err)
	}
	for _, r := range caught.Records {
		payload := as[map[string]any](w, r.Data)
		all = append(all, strings.TrimSpace(fmt.Sprint(r.Name, " ", payload[member])))
	}
	return all
}

// tick processes the parties' due deadlines on a pod.
func (w *talk) tick(pod int) {
	w.Helper()
	for id := range w.streams() {
		if _, err := w.services[pod].OnDeadline(w.Context(), id); err != nil {
			w.Fatal(err)
		}
	}
}

// streams returns the streams of all parties.
func (w *talk) streams() map[stream.ID]bool {
	all := map[stream.ID]bool{}
	for _, key := range strings.Fields(w.server.MustDo("KEYS", w.prefix+"{party:*}:h")) {
		all[stream.ID(strings.TrimSuffix(strings.TrimPrefix(key, w.prefix+"{"), "}:h"))] = true
	}
	return all
}

func TestPartiesInRedis(t *testing.T) {
	w := newTalk(t)
	ann, bob, cid := w.connect("ann", 0), w.connect("bob", 1), w.connect("cid", 1)
	state := granted[wire.PartyState](t)
	p := state(w.parties[0].Create(t.Context(), ann.call("c"), &wire.PartyCreate{MaxMembers: 3})).Party
	if again := state(w.parties[1].Create(t.Context(), ann.call("c"), &wire.PartyCreate{MaxMembers: 3})).Party; again.ID != p.ID {
		t.Errorf("the same key created %s and %s", p.ID, again.ID)
	}
	state(w.parties[1].Join(t.Context(), bob.call("j"), &wire.PartyJoin{Code: p.Code, Attributes: wire.Attributes{"skill": 7.0}}))
	_, err := w.parties[0].Create(t.Context(), bob.call(""), &wire.PartyCreate{})
	refused(t, err, wire.CodeAlreadyMember)

	invite := granted[wire.PartyInviteSent](t)(w.parties[1].Invite(t.Context(), bob.call(""), &wire.PartyInvite{PartyID: p.ID, UserID: "cid"}))
	if d := cmp.Diff([]string{"party:invited " + invite.InviteID}, w.heard("user:cid", "inviteId")); d != "" {
		t.Errorf("pushes to cid (-want +got):\n%s", d)
	}
	state(w.parties[0].RespondInvite(t.Context(), cid.call("r"), &wire.PartyRespondInvite{InviteID: invite.InviteID, Accept: true}))
	_, err = w.parties[0].Join(t.Context(), w.connect("dan", 0).call(""), &wire.PartyJoin{Code: p.Code})
	refused(t, err, wire.CodeFailedPrecondition)

	changed := granted[wire.PartyVersion](t)
	changed(w.parties[1].SetMember(t.Context(), cid.call("s"), &wire.PartySetMember{PartyID: p.ID, Attributes: wire.Attributes{"role": "tank"}}))
	changed(w.parties[0].Promote(t.Context(), ann.call("p"), &wire.PartyPromote{PartyID: p.ID, UserID: "bob"}))
	changed(w.parties[0].Kick(t.Context(), bob.call("k"), &wire.PartyKick{PartyID: p.ID, UserID: "cid", Reason: "bye"}))
	if told := w.heard("user:cid", "reason"); told[len(told)-1] != "party:removed kicked" {
		t.Errorf("pushes to cid: %v", told)
	}
	now := state(w.parties[1].Get(t.Context(), ann.call(""), &wire.PartyGet{})).Party
	if now.LeaderID != "bob" || !slices.Equal(slices.Sorted(maps.Keys(now.Members)), []string{"ann", "bob"}) || now.Members["bob"].Attributes["skill"] != 7.0 {
		t.Errorf("the party is %+v", now)
	}

	// The leader's server dies. After the grace period the other server removes the leader,
	// and the remaining member becomes leader.
	if err := w.services[1].SessionClosed(t.Context(), bob.call("").Caller, nil); err != nil {
		t.Fatal(err)
	}
	w.later(3 * time.Minute)
	w.tick(0)
	now = state(w.parties[1].Get(t.Context(), ann.call(""), &wire.PartyGet{})).Party
	if now.LeaderID != "ann" || len(now.Members) != 1 {
		t.Errorf("after the grace period the party is %+v", now)
	}
	if got := w.heard(party.StreamID(p.ID), "to"); len(got) != int(now.Version) {
		t.Errorf("version %d after the events %v", now.Version, got)
	}
	if _, err := w.parties[0].Leave(t.Context(), ann.call("l"), &wire.PartyLeave{PartyID: p.ID}); err != nil {
		t.Fatal(err)
	}
	w.later(6 * time.Second)
	w.tick(1)
	state(w.parties[0].Create(t.Context(), bob.call(""), &wire.PartyCreate{})) // bob is in no party anymore
	_, err = w.parties[1].Join(t.Context(), cid.call(""), &wire.PartyJoin{Code: p.Code})
	refused(t, err, wire.CodeCodeExpired)
}

func TestChatInRedis(t *testing.T) {
	w := newTalk(t)
	ann, bob, cid := w.connect("ann", 0), w.connect("bob", 1), w.connect("cid", 0)
	p := granted[wire.PartyState](t)(w.parties[0].Create(t.Context(), ann.call(""), &wire.PartyCreate{})).Party
	channel := "party:" + p.ID
	for _, c := range []*talker{bob, cid} {
		granted[wire.PartyState](t)(w.parties[c.pod].Join(t.Context(), c.call(""), &wire.PartyJoin{Code: p.Code}))
	}
	for _, c := range []*talker{ann, bob} {
		granted[wire.ChatJoined](t)(w.chats[c.pod].Join(t.Context(), c.call(""), &wire.ChatJoin{Channel: channel}))
	}
	must := func(c *talker, text, key string, mentions ...string) wire.ChatSent {
		t.Helper()
		sent, err := c.send(channel, text, key, mentions...)
		if err != nil {
			t.Fatal(err)
		}
		return sent
	}
	first := must(ann, "one", "k1", "cid")
	if again := must(w.connect("ann", 1), "one", "k1", "cid"); again != first {
		t.Errorf("same key on the other pod: %+v, want %+v", again, first)
	}
	for i, text := range []string{"two", "three", "four"} {
		must([]*talker{bob, ann, bob}[i], text, "")
	}
	if d := cmp.Diff([]string{"chat:notice mention"}, w.heard("user:cid", "cause")); d != "" {
		t.Errorf("pushes to cid (-want +got):\n%s", d)
	}

	changed := granted[wire.ChatChanged](t)
	changed(w.chats[1].Edit(t.Context(), ann.call("e"), &wire.ChatEdit{ChatTarget: wire.ChatTarget{Channel: channel, Seq: 1}, Text: "uno"}))
	changed(w.chats[0].Delete(t.Context(), ann.call("d"), &wire.ChatDelete{ChatTarget: wire.ChatTarget{Channel: channel, Seq: 2}}))
	granted[wire.ChatReacted](t)(w.chats[1].React(t.Context(), cid.call(""), &wire.ChatReact{ChatTarget: wire.ChatTarget{Channel: channel, Seq: 3}, Reaction: "+1"}))
	_, err := w.chats[1].Edit(t.Context(), bob.call(""), &wire.ChatEdit{ChatTarget: wire.ChatTarget{Channel: channel, Seq: 1}, Text: "mine"})
	refused(t, err, wire.CodePermissionDenied)

	page, texts := bob.history(wire.ChatHistory{Channel: channel, Limit: 2})
	if d := cmp.Diff([]string{"3 three +1[cid]", "4 four"}, texts); d != "" || !page.HasMore || page.Unread != 2 {
		t.Errorf("newest page, %d unread (-want +got):\n%s", page.Unread, d)
	}
	if page, texts = cid.history(wire.ChatHistory{Channel: channel, Before: 3}); page.HasMore || !slices.Equal(texts, []string{"1 uno", "2 (deleted)"}) {
		t.Errorf("page before 3: %v", texts)
	}
	if _, texts = cid.history(wire.ChatHistory{Channel: channel, After: new(uint64(2)), Limit: 1}); !slices.Equal(texts, []string{"3 three +1[cid]"}) {
		t.Errorf("page after 2: %v", texts)
	}
	for pod := range w.chats {
		read := granted[wire.ChatReadTo](t)(w.chats[pod].Read(t.Context(), bob.call(""), &wire.ChatRead{Channel: channel, Seq: uint64(3 - pod)}))
		if read.ReadTo != 3 {
			t.Errorf("read to %d, want 3: a read mark never moves back", read.ReadTo)
		}
	}
	if page, _ = bob.history(wire.ChatHistory{Channel: channel}); page.ReadTo != 3 || page.Unread != 0 {
		t.Errorf("read to %d, %d unread", page.ReadTo, page.Unread)
	}

	granted[wire.ChatMuted](t)(w.chats[0].Mute(t.Context(), ann.call(""), &wire.ChatMute{Channel: channel, UserID: "bob"}))
	_, err = bob.send(channel, "but", "")
	refused(t, err, wire.CodeMuted)
	granted[wire.ChatMuted](t)(w.chats[1].Unmute(t.Context(), ann.call(""), &wire.ChatUnmute{Channel: channel, UserID: "bob"}))
	must(bob, "thanks", "")
	_, err = w.connect("dan", 0).send(channel, "hi", "")
	refused(t, err, wire.CodeNotFound)

	if _, err := ann.send("direct:ann:bob", "psst", "k2"); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"chat:notice direct"}, w.heard("user:bob", "cause")); d != "" {
		t.Errorf("pushes to bob (-want +got):\n%s", d)
	}
	for key, want := range map[string]time.Duration{"l": time.Hour, "h": stream.Lasting} {
		ttl := w.server.MustDo("PTTL", w.prefix+"{chat:"+channel+"}:"+key)
		if left := time.Duration(as[int64](t, json.RawMessage(ttl))) * time.Millisecond; left > want || left < want-time.Minute {
			t.Errorf("TTL of the channel's %s is %v, want %v", key, left, want)
		}
	}
}

// All pods share the message budget of a user.
func TestChatRatesInRedis(t *testing.T) {
	w := newTalk(t)
	w.policy.RateMessages, w.policy.RatePer = 3, time.Hour
	for i := range 4 {
		_, err := w.connect("ann", i%2).send("direct:ann:bob", "hi", "")
		if want := map[bool]wire.Code{true: wire.CodeRateLimited}[i == 3]; wire.CodeOf(err) != want {
			t.Errorf("message %d: %v, want %q", i+1, err, want)
		}
	}
	if got := w.heard("chat:direct:ann:bob", "text"); len(got) != 3 {
		t.Errorf("messages %v, want 3", got)
	}
}
