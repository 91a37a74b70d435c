package redistest

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

const slots = 16384

// Cluster is a Redis Cluster of three primaries, each with a third of the slots.
type Cluster struct {
	tb    testing.TB
	Nodes []*Server
}

// StartCluster starts a Cluster and waits until every node reports a complete cluster.
func StartCluster(tb testing.TB, opts ...Option) *Cluster {
	tb.Helper()
	c := &Cluster{tb: tb}
	for range 3 {
		c.Nodes = append(c.Nodes, start(tb, nil, append([]Option{clustered(tb)}, opts...)...))
	}
	for i, n := range c.Nodes {
		first, last := slots*i/len(c.Nodes), slots*(i+1)/len(c.Nodes)-1
		n.MustDo("CLUSTER", "ADDSLOTSRANGE", strconv.Itoa(first), strconv.Itoa(last))
		n.MustDo("CLUSTER", "SET-CONFIG-EPOCH", strconv.Itoa(i+1))
	}
	for _, n := range c.Nodes[1:] {
		n.MustDo("CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(c.Nodes[0].port), c.Nodes[0].busPort())
	}
	for _, n := range c.Nodes {
		n.until("CLUSTER INFO", "cluster_state:ok", "cluster_known_nodes:3")
	}
	return c
}

// clustered configures a node with a separate bus port, because the default of port plus
// 10,000 may be out of range.
func clustered(tb testing.TB) Option {
	return func(int) []string {
		return []string{
			"cluster-enabled yes", "cluster-config-file nodes.conf", "cluster-node-timeout 15000",
			"cluster-port " + strconv.Itoa(freePort(tb)), "cluster-require-full-coverage no",
		}
	}
}

func (s *Server) busPort() string {
	return strings.TrimPrefix(s.MustDo("CONFIG", "GET", "cluster-port"), "cluster-port\n")
}

// until waits until the reply to a command contains all of want.
func (s *Server) until(command string, want ...string) {
	s.tb.Helper()
	deadline := time.Now().Add(startWithin)
	for {
		out, err := s.Do(strings.Fields(command)...)
		if err == nil && containsAll(out, want) {
			return
		}
		if time.Now().After(deadline) {
			s.tb.Fatalf("redistest: %s on %s lacks one of %v: %v\n%s", command, s.Addr(), want, err, out)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func containsAll(s string, want []string) bool {
	for _, w := range want {
		if !strings.Contains(s, w) {
			return false
		}
	}
	return true
}

// Addrs returns the nodes' addresses.
func (c *Cluster) Addrs() []string {
	var addrs []string
	for _, n := range c.Nodes {
		addrs = append(addrs, n.Addr())
	}
	return addrs
}

// MustDoAll sends a command to every node.
func (c *Cluster) MustDoAll(args ...string) {
	c.tb.Helper()
	for _, n := range c.Nodes {
		n.MustDo(args...)
	}
}

// Owner returns the node that holds a key's slot.
func (c *Cluster) Owner(key string) *Server {
	c.tb.Helper()
	slot, err := strconv.Atoi(c.Nodes[0].MustDo("CLUSTER", "KEYSLOT", key))
	if err != nil {
		c.tb.Fatal(err)
	}
	for _, n := range c.Nodes {
		if n.owns(slot) {
			return n
		}
	}
	c.tb.Fatalf("redistest: no node owns slot %d", slot)
	return nil
}

// owns reads the node's own line of CLUSTER NODES.
func (s *Server) owns(slot int) bool {
	for line := range strings.Lines(s.MustDo("CLUSTER", "NODES")) {
		if !strings.Contains(line, "myself") {
			continue
		}
		for _, part := range strings.Fields(line)[8:] {
			var first, last int
			if n, _ := fmt.Sscanf(part, "%d-%d", &first, &last); n == 1 {
				last = first
			}
			if !strings.HasPrefix(part, "[") && first <= slot && slot <= last {
				return true
			}
		}
	}
	return false
}

// MoveSlot moves the slot of key, with its keys, to another node, while the cluster is in
// use.
func (c *Cluster) MoveSlot(key string, to *Server) {
	c.tb.Helper()
	from := c.Owner(key)
	slot := from.MustDo("CLUSTER", "KEYSLOT", key)
	toID, fromID := to.MustDo("CLUSTER", "MYID"), from.MustDo("CLUSTER", "MYID")
	to.MustDo("CLUSTER", "SETSLOT", slot, "IMPORTING", fromID)
	from.MustDo("CLUSTER", "SETSLOT", slot, "MIGRATING", toID)
	for {
		keys := from.MustDo("CLUSTER", "GETKEYSINSLOT", slot, "100")
		if keys == "" {
			break
		}
		move := []string{"MIGRATE", "127.0.0.1", strconv.Itoa(to.port), "", "0", "5000", "KEYS"}
		from.MustDo(append(move, strings.Split(keys, "\n")...)...)
	}
	to.MustDo("CLUSTER", "SETSLOT", slot, "NODE", toID)
	for _, n := range c.Nodes {
		if n != to {
			n.MustDo("CLUSTER", "SETSLOT", slot, "NODE", toID)
		}
	}
}
