package app

import (
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream/streamtest"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby"
	"github.com/anteroom/anteroom/runtime/internal/domain/notify"
	"github.com/anteroom/anteroom/runtime/wire"
)

// TestWhatNotifiesByItself: each occurrence has a single notification in the inbox, however often
// it is reported, with the data that a client needs to act.
func TestWhatNotifiesByItself(t *testing.T) {
	soon := time.Now().Add(time.Minute).UnixMilli()
	invite := wire.PartyInvited{InviteID: "i1", PartyID: "p1", FromID: "ann", FromName: "Ann", ExpiresAt: soon}
	from := func(kind lobby.NoticeKind, more lobby.Notice) func(n notices) error {
		more.Kind, more.ID, more.LobbyID, more.FromID = kind, "o1", "l1", "ann"
		return func(n notices) error { return n.Notify(t.Context(), "bob", more) }
	}
	match := func(n notices) error {
		return n.matched(t.Context(), "m1", []string{"ann", "bob"}, wire.MMMatched{
			MatchID: "m1", Queue: "duel", Handoff: wire.MMHandoff{LobbyID: "l1", Token: "secret"},
		})
	}
	for name, c := range map[string]struct {
		occur func(n notices) error
		want  map[string]string // what there is in the data
	}{
		"lobby.invited":        {from(lobby.NoticeInvited, lobby.Notice{InviteID: "i1", ExpiresAt: soon}), map[string]string{"lobbyId": "l1", "inviteId": "i1", "fromId": "ann"}},
		"lobby.join_requested": {from(lobby.NoticeJoinRequested, lobby.Notice{Message: "let me in"}), map[string]string{"lobbyId": "l1", "fromId": "ann", "message": "let me in"}},
		"lobby.kicked":         {from(lobby.NoticeKicked, lobby.Notice{Message: "rude"}), map[string]string{"lobbyId": "l1", "fromId": "ann", "message": "rude"}},
		"party.invited": {func(n notices) error { n.inviteToParty(t.Context(), "bob", invite); return nil },
			map[string]string{"partyId": "p1", "inviteId": "i1", "fromId": "ann", "fromName": "Ann"}},
		"mm.matched": {match, map[string]string{"matchId": "m1", "queue": "duel", "lobbyId": "l1"}},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNotices(t)
			for range 2 {
				if err := c.occur(n); err != nil {
					t.Fatal(err)
				}
			}
			got := n.list(t, "bob")
			if len(got) != 1 || got[0].Type != name {
				t.Fatalf("in bob's inbox: %+v", got)
			}
			var data map[string]string
			if err := json.Unmarshal(got[0].Data, &data); err != nil {
				t.Fatal(err)
			}
			for key, value := range data {
				if value == "" {
					delete(data, key)
				}
			}
			if d := cmp.Diff(c.want, data); d != "" {
				t.Errorf("its data (-want +got):\n%s", d)
			}
			if got := n.list(t, "ann"); len(got) != 0 { // she is there, and has been told
				t.Errorf("in ann's inbox: %+v", got)
			}
		})
	}
}

// newNotices has an inbox in memory, and ann connected.
func newNotices(t *testing.T) notices {
	memory := streamtest.New()
	online := func(_ context.Context, userID string) (notify.Connections, error) {
		return notify.Connections{Online: userID == "ann"}, nil
	}
	inbox := notify.NewService(
		notify.Ports{Store: memory, Names: memory, Sets: memory, Deadlines: memory.Deadlines(), Connections: online},
		notify.Settings{
			Rules: notify.Rules{MaxPerUser: 10, Retention: time.Hour}, HistorySize: 100, HistoryTTL: time.Hour, IdempotencyTTL: time.Minute,
		})
	return notices{inbox: inbox, away: online, log: slog.New(slog.NewTextHandler(t.Output(), nil))}
}

func (n notices) list(t *testing.T, user string) []wire.Notification {
	t.Helper()
	call := request.Call{Caller: request.Caller{User: request.User{ID: user}}}
	reply, err := notify.NewHandlers(n.inbox).List(t.Context(), call, &wire.NotifyList{})
	if err != nil {
		t.Fatal(err)
	}
	return reply.Data.(wire.NotifyPage).Notifications
}
