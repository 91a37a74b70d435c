package chat

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/wire"
)

// pair opens direct channels and "lobby:mine" for the tests of lists.
type pair struct{ *world }

func (p pair) Channel(_ context.Context, c request.Caller, name string) (Policy, error) {
	if name == "lobby:mine" {
		return p.policy, nil
	}
	first, second, ok := DirectUsers(strings.TrimPrefix(name, "direct:"))
	if !ok || c.ID != first && c.ID != second {
		return Policy{}, channelNotFound()
	}
	policy := p.policy
	if policy.Peer = first; first == c.ID {
		policy.Peer = second
	}
	return policy, nil
}

func pairs(t *testing.T) *world {
	w := newWorld(t)
	w.h.service.access = pair{w}
	w.policy.RateMessages = 0
	w.h.service.MemberChannels = func(context.Context, request.Caller) ([]string, error) { return []string{"lobby:mine"}, nil }
	return w
}

func (c *connection) tell(other, text string) wire.ChatSent {
	c.Helper()
	reply, err := c.h.Send(c.Context(), c.call, &wire.ChatSend{Channel: Direct(c.call.ID, other), Text: text})
	if err != nil {
		c.Fatal(err)
	}
	return reply.Data.(wire.ChatSent)
}

func (c *connection) channels(req wire.ChatChannels) wire.ChatChannelPage {
	c.Helper()
	return must[wire.ChatChannelPage](c.T)(c.h.Channels(c.Context(), c.call, &req))
}

func TestChannelsListUnreadMessages(t *testing.T) {
	w := pairs(t)
	ann, bob, cid := w.connect("ann"), w.connect("bob"), w.connect("cid")
	bob.tell("ann", "one")
	bob.tell("ann", "two")
	w.pass(2 * time.Minute)
	last := cid.tell("ann", "three")
	must[wire.ChatReadTo](t)(ann.h.Read(t.Context(), ann.call, &wire.ChatRead{Channel: Direct("ann", "bob"), Seq: 1}))
	page := ann.channels(wire.ChatChannels{})
	var got []string
	for _, c := range page.Channels {
		got = append(got, fmt.Sprint(c.Channel, " ", c.Peer, " ", c.Unread, " ", c.ReadTo))
	}
	want := []string{"lobby:mine  0 0", "direct:ann:cid cid 1 0", "direct:ann:bob bob 1 1"}
	if !slices.Equal(got, want) || page.Cursor != "" {
		t.Errorf("got %q, want %q; cursor %q", got, want, page.Cursor)
	}
	if l := page.Channels[1].Last; l == nil || l.Seq != last.Seq || l.ID != last.ID || l.Text != "three" || l.TS != last.TS || l.UserID != "cid" {
		t.Errorf("the newest message: %+v", l)
	}
	if own := bob.channels(wire.ChatChannels{}); len(own.Channels) != 2 || own.Channels[1].Unread != 0 {
		t.Errorf("the sender sees %+v", own)
	}
}

func TestChannelsArePaged(t *testing.T) {
	w := pairs(t)
	ann := w.connect("ann")
	for i := range 45 {
		ann.tell(fmt.Sprint("peer", i), "hi")
		w.pass(time.Second)
	}
	var all []string
	for req := (wire.ChatChannels{}); ; {
		page := ann.channels(req)
		for _, c := range page.Channels {
			all = append(all, c.Peer)
		}
		if req.Cursor = page.Cursor; page.Cursor == "" {
			break
		}
		if len(page.Channels) != 20 {
			t.Fatalf("a page has %d channels, want at most the limit", len(page.Channels))
		}
	}
	if len(all) != 46 || all[1] != "peer44" || all[45] != "peer0" {
		t.Errorf("%d channels: %v", len(all), all)
	}
	for _, cursor := range []string{"x", "true", "true x y", "maybe 1 y"} {
		if _, err := ann.h.Channels(t.Context(), ann.call, &wire.ChatChannels{Cursor: cursor}); wire.CodeOf(err) != wire.CodeInvalidArgument {
			t.Errorf("cursor %q: %v", cursor, err)
		}
	}
}

// A full direct list first evicts the channels in which the user never wrote.
func TestStrangersDoNotEvictFriendsFromDirectList(t *testing.T) {
	list, now := directList{}, time.Unix(1_700_000_000, 0)
	list, _ = list.add("direct:ann:friend", true, now, time.Hour)
	for i := range maxDirectEntries + 20 {
		now = now.Add(time.Second)
		list, _ = list.add(fmt.Sprint("direct:ann:stranger", i), false, now, time.Hour)
	}
	friend := slices.ContainsFunc(list.List, func(k directEntry) bool { return k.Channel == "direct:ann:friend" })
	if len(list.List) != maxDirectEntries || !friend || list.List[0].Channel != fmt.Sprint("direct:ann:stranger", maxDirectEntries+19) {
		t.Errorf("%d channels, the friend is in: %v, first %+v", len(list.List), friend, list.List[0])
	}
}

// Within a minute, further messages of a direct channel write no list.
func TestMessagesWithinAMinuteWriteNoList(t *testing.T) {
	w := pairs(t)
	ann := w.connect("ann")
	for range 5 {
		ann.tell("bob", "hi")
	}
	for _, user := range []string{"ann", "bob"} {
		if now, err := w.store.Load(t.Context(), w.h.service.directLists.ID(user)); err != nil || now.Seq != 1 {
			t.Errorf("the list of %s was written %d times, %v; want once", user, now.Seq, err)
		}
	}
	n := newRecentlyListed()
	for i := range maxRecentlyListed + 1 {
		n.put(channelUser{fmt.Sprint(i), channel}, true, w.now)
	}
	if n.contains(channelUser{"0", channel}, true, w.now) {
		t.Error("the oldest entry is known beyond the bound, want it evicted")
	}
	if !n.contains(channelUser{"1", channel}, true, w.now) {
		t.Error("the second entry was evicted with the oldest, want it known")
	}
}

// A user with the notice of a message gets one event of its deletion.
func TestDeletedMessageWithdrawsItsNotice(t *testing.T) {
	w := newWorld(t)
	w.policy.Edit = true
	ann := w.connect("ann")
	reply, err := ann.h.Send(t.Context(), ann.call, &wire.ChatSend{Channel: channel, Text: "hi @bob", Mentions: []string{"bob", "ann"}})
	if err != nil {
		t.Fatal(err)
	}
	sent := reply.Data.(wire.ChatSent)
	for range 2 {
		must[wire.ChatChanged](t)(ann.h.Delete(t.Context(), ann.keyed("k"), &wire.ChatDelete{ChatTarget: target(sent.Seq)}))
	}
	pushed := w.records("user:bob")
	if len(pushed) != 2 || pushed[0].Name != wire.EventChatNotice || pushed[1].Name != wire.EventChatNoticeRemoved {
		t.Fatalf("pushed %+v, want one removal", pushed)
	}
	if p, _ := decodePayload[wire.ChatNoticeRemoved](pushed[1]); p != (wire.ChatNoticeRemoved{Channel: channel, Seq: sent.Seq, ID: sent.ID}) {
		t.Errorf("pushed %+v, want one removal", p)
	}
	if own := w.records("user:ann"); len(own) != 0 {
		t.Errorf("pushed to the sender: %+v, want nothing", own)
	}
}
