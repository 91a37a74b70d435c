package app

import (
	"encoding/json"
	"testing"

	"github.com/anteroom/anteroom/runtime/wire"
)

// inbox is what chat put into a user's inbox: the type and the data of each notification.
func (c *client) inbox() (types []string, all []missedData) {
	c.t.Helper()
	var page wire.NotifyPage
	if err := json.Unmarshal(c.must(wire.EventNotifyList, map[string]any{}), &page); err != nil {
		c.t.Fatal(err)
	}
	for _, n := range page.Notifications {
		var d missedData
		if err := json.Unmarshal(n.Data, &d); err != nil {
			c.t.Fatal(err)
		}
		types, all = append(types, n.Type), append(all, d)
	}
	return types, all
}

// TestAnOfflineUserFindsItsMessages: one notification a channel, with the number of unread
// messages; it goes when its message is deleted, or read. A user who is online gets none.
func TestAnOfflineUserFindsItsMessages(t *testing.T) {
	c := newCourt(t)
	ann, eve := c.on(0, "ann"), c.on(1, "eve")
	channel := "direct:ann:bob"
	var last wire.ChatSent
	for _, m := range []string{"one", "two", "three"} {
		if err := json.Unmarshal(ann.must(wire.EventChatSend, message(channel, m)), &last); err != nil {
			t.Fatal(err)
		}
	}
	eve.must(wire.EventChatSend, message("direct:bob:eve", "hi"))
	ann.must(wire.EventChatSend, message("direct:ann:eve", "you are here"))
	bob := c.on(1, "bob")
	types, got := bob.inbox()
	if len(got) != 2 || types[0] != "chat.direct" || got[0].FromID != "eve" || got[0].Unread != 1 {
		t.Fatalf("the inbox has %v %+v", types, got)
	}
	if m := got[1]; m.FromID != "ann" || m.Unread != 3 || m.Text != "three" || m.Channel != channel || m.ID != last.ID {
		t.Errorf("of three messages the inbox has %+v", m)
	}
	ann.must(wire.EventChatDelete, map[string]any{"channel": channel, "seq": last.Seq})
	if _, got := bob.inbox(); len(got) != 1 || got[0].FromID != "eve" {
		t.Errorf("after a deletion the inbox has %+v", got)
	}
	bob.must(wire.EventChatRead, map[string]any{"channel": "direct:bob:eve", "seq": 1})
	if _, got := bob.inbox(); len(got) != 0 {
		t.Errorf("after reading the inbox has %+v", got)
	}
	if _, got := eve.inbox(); len(got) != 0 {
		t.Errorf("the inbox of a user who is online has %+v", got)
	}
}

// TestAnOfflineMemberFindsItsMentions: the mention goes into the inbox of a member who has
// no connection.
func TestAnOfflineMemberFindsItsMentions(t *testing.T) {
	c := newCourt(t)
	ann, bob := c.on(0, "ann"), c.on(1, "bob")
	id := ann.lobby()
	bob.must(wire.EventLobbyJoin, map[string]any{"lobbyId": id})
	bob.send("41")
	c.pods[0].until("bob is offline", func() bool {
		var found wire.Presences
		if err := json.Unmarshal(ann.must(wire.EventPresenceGet, map[string]any{"userIds": []string{"bob"}}), &found); err != nil {
			t.Fatal(err)
		}
		return found.Presences[0].Status == wire.PresenceOffline
	})
	ann.must(wire.EventChatSend, map[string]any{"channel": "lobby:" + id, "text": "bob!", "mentions": []string{"bob"}})
	if types, got := c.on(0, "bob").inbox(); len(got) != 1 || types[0] != "chat.mention" || got[0].Channel != "lobby:"+id {
		t.Errorf("the inbox has %v %+v", types, got)
	}
}
