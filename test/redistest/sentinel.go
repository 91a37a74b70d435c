package redistest

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"
)

// MasterName is the sentinels' name of the primary.
const MasterName = "anteroom"

// failoverWithin bounds the wait for another primary.
const failoverWithin = 90 * time.Second

// Sentinel is a primary with a replica, monitored by three sentinels.
type Sentinel struct {
	tb        testing.TB
	Servers   []*Server
	Sentinels []*Server
}

// StartSentinel starts the servers and waits until the sentinels know each other and the
// replica is in sync. The sentinels fail over when the primary has not answered for
// downAfter. On a busy machine, a running server may not answer for a while.
func StartSentinel(tb testing.TB, downAfter time.Duration, opts ...Option) *Sentinel {
	tb.Helper()
	s := &Sentinel{tb: tb}
	opts = append([]Option{Config("repl-diskless-sync-delay 0"), Config("repl-ping-replica-period 1")}, opts...)
	primary := start(tb, nil, opts...)
	replica := start(tb, nil, append(opts, Config("replicaof 127.0.0.1 "+strconv.Itoa(primary.port)))...)
	s.Servers = []*Server{primary, replica}
	replica.until("INFO replication", "master_link_status:up")
	for range 3 {
		s.Sentinels = append(s.Sentinels, start(tb, []string{"--sentinel"}, watching(primary.port, downAfter)))
	}
	for _, w := range s.Sentinels {
		w.until("SENTINEL MASTER "+MasterName, "num-slaves\n1", "num-other-sentinels\n2")
	}
	return s
}

func watching(primary int, downAfter time.Duration) Option {
	return func(int) []string {
		return []string{
			fmt.Sprintf("sentinel monitor %s 127.0.0.1 %d 2", MasterName, primary),
			fmt.Sprintf("sentinel down-after-milliseconds %s %d", MasterName, downAfter.Milliseconds()),
			"sentinel failover-timeout " + MasterName + " 4000",
			"sentinel parallel-syncs " + MasterName + " 1",
		}
	}
}

// Addrs returns the sentinels' addresses.
func (s *Sentinel) Addrs() []string {
	var addrs []string
	for _, w := range s.Sentinels {
		addrs = append(addrs, w.Addr())
	}
	return addrs
}

// Primary returns the sentinels' current primary.
func (s *Sentinel) Primary() *Server {
	s.tb.Helper()
	return s.server(s.primaryAddr())
}

func (s *Sentinel) primaryAddr() string {
	out := s.Sentinels[0].MustDo("SENTINEL", "GET-MASTER-ADDR-BY-NAME", MasterName)
	host, port, _ := strings.Cut(out, "\n")
	return net.JoinHostPort(host, port)
}

func (s *Sentinel) server(addr string) *Server {
	for _, srv := range s.Servers {
		if srv.Addr() == addr {
			return srv
		}
	}
	s.tb.Fatalf("redistest: got the primary %s of the sentinels, want one of the servers", addr)
	return nil
}

// AwaitInStep waits until the replica has all data that the primary has at the call.
func (s *Sentinel) AwaitInStep() {
	s.tb.Helper()
	primary := s.Primary()
	has := field(primary.MustDo("INFO", "replication"), "master_repl_offset:")
	deadline := time.Now().Add(startWithin)
	for field(primary.MustDo("INFO", "replication"), "offset=") < has {
		if time.Now().After(deadline) {
			s.tb.Fatalf("redistest: the replica is not in sync within %v", startWithin)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// field returns the number of a field in the output of INFO; -1 when it is missing.
func field(info, name string) int64 {
	_, rest, _ := strings.Cut(info, name)
	digits := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// AwaitNewPrimary waits until the sentinels name another primary than old.
func (s *Sentinel) AwaitNewPrimary(old *Server) *Server {
	s.tb.Helper()
	return s.awaitNewPrimary(old, func() {})
}

// FailOver requests a graceful failover and waits for the new primary. Sentinels abort a
// failover when the replica is not in sync, or when another sentinel, without the news,
// demotes the promoted server. FailOver then requests it again.
func (s *Sentinel) FailOver(old *Server) *Server {
	s.tb.Helper()
	return s.awaitNewPrimary(old, func() {
		// A running or currently impossible failover is refused.
		_, _ = s.Sentinels[0].Do("SENTINEL", "FAILOVER", MasterName)
	})
}

func (s *Sentinel) awaitNewPrimary(old *Server, urge func()) *Server {
	s.tb.Helper()
	deadline := time.Now().Add(failoverWithin)
	for {
		if addr := s.primaryAddr(); addr != old.Addr() {
			fresh := s.server(addr)
			if out, err := fresh.Do("ROLE"); err == nil && strings.HasPrefix(out, "master") {
				return fresh
			}
		} else {
			urge()
		}
		if time.Now().After(deadline) {
			s.tb.Fatalf("redistest: no failover within %v", failoverWithin)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
