package app

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/golang-jwt/jwt/v5"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	realtime "github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/runtime/internal/domain/room"
	"github.com/anteroom/anteroom/runtime/internal/edge/session"
	"github.com/anteroom/anteroom/runtime/wire"
)

// court is two servers over one Redis whose users bring tokens with scopes.
type court struct {
	*testing.T
	pods     []*running
	secret   []byte
	policies *v1alpha1.PolicySet
}

func newCourt(t *testing.T, changes ...func(*realtime.LobbyPolicySpec)) *court {
	t.Helper()
	c := &court{T: t, secret: []byte(strings.Repeat("s", 32)), policies: testPolicies("casual")}
	c.policies.Lobbies[0].Spec.Search = realtime.SearchRules{Enabled: ptr(true)}
	for _, change := range changes {
		change(&c.policies.Lobbies[0].Spec)
	}
	c.policies.Revision = c.policies.ComputeRevision()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, c.secret, 0o600); err != nil {
		t.Fatal(err)
	}
	redis := miniredis.RunT(t).Addr()
	for range 2 {
		config := testConfig(redis)
		config.Engine.PingInterval = seconds(3600) // who is not asked for anything does not read either
		withAPI(t)(config)
		config.Notifications.Chat = v1alpha1.ChatNotifications{Direct: true, Mentions: true}
		config.Auth.Mode = v1alpha1.AuthJWT
		config.Auth.Providers = []v1alpha1.AuthProvider{{
			Name: "test", Algorithms: []string{"HS256"}, SharedSecretFile: secret,
			Claims: v1alpha1.AuthClaims{User: "sub", Name: "name", Scopes: "scope"},
		}}
		r := start(t, config, c.policies)
		r.until("ready", func() bool { code, _ := r.get(r.admin + "/readyz"); return code == http.StatusOK })
		c.pods = append(c.pods, r)
	}
	return c
}

func (c *court) token(user string, scopes ...string) string {
	c.Helper()
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": user, "name": user, "exp": time.Now().Add(time.Hour).Unix(), "scope": strings.Join(scopes, " "),
	}).SignedString(c.secret)
	if err != nil {
		c.Fatal(err)
	}
	return token
}

// on connects a user to one of the servers.
func (c *court) on(pod int, user string, scopes ...string) *client {
	c.Helper()
	return connectWebSocket(c.T, c.pods[pod].client, c.token(user, scopes...))
}

func (c *court) edit(change func(*realtime.LobbyPolicySpec)) {
	c.Helper()
	change(&c.policies.Lobbies[0].Spec)
	c.policies.Revision = c.policies.ComputeRevision()
	for _, r := range c.pods {
		writeYAML(c.T, r.files.Policies, c.policies)
	}
}

// must asks for something that has to succeed.
func (c *client) must(event string, payload any) json.RawMessage {
	c.t.Helper()
	a := c.ask(event, payload)
	if !a.OK {
		c.t.Fatalf("%s %v: %+v", event, payload, a.Error)
	}
	return a.Data
}

// code asks for something and gives the code of its refusal, "" for none.
func (c *client) code(event string, payload any) string {
	c.t.Helper()
	return c.ask(event, payload).Error.Code
}

func (c *client) lobby() string {
	c.t.Helper()
	var made wire.LobbyState
	if err := json.Unmarshal(c.must(wire.EventLobbyCreate, map[string]any{"type": "casual"}), &made); err != nil {
		c.t.Fatal(err)
	}
	return made.Lobby.ID
}

// lost waits for the news that a stream is lost.
func (c *client) lost(stream string) {
	c.t.Helper()
	var lost wire.SyncLost
	if c.event(wire.EventSyncLost, &lost); !slices.Equal(lost.Streams, []string{stream}) {
		c.t.Errorf("lost %v, want %s", lost.Streams, stream)
	}
}

// hears reports whether a message of a channel is pushed before the answer to a ping.
func (c *client) hears(text string) bool {
	c.t.Helper()
	c.must(wire.EventSyncPing, map[string]any{})
	return slices.ContainsFunc(c.packets, func(p string) bool {
		return strings.HasPrefix(p, `42["`+wire.EventChatMessage) && strings.Contains(p, text)
	})
}

func message(channel, text string) map[string]any {
	return map[string]any{"channel": channel, "text": text}
}

// subscriptions are the kinds of streams that clients can follow, and for each a test in
// which a right to it is lost.
var subscriptions = map[string]struct {
	// why says what allows the subscription.
	why  string
	lose func(c *court)
}{
	"chat": {"scopes, membership and policy", func(c *court) { topics(c); chatOff(c) }},
	"lobbies": {"policy", func(c *court) {
		ann := c.on(0, "ann")
		ann.must(wire.EventLobbyWatch, map[string]any{"type": "casual"})
		c.edit(func(s *realtime.LobbyPolicySpec) { s.Search.Enabled = ptr(false) })
		ann.lost("lobbies:casual")
	}},
	"lobby":     {"membership, which a control ends", nil},
	"party":     {"membership, which a control ends", nil},
	"room":      {"membership, which a control ends", nil},
	"broadcast": {"every session", nil},
}

// TestRightsReachEverySubscription takes a right away for each kind of stream that has one
// beyond membership: what was subscribed by it ends, on every server.
func TestRightsReachEverySubscription(t *testing.T) {
	a := &App{settings: &Settings{config: testConfig("")}}
	kinds := slices.Collect(maps.Keys(a.domains(&core{}, nil).snapshotters))
	kinds = append(kinds, room.Kind, session.BroadcastStream.Kind())
	slices.Sort(kinds)
	if want := slices.Sorted(maps.Keys(subscriptions)); !slices.Equal(kinds, want) {
		t.Fatalf("clients can follow streams of the kinds %v, and tested are %v", kinds, want)
	}
	for _, kind := range kinds {
		if lose := subscriptions[kind].lose; lose != nil {
			t.Run(kind, func(t *testing.T) { lose(newCourt(t)) })
		}
	}
}

// topics has a session refresh without the scope of its topic. The user's other session,
// on another server, keeps what its own token allows.
func topics(c *court) {
	const news = "topic:news"
	ann, other, bob := c.on(0, "ann", scopeTopic+"news"), c.on(1, "ann", scopeTopic+"news"), c.on(1, "bob", scopeTopic+"*")
	for _, user := range []*client{ann, other, bob} {
		user.must(wire.EventChatJoin, map[string]any{"channel": news})
	}
	ann.must(wire.EventChatSend, message(news, "first"))
	ann.must(wire.EventSessionRefresh, map[string]any{"token": c.token("ann")})
	if code := ann.code(wire.EventChatSend, message(news, "second")); code != string(wire.CodePermissionDenied) {
		c.Errorf("chat:send without the scope: %q", code)
	}
	ann.lost("chat:" + news)
	bob.must(wire.EventChatSend, message(news, "third"))
	c.pods[1].until("the other session hears", func() bool { return other.hears("third") })
	if ann.hears("third") {
		c.Error("a session without the scope hears the topic")
	}
	for _, event := range []string{wire.EventChatJoin, wire.EventChatHistory, wire.EventChatTyping} {
		if code := ann.code(event, map[string]any{"channel": news}); code == "" {
			c.Errorf("%s without the scope succeeds", event)
		}
	}
}

// chatOff has the policy of a lobby's type switch chat off, which reaches the members on
// every server.
func chatOff(c *court) {
	ann, bob := c.on(0, "ann"), c.on(1, "bob")
	id := ann.lobby()
	bob.must(wire.EventLobbyJoin, map[string]any{"lobbyId": id})
	channel := "lobby:" + id
	for _, user := range []*client{ann, bob} {
		user.must(wire.EventChatJoin, map[string]any{"channel": channel})
		user.must(wire.EventChatSend, message(channel, "hi"))
	}
	c.edit(func(s *realtime.LobbyPolicySpec) { s.Chat.Enabled = ptr(false) })
	for _, user := range []*client{ann, bob} {
		user.lost("chat:" + channel)
		if code := user.code(wire.EventChatSend, message(channel, "ho")); code != string(wire.CodePermissionDenied) {
			c.Errorf("chat:send after the policy forbids it: %q", code)
		}
	}
}

// TestASessionNeverModeratesByTheRightOfAnother: two sessions of one user, one of which may
// moderate, share a server and a channel.
func TestASessionNeverModeratesByTheRightOfAnother(t *testing.T) {
	c := newCourt(t)
	ann, bob := c.on(0, "ann", scopeModerate), c.on(0, "bob")
	plain := c.on(0, "ann")
	id := bob.lobby()
	channel := "lobby:" + id
	ann.must(wire.EventLobbyJoin, map[string]any{"lobbyId": id})
	for _, user := range []*client{ann, plain, bob} {
		user.must(wire.EventChatJoin, map[string]any{"channel": channel})
	}
	bob.must(wire.EventChatSend, message(channel, "hi"))
	bob.must(wire.EventChatSend, message(channel, "ho"))
	acts := map[string]map[string]any{
		wire.EventChatDelete: {"channel": channel, "seq": 1},
		wire.EventChatMute:   {"channel": channel, "userId": "bob"},
		wire.EventChatUnmute: {"channel": channel, "userId": "bob"},
	}
	refused := func(user *client, who string) {
		t.Helper()
		for event, payload := range acts {
			if code := user.code(event, payload); code != string(wire.CodePermissionDenied) {
				t.Errorf("%s of %s: %q", event, who, code)
			}
		}
	}
	ann.must(wire.EventChatSend, message(channel, "a moderator"))
	refused(plain, "a session without the scope")
	for event, payload := range acts {
		ann.must(event, payload)
	}
	// The right goes with the scope, and with the seat of the host.
	acts[wire.EventChatDelete]["seq"] = 2
	ann.must(wire.EventSessionRefresh, map[string]any{"token": c.token("ann")})
	refused(ann, "a session that lost the scope")
	acts[wire.EventChatMute]["userId"], acts[wire.EventChatUnmute]["userId"] = "ann", "ann"
	acts[wire.EventChatDelete]["seq"] = 3
	bob.must(wire.EventLobbyTransferHost, map[string]any{"lobbyId": id, "userId": "ann"})
	refused(bob, "a host of before")
}

// TestARevocationReachesEverySession: the sessions of a revoked user end on every server,
// and carry out nothing after that.
func TestARevocationReachesEverySession(t *testing.T) {
	c := newCourt(t)
	sessions := []*client{c.on(0, "ann"), c.on(1, "ann")}
	eve := c.on(0, "eve")
	c.pods[1].backend("/v1/users/ann:revoke", `{}`, http.StatusOK)
	for _, ann := range sessions {
		var over wire.SessionTerminated
		if ann.event(wire.EventSessionTerminated, &over); over.Code != wire.CloseUnauthenticated {
			t.Errorf("ended with %q", over.Code)
		}
		if a, open := ann.tryAsk(wire.EventSyncPing, map[string]any{}); open && a.OK {
			t.Error("a request of a revoked session is carried out")
		}
	}
	if code := eve.code(wire.EventSessionRefresh, map[string]any{"token": c.token("ann")}); code != string(wire.CodePermissionDenied) {
		t.Errorf("a refresh with another user's token: %q", code)
	}
}
