package siotest_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/anteroom/anteroom/test/siotest"
)

// TestTheReadmeShowsATestThatRuns compares the README's example with TestTwoUsersChat.
func TestTheReadmeShowsATestThatRuns(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("server_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, example, found := strings.Cut(string(readme), "```go\n")
	example, _, closed := strings.Cut(example, "```")
	if !found || !closed || !strings.Contains(string(source), example) {
		t.Errorf("the README's example differs from TestTwoUsersChat:\n%s", example)
	}
}

func TestTwoUsersChat(t *testing.T) {
	server := siotest.StartServer(t)
	alice, bob := server.Connect(t, "alice"), server.Connect(t, "bob")
	lobby := alice.Ask("lobby:create", siotest.M{"type": "casual"}).Text("lobby.id")
	bob.Ask("lobby:join", siotest.M{"lobbyId": lobby})
	bob.Ask("chat:join", siotest.M{"channel": "lobby:" + lobby})
	alice.Ask("chat:send", siotest.M{"channel": "lobby:" + lobby, "text": "hello"})
	bob.Expect("chat:message", siotest.Field("text", "hello"))
}

const manifest = `apiVersion: realtime.anteroom.dev/v1alpha1
kind: RealtimeCluster
metadata: {name: test}
spec: {replicas: 2}
---
apiVersion: realtime.anteroom.dev/v1alpha1
kind: LobbyPolicy
metadata: {name: duel}
spec:
  clusterRef: {name: test}
  lobbyType: duel
  size: {min: 1, max: 2}
  chat: {rate: {messages: 100, per: 1s}}
`

func TestDeadServersLoseNothing(t *testing.T) {
	server := siotest.StartServer(t, siotest.YAML(manifest), siotest.Users("ann", "ben", "cid"))
	instances := server.Instances(t)
	patient := siotest.WithPatience(30 * time.Second)
	ann := server.ConnectTo(t, instances[0].URL, "ann", patient)
	ben := server.ConnectTo(t, instances[1].URL, "ben", patient, siotest.WithTransport(siotest.Upgrade))

	lobby := ann.Ask("lobby:create", siotest.M{"type": "duel"}).Text("lobby.id")
	channel := siotest.M{"channel": "lobby:" + lobby}
	ben.Ask("lobby:join", siotest.M{"lobbyId": lobby})
	ann.Ask("chat:join", channel)
	ben.Ask("chat:join", channel)
	say := func(c *siotest.Client, text string) {
		t.Helper()
		c.Ask("chat:send", siotest.M{"channel": "lobby:" + lobby, "text": text, "key": text})
	}

	if refusal := server.Connect(t, "cid").AskRefused("lobby:join", siotest.M{"lobbyId": lobby}); refusal.Reason != "lobby_full" {
		t.Errorf("got refusal %v of a third user", refusal)
	}

	server.Kill(t, instances[1])
	_ = ben.ExpectClosed()
	say(ann, "while ben is away")
	ben.Reconnect(instances[0].URL)
	ben.Expect("session:ready")
	if missed := ben.Expect("chat:message", siotest.Field("text", "while ben is away")); !missed.Resumed {
		t.Errorf("it came by itself: %s", missed)
	}

	ann.Cut()
	say(ben, "while ann is cut")
	ann.Reconnect(server.URL)
	ann.Expect("chat:message", siotest.Field("text", "while ann is cut"))
	ben.Expect("chat:message", siotest.Field("text", "while ann is cut"))
}

func TestBackEndsEmit(t *testing.T) {
	server := siotest.StartServer(t)
	alice := server.Connect(t, "alice")
	body := `{"target": {"user": "alice"}, "event": "game:hello", "data": {"from": "a back end"}}`
	req, err := http.NewRequest(http.MethodPost, server.Instances(t)[1].APIURL+"/v1/events", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+server.APIToken(t))
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("HTTP %d", res.StatusCode)
	}
	alice.Expect("game:hello", siotest.That("from a back end", func(e siotest.Event) bool {
		return strings.Contains(fmt.Sprint(e), "a back end")
	}))
}

func TestInvalidManifests(t *testing.T) {
	got := siotest.Verdict(t, func(tb siotest.TB) { siotest.StartServer(tb, siotest.YAML("kind: Nothing")) })
	if !strings.Contains(got, "cannot be used") {
		t.Errorf("got %q", got)
	}
	got = siotest.Verdict(t, func(tb siotest.TB) { siotest.StartServer(tb, siotest.Manifest("nowhere.yaml")) })
	if !strings.Contains(got, "nowhere.yaml") {
		t.Errorf("got %q", got)
	}
}
