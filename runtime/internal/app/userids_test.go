package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	realtime "github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/runtime/contract"
	"github.com/anteroom/anteroom/runtime/internal/domain/chat"
	"github.com/anteroom/anteroom/runtime/wire"
)

// oddIDs are ids that tokens of identity providers bring, and what could be read as a part
// of a name that the server makes of an id.
var oddIDs = []string{
	"us-east-1:1b2c3d4e-aaaa-bbbb-cccc-0123456789ab", "steam:76561198000000000", "a:b:c", ":", "%3A", "%25", "100%",
	"auth0|5f7c", "me@example.org", "a/b?c#d", "x:revoke", "lobby:x", "__proto", strings.Repeat(":", 128),
}

// about are the requests that name a user, each as the host of a lobby and leader of a
// party, both of which the odd user is in.
var about = []struct {
	event   string
	payload string // $id is the odd user, $lobby and $party where both are
}{
	{wire.EventChatSend, `{"channel":"lobby:$lobby","text":"hi","mentions":["$id"]}`},
	{wire.EventChatMute, `{"channel":"lobby:$lobby","userId":"$id"}`},
	{wire.EventChatUnmute, `{"channel":"lobby:$lobby","userId":"$id"}`},
	{wire.EventPresenceGet, `{"userIds":["$id"]}`},
	{wire.EventPresenceSubscribe, `{"userIds":["$id"]}`},
	{wire.EventPresenceUnsubscribe, `{"userIds":["$id"]}`},
	{wire.EventLobbySetMember, `{"lobbyId":"$lobby","userId":"$id","team":"2"}`},
	{wire.EventLobbyVoteKick, `{"lobbyId":"$lobby","userId":"$id"}`},
	{wire.EventLobbyKick, `{"lobbyId":"$lobby","userId":"$id"}`},
	{wire.EventLobbyBan, `{"lobbyId":"$lobby","userId":"$id"}`},
	{wire.EventLobbyUnban, `{"lobbyId":"$lobby","userId":"$id"}`},
	{wire.EventLobbyInvite, `{"lobbyId":"$lobby","userId":"$id"}`},
	{wire.EventLobbyRespondJoin, `{"lobbyId":"$lobby","userId":"$id","accept":true}`},
	{wire.EventPartyPromote, `{"partyId":"$party","userId":"$id"}`},
	{wire.EventPartyKick, `{"partyId":"$party","userId":"$id"}`},
	{wire.EventPartyUnban, `{"partyId":"$party","userId":"$id"}`},
	{wire.EventPartyInvite, `{"partyId":"$party","userId":"$id"}`},
	{wire.EventPartyBan, `{"partyId":"$party","userId":"$id"}`},
	{wire.EventLobbyTransferHost, `{"lobbyId":"$lobby","userId":"$id"}`},
}

// before is what the odd user does before a request about it.
var before = map[string]func(odd *client, lobby, party, host string){
	wire.EventLobbyRespondJoin: func(odd *client, lobby, _, _ string) {
		odd.must(wire.EventLobbyRequestJoin, map[string]any{"lobbyId": lobby})
	},
	wire.EventLobbyTransferHost: func(odd *client, lobby, _, _ string) {
		odd.must(wire.EventLobbyJoin, map[string]any{"lobbyId": lobby})
	},
	wire.EventPartyKick: func(odd *client, _, party, host string) {
		odd.must(wire.EventPartyPromote, map[string]any{"partyId": party, "userId": host})
	},
}

// TestEveryRequestTakesOddIDs sends each request of the contract that names a user about a
// user with each of the odd ids.
func TestEveryRequestTakesOddIDs(t *testing.T) {
	var listed []string
	for _, row := range about {
		listed = append(listed, row.event)
	}
	slices.Sort(listed)
	if want := naming(t); !slices.Equal(slices.Compact(listed), want) {
		t.Fatalf("tested are %v, and these requests name a user: %v", listed, want)
	}
	c := newCourt(t, func(s *realtime.LobbyPolicySpec) {
		s.Moderation.VoteKick = realtime.VoteKickRules{Enabled: true, Ratio: "1"}
		s.Join.MaxPerUser, s.Join.Requests = 32, true
	})
	for i, id := range oddIDs {
		t.Run(id, func(t *testing.T) {
			hostID := fmt.Sprint("host", i) // the requests of one connection are limited
			host, third, odd := c.on(0, hostID), c.on(0, fmt.Sprint("third", i)), c.on(1, id)
			lobby, party := host.meets(odd, third)
			for _, row := range about {
				if prepare := before[row.event]; prepare != nil {
					prepare(odd, lobby, party, hostID)
				}
				payload := strings.NewReplacer("$id", id, "$lobby", lobby, "$party", party).Replace(row.payload)
				if a := host.ask(row.event, json.RawMessage(payload)); !a.OK {
					t.Errorf("%s %s: %+v", row.event, payload, a.Error)
				}
			}
			talk(t, host, odd, hostID, id)
			c.backends(t, id)
		})
	}
}

// naming are the requests of the contract with a member that names users.
func naming(t *testing.T) (events []string) {
	t.Helper()
	var document struct {
		Defs map[string]struct {
			Ref        string `json:"$ref"`
			Properties map[string]any
		} `json:"$defs"`
	}
	if err := json.Unmarshal(contract.Schema, &document); err != nil {
		t.Fatal(err)
	}
	for name, definition := range document.Defs {
		event, request := strings.CutSuffix(name, ".request")
		of := document.Defs[strings.TrimPrefix(definition.Ref, "#/$defs/")].Properties
		for _, member := range []string{"userId", "userIds", "mentions"} {
			if _, has := of[member]; request && has {
				events = append(events, event)
			}
		}
	}
	slices.Sort(events)
	return events
}

// meets makes a lobby and a party of the host's that others are in.
func (c *client) meets(others ...*client) (lobby, party string) {
	c.t.Helper()
	lobby = c.lobby()
	var made wire.PartyState
	if err := json.Unmarshal(c.must(wire.EventPartyCreate, map[string]any{}), &made); err != nil {
		c.t.Fatal(err)
	}
	for i, other := range others {
		other.must(wire.EventLobbyJoin, map[string]any{"lobbyId": lobby})
		if i == 0 {
			other.must(wire.EventPartyJoin, map[string]any{"code": made.Party.Code})
		}
	}
	return lobby, made.Party.ID
}

// talk has two users talk in their direct channel.
func talk(t *testing.T, host, odd *client, hostID, id string) {
	t.Helper()
	channel := chat.Direct(hostID, id)
	odd.must(wire.EventChatJoin, map[string]any{"channel": channel})
	host.must(wire.EventChatSend, message(channel, "for "+id))
	var m wire.ChatMessage
	for odd.event(wire.EventChatMessage, &m); m.Channel != channel; {
		odd.event(wire.EventChatMessage, &m)
	}
	if m.Text != "for "+id || m.UserID != hostID {
		t.Errorf("heard %+v", m)
	}
	odd.must(wire.EventChatRead, map[string]any{"channel": channel, "seq": m.Meta.Seq})
	odd.must(wire.EventSyncResume, map[string]any{"streams": []any{
		map[string]any{"stream": "chat:" + channel, "epoch": "", "seq": 0}, map[string]any{"stream": "user:" + id, "epoch": "", "seq": 0},
	}})
}

// backends asks the server API about a user.
func (c *court) backends(t *testing.T, id string) {
	t.Helper()
	quoted, err := json.Marshal(id)
	if err != nil {
		t.Fatal(err)
	}
	for path, body := range map[string]string{
		"/v1/rooms/hall:join":                         `{"userIds":[%s]}`,
		"/v1/rooms/hall:leave":                        `{"userIds":[%s]}`,
		"/v1/presence:query":                          `{"userIds":[%s]}`,
		"/v1/notifications":                           `{"userIds":[%s],"type":"gift"}`,
		"/v1/events":                                  `{"target":{"user":%s},"event":"gift","data":{}}`,
		"/v1/tickets:query":                           `{"userId":%s}`,
		"/v1/sessions:disconnect":                     `{"userId":%s,"sessionIds":["none"]}`,
		"/v1/users/" + url.PathEscape(id) + ":revoke": `{"lift":true,"message":%s}`,
	} {
		c.pods[0].backend(path, fmt.Sprintf(body, quoted), http.StatusOK)
	}
}
