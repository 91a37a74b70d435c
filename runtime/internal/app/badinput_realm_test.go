package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/golang-jwt/jwt/v5"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	realtime "github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/runtime/wire"
)

// realm is a server with a lobby, a party and what else a request can be about, and
// with users who stand in every relation to them:
//
//   - ann is the host of $lobby and the leader of $party, has written $seq and has the
//     notification $note; $starting, $playing, $closed, $full, $hidden, $locked and
//     $strict are hers too;
//   - bob is in $lobby and $party, has written $bobs and deleted $gone;
//   - cid is asked into both by $invite and $partyInvite, and dan wants to be let in;
//   - fay is banned from $lobby, and gus is in it and muted;
//   - kit leads $pair, whose other member is lea;
//   - tom and kim queue: $ticket and $proposal;
//   - pam and pat were matched into $match, whose host is pam;
//   - tia and tim have accepted $accepted, whose place is still being made;
//   - val is the host of $other, where lea is and where $singleInvite asks ann in, as ann is
//     that of $single; and leads $vals, where $valInvite asks bob in;
//   - vic has declined a match, and ann did not let vic in;
//   - eve has nothing to do with any of it.
type realm struct {
	*running
	redis  *miniredis.Miniredis
	secret []byte
	users  map[string]*client
	names  map[string]string // "$lobby" → its id
}

// newRealm starts a server of its own, so that nothing else happens on it.
func newRealm(t *testing.T) *realm {
	t.Helper()
	r := &realm{
		redis: miniredis.RunT(t), secret: []byte(strings.Repeat("s", 32)),
		users: map[string]*client{}, names: map[string]string{"$channel": "lobby:$lobby"},
	}
	config := testConfig(r.redis.Addr())
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, r.secret, 0o600); err != nil {
		t.Fatal(err)
	}
	config.Engine.PingInterval = seconds(3600) // who is not asked for anything does not read either
	config.Auth.Mode = v1alpha1.AuthJWT
	config.Auth.Providers = []v1alpha1.AuthProvider{{
		Name: "test", Algorithms: []string{"HS256"}, SharedSecretFile: secret,
		Claims: v1alpha1.AuthClaims{User: "sub", Name: "name", Scopes: "scope"},
	}}
	r.running = start(t, config, realmPolicies(hanging(t)))
	r.until("ready", func() bool { code, _ := r.get(r.admin + "/readyz"); return code == http.StatusOK })
	for _, name := range []string{"ann", "bob", "cid", "dan", "eve", "fay", "gus", "kim", "kit", "lea", "pam", "pat", "tia", "tim", "tom", "val", "vic"} {
		r.names["$token."+name] = r.token(name)
		r.users[name] = connectWebSocket(t, r.client, r.token(name))
	}
	r.lobbies()
	r.chats()
	r.parties()
	r.queues()
	r.quiet()
	return r
}

// hanging is the address of a service that answers nobody until the test is over.
func hanging(t *testing.T) string {
	t.Helper()
	over := make(chan struct{})
	service := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-over }))
	t.Cleanup(service.Close)
	t.Cleanup(func() { close(over) })
	return service.URL
}

func (r *realm) token(user string) string {
	r.t.Helper()
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": user, "name": user, "exp": time.Now().Add(time.Hour).Unix(),
	}).SignedString(r.secret)
	if err != nil {
		r.t.Fatal(err)
	}
	return token
}

// realmPolicies are "casual", where most is allowed and the countdown is long,
// "swift" without one, "sided", where every player needs a team, "single", where a user is in one lobby at once, and "strict", where
// nothing is allowed; and the queues "duel",
// where matches are found, "alone", where they are not, "open", where nobody is asked
// and matches are filled, and "served", whose matches a service is to make.
// The filters of each policy refuse the word forbidden in every text.
func realmPolicies(service string) *v1alpha1.PolicySet {
	d, set := realtime.NewDuration, testPolicies()
	set.Limits.PerConnection.EventsPerSecond, set.Limits.PerConnection.Burst = 10_000, 10_000
	policy := func(name string, change func(*realtime.LobbyPolicySpec)) {
		spec := testPolicy(name)
		spec.Size.Min, spec.Join.MaxPerUser, spec.Join.Requests = 1, 16, true
		spec.Lifecycle.DisconnectGrace = d(time.Hour) // nobody who was matched is timed out on a slow machine
		spec.Moderation.VoteKick = realtime.VoteKickRules{Enabled: true, Ratio: "1"}
		spec.Chat.Edit, spec.Moderation.BanTTL = ptr(true), ptr(d(time.Hour))
		spec.Search = realtime.SearchRules{Enabled: ptr(true), MaxResults: 50}
		spec.Chat.Filters = []realtime.ChatFilter{{Type: realtime.FilterWordList, Words: []string{forbidden}, AppliesTo: []realtime.FilterScope{
			realtime.FilterMessages, realtime.FilterMessageData, realtime.FilterNames, realtime.FilterAttributes, realtime.FilterReasons, realtime.FilterReactions,
		}}}
		change(&spec)
		set.Lobbies = append(set.Lobbies, v1alpha1.LobbyPolicy{Name: name, Spec: spec})
	}
	policy("casual", func(s *realtime.LobbyPolicySpec) {
		s.Ready.Countdown, s.Teams.CompleteAtStart = d(time.Hour), ptr(false)
	})
	policy("swift", func(s *realtime.LobbyPolicySpec) {
		s.Ready.Countdown, s.Join.LateJoin = d(0), false
	})
	policy("sided", func(*realtime.LobbyPolicySpec) {})
	policy("single", func(s *realtime.LobbyPolicySpec) { s.Join.MaxPerUser = 1 })
	policy("strict", func(s *realtime.LobbyPolicySpec) {
		s.Size.Min, s.Size.Spectators, s.Ready.Required, s.Teams = 2, 1, true, nil
		s.Join = realtime.JoinRules{Code: realtime.JoinCode{Enabled: ptr(false)}, MaxPerUser: 1}
		s.Visibility.Allowed = []realtime.Visibility{realtime.VisibilityPublic}
		s.Moderation = realtime.ModerationRules{Kick: ptr(false)}
		s.Chat.Enabled, s.Search.Enabled = ptr(false), ptr(false)
	})
	team := func(name string, players int32) realtime.MatchTeam {
		return realtime.MatchTeam{Name: name, Min: players, Max: players}
	}
	for name, size := range map[string]int32{"duel": 1, "alone": 5, "open": 1, "served": 1} {
		handoff := realtime.HandoffSpec{Type: realtime.HandoffLobby, LobbyPolicyRef: &realtime.LocalReference{Name: "casual"}, Timeout: d(15 * time.Second)}
		if name == "served" {
			handoff = realtime.HandoffSpec{Type: realtime.HandoffWebhook, URL: service, Timeout: d(time.Hour)}
		}
		set.Queues = append(set.Queues, v1alpha1.MatchmakingQueue{Name: name, Spec: realtime.MatchmakingQueueSpec{
			ClusterRef: realtime.ClusterReference{Name: "eu"}, Teams: []realtime.MatchTeam{team("red", size), team("blue", size)},
			Party:      realtime.PartyRules{Max: ptr(int32(1))},
			Attributes: []realtime.TicketAttribute{{Name: "skill", Type: realtime.TicketNumber, Source: realtime.SourceTicket, Default: ptr("5")}},
			Backfill:   realtime.BackfillSpec{Enabled: name == "open"},
			Limits:     realtime.QueueLimits{TicketsPerUser: 1, MaxTickets: 100},
			Timing: realtime.MatchTiming{
				Interval: d(100 * time.Millisecond), TicketTTL: d(time.Hour), PreferFullFor: d(time.Second),
			},
			ReadyCheck: realtime.ReadyCheckSpec{Enabled: name != "open", Timeout: d(time.Hour), DeclineCooldown: d(time.Minute)},
			Handoff:    handoff,
		}})
	}
	set.Revision = set.ComputeRevision()
	return set
}

// named puts the names of the realm in place of "$lobby" and the like.
func (r *realm) named(text string) string {
	for range 2 { // $channel names $lobby
		for _, name := range slices.Backward(slices.SortedFunc(maps.Keys(r.names), func(a, b string) int { return len(a) - len(b) })) {
			text = strings.ReplaceAll(text, name, r.names[name])
		}
	}
	return text
}

// do asks what has to be granted, and gives a member of the answer.
func (r *realm) do(user, event, payload string, path ...string) string {
	r.t.Helper()
	a := r.users[user].insist(event, json.RawMessage(r.named(payload)))
	if !a.OK {
		r.t.Fatalf("%s %s by %s: %+v", event, r.named(payload), user, a.Error)
	}
	if len(path) == 0 {
		return ""
	}
	var at any
	if err := json.Unmarshal(a.Data, &at); err != nil {
		r.t.Fatal(err)
	}
	for _, member := range path {
		at = at.(map[string]any)[member]
	}
	return fmt.Sprint(at)
}

func (r *realm) lobbies() {
	r.t.Helper()
	create := func(name, payload string) {
		r.names[name] = r.do("ann", wire.EventLobbyCreate, payload, "lobby", "id")
	}
	create("$lobby", `{"type":"casual","name":"Den"}`)
	create("$starting", `{"type":"casual"}`)
	create("$playing", `{"type":"swift","member":{"team":"1"}}`)
	r.names["$sided"] = r.do("fay", wire.EventLobbyCreate, `{"type":"sided"}`, "lobby", "id")
	create("$closed", `{"type":"casual"}`)
	create("$full", `{"type":"casual","maxMembers":1}`)
	create("$hidden", `{"type":"casual","visibility":"private"}`)
	create("$locked", `{"type":"casual"}`)
	create("$strict", `{"type":"strict"}`)
	r.names["$code"] = r.do("ann", wire.EventLobbyGet, `{"lobbyId":"$lobby"}`, "lobby", "code")
	r.do("ann", wire.EventLobbyStart, `{"lobbyId":"$starting"}`)
	r.do("ann", wire.EventLobbyStart, `{"lobbyId":"$playing"}`)
	r.do("ann", wire.EventLobbyClose, `{"lobbyId":"$closed"}`)
	r.do("ann", wire.EventLobbyUpdate, `{"lobbyId":"$locked","set":{"locked":true}}`)
	r.do("bob", wire.EventLobbyJoin, `{"lobbyId":"$lobby"}`)
	r.do("bob", wire.EventLobbyJoin, `{"lobbyId":"$starting"}`)
	r.do("gus", wire.EventLobbyJoin, `{"lobbyId":"$lobby","as":"spectator"}`)
	r.do("gus", wire.EventLobbyJoin, `{"lobbyId":"$strict","as":"spectator"}`)
	r.do("ann", wire.EventLobbyBan, `{"lobbyId":"$lobby","userId":"fay"}`)
	r.names["$invite"] = r.do("ann", wire.EventLobbyInvite, `{"lobbyId":"$lobby","userId":"cid"}`, "inviteId")
	for _, user := range []string{"vic", "dan"} {
		r.do(user, wire.EventLobbyRequestJoin, `{"lobbyId":"$lobby"}`)
	}
	r.do("ann", wire.EventLobbyRespondJoin, `{"lobbyId":"$lobby","userId":"vic","accept":false}`)
	create("$single", `{"type":"single"}`)
	r.names["$other"] = r.do("val", wire.EventLobbyCreate, `{"type":"single","name":"other"}`, "lobby", "id")
	r.names["$singleInvite"] = r.do("val", wire.EventLobbyInvite, `{"lobbyId":"$other","userId":"ann"}`, "inviteId")
	r.do("lea", wire.EventLobbyJoin, `{"lobbyId":"$other"}`)
}

func (r *realm) chats() {
	r.t.Helper()
	for _, user := range []string{"ann", "bob", "gus"} {
		r.do(user, wire.EventChatJoin, `{"channel":"$channel"}`)
	}
	r.names["$seq"] = r.do("ann", wire.EventChatSend, `{"channel":"$channel","text":"hi"}`, "seq")
	r.names["$bobs"] = r.do("bob", wire.EventChatSend, `{"channel":"$channel","text":"ho"}`, "seq")
	r.names["$gone"] = r.do("bob", wire.EventChatSend, `{"channel":"$channel","text":"hum"}`, "seq")
	r.do("bob", wire.EventChatDelete, `{"channel":"$channel","seq":$gone}`)
	r.do("ann", wire.EventChatMute, `{"channel":"$channel","userId":"gus"}`)
}

func (r *realm) parties() {
	r.t.Helper()
	r.names["$party"] = r.do("ann", wire.EventPartyCreate, `{}`, "party", "id")
	r.names["$partyCode"] = r.do("ann", wire.EventPartyGet, `{}`, "party", "code")
	r.do("bob", wire.EventPartyJoin, `{"code":"$partyCode"}`)
	r.names["$partyInvite"] = r.do("ann", wire.EventPartyInvite, `{"partyId":"$party","userId":"cid"}`, "inviteId")
	r.do("ann", wire.EventPartyBan, `{"partyId":"$party","userId":"pat"}`)
	r.names["$pair"] = r.do("kit", wire.EventPartyCreate, `{"maxMembers":2}`, "party", "id")
	r.names["$pairCode"] = r.do("kit", wire.EventPartyGet, `{}`, "party", "code")
	r.do("lea", wire.EventPartyJoin, `{"code":"$pairCode"}`)
	r.names["$vals"] = r.do("val", wire.EventPartyCreate, `{}`, "party", "id")
	r.names["$valsCode"] = r.do("val", wire.EventPartyGet, `{}`, "party", "code")
	r.do("val", wire.EventPartyUpdate, `{"partyId":"$vals","set":{"joinable":false}}`)
	r.names["$valInvite"] = r.do("val", wire.EventPartyInvite, `{"partyId":"$vals","userId":"bob"}`, "inviteId")
}

func (r *realm) queues() {
	r.t.Helper()
	r.names["$ticket"] = r.do("tom", wire.EventMMEnqueue, `{"queue":"alone"}`, "ticket", "id")
	left := r.proposed("duel", "val", "vic")
	r.do("vic", wire.EventMMDecline, `{"proposalId":"`+left.ProposalID+`"}`)
	r.do("val", wire.EventMMCancel, `{"ticketId":"`+left.TicketID+`"}`)
	r.names["$proposal"] = r.proposed("duel", "tom", "kim").ProposalID
	r.names["$accepted"] = r.proposed("served", "tia", "tim").ProposalID
	for _, user := range []string{"tia", "tim"} {
		r.do(user, wire.EventMMAccept, `{"proposalId":"$accepted"}`)
	}
	for _, user := range []string{"pam", "pat"} {
		r.do(user, wire.EventMMEnqueue, `{"queue":"open"}`)
	}
	var matched wire.MMMatched
	r.users["pam"].event(wire.EventMMMatched, &matched)
	r.names["$match"] = matched.Handoff.LobbyID
	r.do("pat", wire.EventLobbyGet, `{"lobbyId":"$match"}`) // who does not come in time loses its place
	host := r.do("pam", wire.EventLobbyGet, `{"lobbyId":"$match"}`, "lobby", "hostId")
	if host != "pam" {
		r.do(host, wire.EventLobbyTransferHost, `{"lobbyId":"$match","userId":"pam"}`)
	}
	var page wire.NotifyPage
	r.until("told of who wants to be let in", func() bool {
		a := r.users["ann"].ask(wire.EventNotifyList, wire.NotifyList{})
		return json.Unmarshal(a.Data, &page) == nil && len(page.Notifications) > 0
	})
	r.names["$note"] = page.Notifications[0].ID
}

// proposed queues users who are matched, and gives what the first is asked.
func (r *realm) proposed(queue string, users ...string) (p wire.MMProposal) {
	r.t.Helper()
	for _, user := range users {
		r.do(user, wire.EventMMEnqueue, `{"queue":"`+queue+`"}`)
	}
	r.users[users[0]].event(wire.EventMMProposal, &p)
	return p
}

// kept are the keys of the domains' state: streams with their documents, names, sets and books.
// Other keys serve the server itself: leases, deadlines, saved answers, budgets.
var kept = regexp.MustCompile(`^rt:(n:|s:|v:|\{[^}]*\}:([hl]$|[bot]:))`)

// passing are keys that change without a request: lists of pending changes, and counts of queues.
// The log has everything that users receive; a badge is pushed again after a while. Wrong
// passwords and codes are counted on purpose.
var passing = regexp.MustCompile(`^rt:(\{budget:|\{lobbies:|\{book:.*:t:stats|\{user:[^}]*\}:[ho])`)

const badge = " notify:badge "

// state is all that the domains know.
func (r *realm) state() map[string]string {
	state, db := map[string]string{}, r.redis.DB(0)
	for _, key := range db.Keys() {
		if kept.MatchString(key) && !passing.MatchString(key) {
			state[key] = strings.Join(valuesOf(r.t, db, key), "\n")
		}
	}
	return state
}

// valuesOf returns all values of a key, in a stable order. A key that was deleted in the meantime
// has none.
func valuesOf(t *testing.T, db *miniredis.RedisDB, key string) (values []string) {
	t.Helper()
	var err error
	switch db.Type(key) {
	case "":
		return nil
	case "string":
		var value string
		value, err = db.Get(key)
		values = []string{value}
	case "hash":
		fields, _ := db.HKeys(key) // sorted
		for _, field := range fields {
			values = append(values, field+" "+db.HGet(key, field))
		}
	case "list":
		values, err = db.List(key) // the database's own
		values = slices.DeleteFunc(slices.Clone(values), func(value string) bool { return strings.Contains(value, badge) })
	case "set":
		values, err = db.Members(key) // sorted
	case "zset":
		var scores map[string]float64
		scores, err = db.SortedSet(key)
		for member, score := range scores {
			values = append(values, fmt.Sprint(member, " ", score))
		}
		slices.Sort(values)
	default:
		err = fmt.Errorf("%s is a %s", key, db.Type(key))
	}
	if err != nil && !errors.Is(err, miniredis.ErrKeyNotFound) {
		t.Fatal(err)
	}
	return values
}

// quiet waits until the state stops changing: follow-up work of a request, such as a presence or
// a notification, must not count as a change of the next request.
func (r *realm) quiet() map[string]string {
	r.t.Helper()
	state, same := r.state(), 0
	r.until("quiet", func() bool {
		now := r.state()
		if maps.Equal(state, now) {
			same++
		} else {
			state, same = now, 0
		}
		return same == 5
	})
	return state
}

// changed tells what is different in two states, line by line.
func changed(before, after map[string]string) string {
	var out []string
	for _, key := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(slices.Collect(maps.Keys(before)), slices.Collect(maps.Keys(after)))))) {
		was, is := strings.Split(before[key], "\n"), strings.Split(after[key], "\n")
		for _, line := range was {
			if !slices.Contains(is, line) {
				out = append(out, key+" had "+line)
			}
		}
		for _, line := range is {
			if !slices.Contains(was, line) {
				out = append(out, key+" has "+line)
			}
		}
	}
	return strings.Join(out, "\n")
}

// forbidden is a word that the filters of the realm refuse.
const forbidden = "darn"
