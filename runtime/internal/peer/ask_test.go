package peer_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/peer"
)

func TestPodsTellEachOtherHowTheyAre(t *testing.T) {
	b := &book{all: map[string]peer.Endpoint{}}
	owner := startServer(t, b, patience)
	self := peer.NewEndpoint("127.0.0.1:1")
	directory := peer.NewDirectory(b, self, time.Minute, time.Minute, slog.New(slog.DiscardHandler))
	if others := directory.Others(); len(others) != 0 {
		t.Errorf("before the first look: %v", others)
	}
	running, stop := context.WithCancel(t.Context())
	defer stop()
	go directory.Run(running)
	deadline := time.Now().Add(patience)
	for len(directory.Others()) == 0 && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	others := directory.Others()
	if len(others) != 1 || others[0] != owner.self {
		t.Fatalf("others are %v, want %v", others, owner.self)
	}
	report, err := peer.Ask(t.Context(), owner.self)
	if err != nil || string(report) != owner.self.Key {
		t.Errorf("told %q, %v", report, err)
	}
}

func TestAPodThatDoesNotTell(t *testing.T) {
	owner := startServer(t, &book{all: map[string]peer.Endpoint{}}, patience)
	stranger, dead := owner.self, owner.self
	stranger.Token = "another's"
	dead.Address = "127.0.0.1:1"
	for want, e := range map[string]peer.Endpoint{"421": stranger, "does not answer": dead} {
		if report, err := peer.Ask(t.Context(), e); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: told %q, %v", e, report, err)
		}
	}
}

// What only pods may ask is not to be had by a client whose request is forwarded.
func TestAClientsQuestionIsNotForwardedAsAPods(t *testing.T) {
	owner, other := two(t)
	sid := owner.handshake(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, other.at(sid+"x"), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Anteroom-Peer-Ask", "report")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusBadRequest || other.forward.Stats().Served != 1 {
		t.Errorf("answered %d, %+v", answer.StatusCode, other.forward.Stats())
	}
}
