package redistest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/anteroom/anteroom/test/redistest"
)

func TestStandaloneRestart(t *testing.T) {
	s := redistest.Start(t, redistest.AppendOnly())
	s.MustDo("SET", "k", "v")
	s.Kill()
	if _, err := s.Do("PING"); err == nil {
		t.Fatal("got an answer after Kill, want none")
	}
	s.Restart()
	if got := s.MustDo("GET", "k"); got != "v" {
		t.Errorf("after a restart: got %q", got)
	}
}

func TestClusterMoveSlot(t *testing.T) {
	c := redistest.StartCluster(t)
	from := c.Owner("k")
	from.MustDo("SET", "k", "v")
	to := c.Nodes[0]
	if to == from {
		to = c.Nodes[1]
	}
	c.MoveSlot("k", to)
	if c.Owner("k") != to || to.MustDo("GET", "k") != "v" {
		t.Error("got the key at its old node, want it at the new one")
	}
}

func TestSentinelFailover(t *testing.T) {
	s := redistest.StartSentinel(t, 3*time.Second)
	old := s.Primary()
	old.Kill()
	fresh := s.AwaitNewPrimary(old)
	if role := fresh.MustDo("ROLE"); !strings.HasPrefix(role, "master") {
		t.Errorf("got role %s of the new primary", role)
	}
}
