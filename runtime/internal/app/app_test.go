package app

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/runtime/wire"
)

func (r *running) status() v1alpha1.ServerStatus {
	r.t.Helper()
	_, body := r.get(r.admin + "/statusz")
	var s v1alpha1.ServerStatus
	if err := json.Unmarshal([]byte(body), &s); err != nil {
		r.t.Fatalf("%v in %s", err, body)
	}
	return s
}

func TestServerServes(t *testing.T) {
	r := startReady(t, nil, "casual")
	ada := connect(t, r.client, "Ada")
	var ready wire.SessionReady
	ada.event(wire.EventSessionReady, &ready)
	if ready.Name != "Ada" || !strings.HasPrefix(ready.UserID, "anon-") || !ready.Features["lobby"] || !ready.Features["matchmaking"] {
		t.Errorf("ready: %+v", ready)
	}
	if ready.PolicyRevision != testPolicies("casual").Revision || ready.Limits.Subscriptions != 64 {
		t.Errorf("policies told: %+v", ready)
	}

	created := ada.ask(wire.EventLobbyCreate, wire.LobbyCreate{Type: "casual", Name: "Hello"})
	var state wire.LobbyState
	if err := json.Unmarshal(created.Data, &state); err != nil || !created.OK {
		t.Fatalf("created: %+v, %v", created, err)
	}
	if state.Lobby.Policy.Revision != testPolicies("casual").Lobbies[0].Revision() {
		t.Errorf("the lobby is under %+v", state.Lobby.Policy)
	}
	channel := "lobby:" + state.Lobby.ID
	if joined := ada.ask(wire.EventChatJoin, wire.ChatJoin{Channel: channel}); !joined.OK {
		t.Fatalf("chat: %+v", joined)
	}
	if sent := ada.ask(wire.EventChatSend, wire.ChatSend{Channel: channel, Text: "hi"}); !sent.OK {
		t.Fatalf("chat: %+v", sent)
	}
	var message wire.ChatMessage
	ada.event(wire.EventChatMessage, &message)
	if message.Text != "hi" || message.UserID != ready.UserID {
		t.Errorf("message: %+v", message)
	}
	bob := connect(t, r.client, "Bob")
	if refused := bob.ask(wire.EventChatJoin, wire.ChatJoin{Channel: channel}); refused.OK {
		t.Error("who is not in the lobby came into its channel")
	}
	if refused := bob.ask(wire.EventChatJoin, wire.ChatJoin{Channel: "world"}); refused.Error.Code != string(wire.CodeNotFound) {
		t.Errorf("a channel of no lobby: %+v", refused)
	}
	if s := r.status(); s.Connections != 2 || s.Users != 2 || !s.Ready || !s.Redis.Healthy || s.Draining {
		t.Errorf("status: %+v", s)
	}
}

func TestAdmin(t *testing.T) {
	r := startReady(t, nil, "casual")
	if code, body := r.get(r.admin + "/livez"); code != http.StatusOK || body != "ok\n" {
		t.Errorf("livez: %d %s", code, body)
	}
	_, metrics := r.get(r.admin + "/metrics")
	for _, line := range []string{
		`anteroom_build_info{`, `version="v1.2.3"} 1`, "anteroom_ready 1", "anteroom_redis_healthy 1", "anteroom_draining 0",
		`anteroom_policy_info{revision="` + testPolicies("casual").Revision + `"} 1`, "anteroom_sessions 0",
	} {
		if !strings.Contains(metrics, line) {
			t.Errorf("metrics lack %s", line)
		}
	}
	s := r.status()
	if s.Version != "v1.2.3" || s.Cluster != (v1alpha1.ClusterRef{Namespace: "games", Name: "eu"}) || s.Pod == "" {
		t.Errorf("status: %+v", s)
	}
	if code, _ := r.get(r.client + "/readyz"); code != http.StatusNotFound {
		t.Errorf("the client port answers %d to /readyz, want that it does not know it", code)
	}
}

func TestFeaturesSwitchedOff(t *testing.T) {
	r := startReady(t, func(c *v1alpha1.RuntimeConfig) { c.Features = v1alpha1.Features{Chat: true} }, "casual")
	ada := connect(t, r.client, "Ada")
	var ready wire.SessionReady
	ada.event(wire.EventSessionReady, &ready)
	if ready.Features["lobby"] || !ready.Features["chat"] {
		t.Errorf("features: %v, want chat alone", ready.Features)
	}
	a := ada.ask(wire.EventLobbyCreate, wire.LobbyCreate{Type: "casual"})
	if a.Error.Code != string(wire.CodeNotFound) || !strings.Contains(a.Error.Message, "switched off") {
		t.Errorf("answer: %+v", a)
	}
}

func TestPoliciesAreSwappedUnderALiveConnection(t *testing.T) {
	r := startReady(t, nil, "casual")
	ada := connect(t, r.client, "Ada")
	if a := ada.ask(wire.EventLobbyCreate, wire.LobbyCreate{Type: "ranked"}); a.OK {
		t.Fatal("a lobby without a policy was created")
	}
	next := testPolicies("casual", "ranked")
	writeYAML(t, r.files.Policies, next)
	r.until("swapped", func() bool { return r.status().PolicyRevision == next.Revision })
	if a := ada.ask(wire.EventLobbyCreate, wire.LobbyCreate{Type: "ranked"}); !a.OK {
		t.Errorf("the new policy is not in force: %+v", a)
	}

	writeYAML(t, r.files.Policies, map[string]any{"kind": "PolicySet"})
	r.until("refused", func() bool { return r.log.count("new policies refused") == 1 })
	if s := r.status(); s.PolicyRevision != next.Revision || s.Connections != 1 {
		t.Errorf("after a bad file: %+v", s)
	}
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	r := startReady(t, func(c *v1alpha1.RuntimeConfig) { c.Drain.Settle, c.Drain.Window = seconds(3600), seconds(3600) }, "casual")
	connect(t, r.client, "Ada")
	r.stop()
	r.until("draining", func() bool { return r.status().Draining })
	close(r.hurry)
	if err := r.result(); err != nil {
		t.Errorf("ended with %v", err)
	}
}

func TestRedisComesLate(t *testing.T) {
	redis := miniredis.NewMiniRedis()
	if err := redis.Start(); err != nil {
		t.Fatal(err)
	}
	address := redis.Addr()
	redis.Close()

	r := start(t, testConfig(address), testPolicies("casual"))
	if code, _ := r.get(r.admin + "/livez"); code != http.StatusOK {
		t.Errorf("livez: %d", code)
	}
	if code, body := r.get(r.admin + "/readyz"); code != http.StatusServiceUnavailable || !strings.Contains(body, "redis: ") {
		t.Errorf("readyz: %d %s", code, body)
	}
	if code, _ := r.get(r.client + "/socket.io/?EIO=4&transport=polling"); code != http.StatusServiceUnavailable {
		t.Errorf("the client port answers %d", code)
	}
	if err := redis.StartAddr(address); err != nil {
		t.Fatal(err)
	}
	defer redis.Close()
	r.until("ready", func() bool { code, _ := r.get(r.admin + "/readyz"); return code == http.StatusOK })
	connect(t, r.client, "Ada")

	redis.Close()
	r.until("unready", func() bool { code, _ := r.get(r.admin + "/readyz"); return code == http.StatusServiceUnavailable })
	if code, _ := r.get(r.admin + "/livez"); code != http.StatusOK {
		t.Errorf("livez: %d, want that nobody restarts the server for Redis' sake", code)
	}
	if err := redis.StartAddr(address); err != nil {
		t.Fatal(err)
	}
	r.until("ready again", func() bool { code, _ := r.get(r.admin + "/readyz"); return code == http.StatusOK })
}

func TestStopWithoutRedis(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	r := start(t, testConfig(listener.Addr().String()), testPolicies("casual"))
	r.until("alive", func() bool { code, _ := r.get(r.admin + "/livez"); return code == http.StatusOK })
	r.stop()
	if err := r.result(); err != nil {
		t.Errorf("ended with %v", err)
	}
}

func TestPortTaken(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	for _, port := range []string{"client", "admin"} {
		config := testConfig("127.0.0.1:1")
		if port == "client" {
			config.Listen.Client = listener.Addr().String()
		} else {
			config.Listen.Admin = listener.Addr().String()
		}
		settings, err := Read(writeFiles(t, config, testPolicies()), "v1", &journal{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := New(context.Background(), settings); err == nil || !strings.Contains(err.Error(), "listen for "+port) {
			t.Errorf("%s: error %v", port, err)
		}
	}
}

func TestConnectsPerSecond(t *testing.T) {
	config := testConfig(miniredis.RunT(t).Addr())
	policies := testPolicies("casual")
	policies.Limits.ConnectsPerSecond = 1
	policies.Revision = policies.ComputeRevision()
	r := start(t, config, policies)
	r.until("ready", func() bool { code, _ := r.get(r.admin + "/readyz"); return code == http.StatusOK })
	url := r.client + "/socket.io/?EIO=4&transport=polling"
	codes := map[int]int{}
	began := time.Now()
	for range 20 {
		answer, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		codes[answer.StatusCode]++
		if answer.StatusCode == http.StatusServiceUnavailable && answer.Header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
	if allowed := 2 + int(time.Since(began).Seconds()); codes[200] > allowed || codes[200]+codes[503] != 20 {
		t.Errorf("answers: %v, want at most %d let in", codes, allowed)
	}
}
