package siotest_test

import (
	"fmt"
	"os"

	"github.com/anteroom/anteroom/test/siotest"
)

// script replaces the *testing.T, which an example does not have.
type script struct {
	failed   bool
	cleanups []func()
}

func (*script) Helper()             {}
func (*script) Logf(string, ...any) {}
func (s *script) Failed() bool      { return s.failed }
func (s *script) Cleanup(f func())  { s.cleanups = append(s.cleanups, f) }

func (s *script) Errorf(format string, args ...any) {
	s.failed = true
	fmt.Printf(format+"\n", args...)
}

func (s *script) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

func (s *script) TempDir() string {
	dir, err := os.MkdirTemp("", "siotest")
	if err != nil {
		s.Fatalf("%v", err)
	}
	s.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func (s *script) end() {
	for i := range s.cleanups {
		s.cleanups[len(s.cleanups)-1-i]()
	}
}

func Example() {
	t := &script{} // in a test: its *testing.T
	defer t.end()

	server := siotest.StartServer(t)
	alice, bob := server.Connect(t, "alice"), server.Connect(t, "bob")
	lobby := alice.Ask("lobby:create", siotest.M{"type": "casual"}).Text("lobby.id")
	bob.Ask("lobby:join", siotest.M{"lobbyId": lobby})
	bob.Ask("chat:join", siotest.M{"channel": "lobby:" + lobby})
	alice.Ask("chat:send", siotest.M{"channel": "lobby:" + lobby, "text": "hello"})
	message := bob.Expect("chat:message", siotest.Field("text", "hello"))

	fmt.Println(message.Text("userId"), "says", message.Text("text"))
	// Output: alice says hello
}

// A custom policy: a lobby for two.
func ExampleYAML() {
	t := &script{}
	defer t.end()

	server := siotest.StartServer(t, siotest.YAML(`
apiVersion: realtime.anteroom.dev/v1alpha1
kind: RealtimeCluster
metadata: {name: test}
spec: {replicas: 1}
---
apiVersion: realtime.anteroom.dev/v1alpha1
kind: LobbyPolicy
metadata: {name: duel}
spec: {clusterRef: {name: test}, lobbyType: duel, size: {min: 1, max: 2}}
`), siotest.Users("ann", "ben", "cid"))
	lobby := server.Connect(t, "ann").Ask("lobby:create", siotest.M{"type": "duel"}).Text("lobby.id")
	server.Connect(t, "ben").Ask("lobby:join", siotest.M{"lobbyId": lobby})
	refusal := server.Connect(t, "cid").AskRefused("lobby:join", siotest.M{"lobbyId": lobby})

	fmt.Println(refusal.Code, refusal.Reason)
	// Output: failed_precondition lobby_full
}

// A lost network: the next connection receives the missed events.
func ExampleClient_Cut() {
	t := &script{}
	defer t.end()

	server := siotest.StartServer(t)
	alice, bob := server.Connect(t, "alice"), server.Connect(t, "bob")
	lobby := alice.Ask("lobby:create", siotest.M{"type": "casual"}).Text("lobby.id")
	channel := siotest.M{"channel": "lobby:" + lobby}
	bob.Ask("lobby:join", siotest.M{"lobbyId": lobby})
	bob.Ask("chat:join", channel)

	bob.Cut()
	alice.Ask("chat:send", siotest.M{"channel": "lobby:" + lobby, "text": "are you there?"})
	bob.Reconnect(server.URL)
	missed := bob.Expect("chat:message")

	fmt.Println(missed.Text("text"), missed.Resumed)
	// Output: are you there? true
}
