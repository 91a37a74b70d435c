package serverapi

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// told returns the payloads of an event on a user's stream, in order.
func (s *stand) told(user, event string) []json.RawMessage {
	s.t.Helper()
	page, err := s.client.Store().Page(s.t.Context(), stream.ID("user:"+user), stream.PageQuery{Limit: 100})
	if err != nil {
		s.t.Fatal(err)
	}
	var all []json.RawMessage
	for _, r := range page.Records {
		if r.Name == event {
			all = append(all, r.Data)
		}
	}
	return all
}

// notifications returns the notifications that were pushed to a user.
func (s *stand) notifications(user string) []wire.NotifyNew {
	s.t.Helper()
	var all []wire.NotifyNew
	for _, data := range s.told(user, wire.EventNotifyNew) {
		var n wire.NotifyNew
		if err := json.Unmarshal(data, &n); err != nil {
			s.t.Fatal(err)
		}
		all = append(all, n)
	}
	return all
}

func TestAKeptEventIsANotification(t *testing.T) {
	s := newStand(t)
	s.online("ada")
	body := event(object{
		"target": object{"users": []string{"ada", "bob"}}, "persistent": true, "ttlMs": 60000, "collapseKey": "score",
	})
	var first, again, second Emitted
	s.post("/v1/events", body, &first, "Idempotency-Key", "k1")
	s.post("/v1/events", body, &again, "Idempotency-Key", "k1")
	if len(first.Notifications) != 2 || first.OnlineRecipients != 1 || first.Stream != "" || !slices.Equal(first.Notifications, again.Notifications) {
		t.Fatalf("emitted %+v, and again %+v", first, again)
	}
	for i, user := range []string{"ada", "bob"} {
		got := s.notifications(user)
		if len(got) != 1 || got[0].Notification.ID != first.Notifications[i] || got[0].Notification.Type != "game:tick" ||
			string(got[0].Notification.Data) != `{"n":1}` {
			t.Errorf("%s was told %+v", user, got)
		}
	}
	s.post("/v1/events", body, &second)
	if got := s.notifications("ada"); len(got) != 2 || got[1].Replaces != first.Notifications[0] {
		t.Errorf("the second one: %+v", got)
	}
}

func TestATopicReachesThoseWhoSubscribed(t *testing.T) {
	s := newStand(t)
	if _, err := s.server.Inboxes.Subscribe(t.Context(), "ada", nil, []string{"news"}); err != nil {
		t.Fatal(err)
	}
	for _, send := range []func(*[]string){
		func(ids *[]string) {
			var out Emitted
			s.post("/v1/events", to(object{"topic": "news"}), &out)
			*ids = out.Notifications
		},
		func(ids *[]string) {
			var out Notified
			s.post("/v1/notifications", object{"topic": "news", "type": "game:tick"}, &out)
			*ids = out.IDs
		},
	} {
		var ids []string
		send(&ids)
		if len(ids) != 1 {
			t.Fatalf("the ids are %q", ids)
		}
		if _, err := s.server.Inboxes.OnDeliveryDeadline(t.Context(), stream.ID("notify-fan:"+ids[0])); err != nil {
			t.Fatal(err)
		}
		got := s.notifications("ada")
		if len(got) == 0 || got[len(got)-1].Notification.ID != ids[0] || got[len(got)-1].Notification.Topic != "news" {
			t.Errorf("ada was told %+v", got)
		}
	}
	if got := s.notifications("bob"); len(got) != 0 {
		t.Errorf("bob was told %+v", got)
	}
}

func TestNotificationsAndABatch(t *testing.T) {
	s := newStand(t)
	s.online("bob")
	var out Notified
	s.post("/v1/notifications", object{
		"userIds": []string{"ada", "bob"}, "type": "gift", "title": "A gift", "body": "For you", "data": []int{1},
	}, &out)
	if len(out.IDs) != 2 || out.OnlineRecipients != 1 {
		t.Errorf("answered %+v", out)
	}
	got := s.notifications("ada")
	if len(got) != 1 || got[0].Notification.Title != "A gift" || got[0].Notification.Body != "For you" || string(got[0].Notification.Data) != "[1]" {
		t.Errorf("ada was told %+v", got)
	}
	var batch BatchResponse
	s.post("/v1/events:batch", object{"events": []any{
		event(object{"persistent": true}), event(object{"persistent": true, "target": object{"room": "red"}}), event(nil),
	}}, &batch, "Idempotency-Key", "b")
	r := batch.Results
	if len(r) != 3 || !r[0].OK || len(r[0].Data.Notifications) != 1 || r[1].OK || r[1].Error.Field != "persistent" || !r[2].OK || r[2].Data.Stream != "user:ada" {
		t.Errorf("the batch is answered %+v", r)
	}
}

func TestPresenceIsAsOthersSeeIt(t *testing.T) {
	s := newStand(t)
	c := request.Caller{User: request.User{ID: "ada"}, SessionID: "s1"}
	if err := s.server.Presence.SessionOpened(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	var out PresenceAnswer
	s.post("/v1/presence:query", object{"userIds": []string{"bob", "ada"}}, &out)
	if len(out.Presences) != 2 || out.Presences[0].Status != wire.PresenceOffline || out.Presences[1].UserID != "ada" || out.Presences[1].Status != wire.PresenceOnline {
		t.Errorf("answered %+v", out)
	}
}

func TestTicketsOfABackEnd(t *testing.T) {
	s := newStand(t)
	c := request.Caller{User: request.User{ID: "ada"}, SessionID: "s1"}
	if err := s.server.Presence.SessionOpened(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	body := object{"userId": "ada", "queue": "duel", "attributes": object{"skill": 1500}}
	var first, again TicketResponse
	s.post("/v1/tickets", body, &first, "Idempotency-Key", "t")
	s.post("/v1/tickets", body, &again, "Idempotency-Key", "t")
	if first.Ticket.ID == "" || first.Ticket.ID != again.Ticket.ID || first.Ticket.State != wire.TicketSearching {
		t.Fatalf("tickets %+v and %+v", first, again)
	}
	if code, refusal := s.refused(http.MethodPost, "/v1/tickets", body); code != http.StatusConflict || refusal.Code != wire.CodeAlreadyQueued {
		t.Errorf("a second ticket: %d %v", code, &refusal)
	}
	var list wire.MMStatusList
	s.post("/v1/tickets:query", object{"userId": "ada"}, &list)
	if len(list.Tickets) != 1 {
		t.Errorf("tickets: %+v", list)
	}
	s.post("/v1/tickets:cancel", object{"userId": "ada", "ticketId": first.Ticket.ID}, nil)
	list = wire.MMStatusList{}
	if s.post("/v1/tickets:query", object{"userId": "ada"}, &list); len(list.Tickets) != 0 {
		t.Errorf("tickets after the cancellation: %+v", list)
	}
}

func TestLobbiesAreMadeAndListed(t *testing.T) {
	s := newStand(t)
	body := object{"type": "duel", "name": "Final", "teams": [][]string{{"ada"}, {"bob"}}}
	var first, again LobbyResponse
	s.post("/v1/lobbies", body, &first, "Idempotency-Key", "l")
	s.post("/v1/lobbies", body, &again, "Idempotency-Key", "l")
	if first.Lobby.ID == "" || first.Lobby.ID != again.Lobby.ID || first.Lobby.HostID != "ada" || len(first.Lobby.Members) != 2 || first.Lobby.Name != "Final" {
		t.Fatalf("lobbies %+v and %+v", first, again)
	}
	other := s.lobby("cid")
	page := func(after string, limit int) (ids []string, next string) {
		var out LobbyList
		s.post("/v1/lobbies:query", object{"type": "duel", "after": after, "limit": limit}, &out)
		for _, l := range out.Lobbies {
			ids = append(ids, l.ID)
		}
		return ids, out.Next
	}
	want := []string{first.Lobby.ID, other}
	slices.Sort(want)
	if all, next := page("", 10); !slices.Equal(all, want) || next != "" {
		t.Errorf("all are %q, next %q", all, next)
	}
	one, next := page("", 1)
	two, _ := page(next, 1)
	if !slices.Equal(append(one, two...), want) {
		t.Errorf("pages of one are %q and %q", one, two)
	}
	s.post("/v1/lobbies/"+other+":close", object{}, nil)
	if all, _ := page("", 10); !slices.Equal(all, []string{first.Lobby.ID}) {
		t.Errorf("after a close all are %q", all)
	}
}
