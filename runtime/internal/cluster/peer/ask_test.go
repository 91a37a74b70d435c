package peer_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/cluster/peer"
)

func TestAskReadsTheReportOfAnotherPod(t *testing.T) {
	b := &book{all: map[string]peer.Endpoint{}}
	owner := startServer(t, b, patience)
	self := peer.NewEndpoint("127.0.0.1:1")
	directory := peer.NewDirectory(b, self, time.Minute, time.Minute, slog.New(slog.DiscardHandler))
	if others := directory.Others(); len(others) != 0 {
		t.Errorf("before the first announcement: %v, want none", others)
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
		t.Errorf("report %q, %v", report, err)
	}
}

func TestAskWithoutAReport(t *testing.T) {
	owner := startServer(t, &book{all: map[string]peer.Endpoint{}}, patience)
	stranger, dead := owner.self, owner.self
	stranger.Token = "another's"
	dead.Address = "127.0.0.1:1"
	for want, e := range map[string]peer.Endpoint{"421": stranger, "does not answer": dead} {
		if report, err := peer.Ask(t.Context(), e); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: report %q, %v, want an error", e, report, err)
		}
	}
}

// A client cannot ask for a report through a pod that forwards its request.
func TestClientsAskHeaderIsNotForwarded(t *testing.T) {
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
		t.Errorf("status %d, stats %+v", answer.StatusCode, other.forward.Stats())
	}
}
