// Package e2e tests the whole stack (renderer, Redis, server processes, sticky proxy)
// with the stock Socket.IO client from npm. The scenarios are JavaScript files in
// scenarios/; this package starts and stops the processes that they use.
package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestMain installs the JavaScript client first, so that `go test` alone works.
func TestMain(m *testing.M) {
	setup := exec.Command(filepath.Join(root(), "hack", "deps", "node.sh"))
	setup.Stdout, setup.Stderr = os.Stderr, os.Stderr
	if err := setup.Run(); err != nil {
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func TestLobbyAndChatAcrossServers(t *testing.T) {
	startStack(t, filepath.Join("testdata", "cluster.yaml")).scenario(t, "lobby-chat.test.mjs")
}

func TestSessions(t *testing.T) {
	startStack(t, filepath.Join("testdata", "session.yaml")).scenario(t, "session.test.mjs")
}

func TestTheServerAPI(t *testing.T) {
	startStack(t, filepath.Join("testdata", "serverapi.yaml")).scenario(t, "serverapi.test.mjs")
}

func TestANewClientReceivesItsMemberships(t *testing.T) {
	startStack(t, filepath.Join("testdata", "mine.yaml")).scenario(t, "mine.test.mjs")
}

func TestTheStockRedisEmitter(t *testing.T) {
	startStack(t, filepath.Join("testdata", "emitter.yaml")).scenario(t, "emitter.test.mjs")
}

func TestEverythingInALobby(t *testing.T) {
	startStack(t, filepath.Join("testdata", "lobby.yaml")).scenario(t, "lobby.test.mjs")
}

func TestACountdownOutlivesItsServer(t *testing.T) {
	startStack(t, filepath.Join("testdata", "lobby.yaml")).scenario(t, "lobby-countdown.test.mjs")
}

func TestChat(t *testing.T) {
	startStack(t, filepath.Join("testdata", "cluster.yaml")).scenario(t, "chat.test.mjs")
}

func TestParties(t *testing.T) {
	startStack(t, filepath.Join("testdata", "cluster.yaml")).scenario(t, "party.test.mjs")
}

func TestMatchmaking(t *testing.T) {
	startStack(t, filepath.Join("testdata", "queues.yaml")).scenario(t, "matchmaking.test.mjs")
}

func TestPresenceAndNotifications(t *testing.T) {
	startStack(t, filepath.Join("testdata", "cluster.yaml")).scenario(t, "presence-notify.test.mjs")
}

func TestPoliciesApplyLive(t *testing.T) {
	startStack(t, filepath.Join("testdata", "cluster.yaml")).scenario(t, "policies-live.test.mjs")
}

func TestUsersOfADeadServerLeave(t *testing.T) {
	startStack(t, filepath.Join("testdata", "cluster.yaml")).scenario(t, "ghosts.test.mjs")
}

func TestTheReadmesExample(t *testing.T) {
	startStack(t, filepath.Join(root(), "config", "samples", "quickstart.yaml")).scenario(t, "readme.test.mjs")
}

func TestClientsAreNotifiedOfALostLobby(t *testing.T) {
	startStack(t, filepath.Join("testdata", "cluster.yaml")).scenario(t, "lost.test.mjs")
}

func TestAPausedRedis(t *testing.T) {
	startStack(t, filepath.Join("testdata", "cluster.yaml")).scenario(t, "redis-paused.test.mjs")
}

// The non-JavaScript clients are Debian packages; only this test installs them.
func TestTheClientMatrix(t *testing.T) {
	setup := exec.Command(filepath.Join(root(), "hack", "deps", "python-socketio.sh"))
	if out, err := setup.CombinedOutput(); err != nil {
		t.Fatalf("python-socketio: %v\n%s", err, out)
	}
	startStack(t, filepath.Join("testdata", "clients.yaml")).scenario(t, "clients.test.mjs")
}

func TestAnyServerServesAnySession(t *testing.T) {
	startStack(t, filepath.Join("testdata", "three.yaml")).scenario(t, "any-pod.test.mjs")
}
