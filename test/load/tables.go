//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/anteroom/anteroom/test/load/drive"
	"github.com/anteroom/anteroom/test/load/report"
)

// rows returns the rows of targets, in this order.
func rows(targets ...target) []report.Row {
	var all []report.Row
	for _, t := range targets {
		all = append(all, report.Row{Key: t.key, Name: t.name})
	}
	return all
}

// columns pairs metrics with their headings.
func columns(pairs ...string) []report.Column {
	var all []report.Column
	for i := 0; i+1 < len(pairs); i += 2 {
		all = append(all, report.Column{Metric: pairs[i], Heading: pairs[i+1]})
	}
	return all
}

// tables renders all results.
func (b *bench) tables() string {
	sockets := rows(bare, gws, centri, node, engine)
	lobbies := rows(nodeLobby, anteroom)
	every := append(append([]report.Row{}, sockets...), lobbies...)
	var text strings.Builder
	text.WriteString(b.results.Goals("Goals", goals()))
	for _, t := range append([]report.Table{
		{
			Title: "Broadcast: messages delivered per second by one full core",
			Note: "R clients in a room, w pending messages of the room. The last two rows do the work of a product for each " +
				"message (see below); the other rows only forward it.",
			Rows: every, Columns: columns("r100w4.dps", "R=100 w=4", "r100w16.dps", "R=100 w=16", "r1000w4.dps", "R=1000 w=4", "r1000w16.dps", "R=1000 w=16"),
		},
		{
			Title: "Broadcast: CPU seconds of the server per million deliveries",
			Rows:  every, Columns: columns("r100w4.cpu", "R=100 w=4", "r100w16.cpu", "R=100 w=16", "r1000w4.cpu", "R=1000 w=4", "r1000w16.cpu", "R=1000 w=16"),
		},
		{
			Title: "Latency at 20,000 deliveries per second (R=100, 2,000 clients)",
			Note:  "From the due time of a message until a member receives it, in milliseconds.",
			Rows:  every, Columns: columns("fixed.p50", "p50 ms", "fixed.p99", "p99 ms", "fixed.busy", "server CPU %"),
		},
		{
			Title: "Connecting, and idle clients",
			Note: fmt.Sprintf("The last two rows check each client's ES256 token, each of a separate user (in Go that check alone takes %.2f ms here). "+
				"Resident memory over that of the empty server, shortly after the last connect.", float64(b.verifying.Microseconds())/1e3),
			Rows: every, Columns: columns("idle2k.rss", "KB per client, 2,000", "idle10k.rss", "KB per client, 10,000", "idle2k.cpu", "CPU ms per connect", "idle2k.rate", "connects/s"),
		},
		{
			Title: "The whole product: chat:send in lobbies, through Redis",
			Note: "Membership, rate limit, id, seq, bounded log, push to all members and acknowledgement, for each message. " +
				"The Node handler is [peers/node/lobby.mjs](peers/node/lobby.mjs). w=4.",
			Rows: lobbies, Columns: columns("r8w4.dps", "lobbies of 8: deliveries/s", "r8w4.commits", "commits/s", "r8w4.commitcpu", "CPU ms per commit",
				"r100w4.dps", "lobbies of 100: deliveries/s", "r100w4.commits", "commits/s", "r100w4.commitcpu", "CPU ms per commit"),
		},
		{
			Title: "Commits: 128 pending in lobbies of two, one process",
			Note:  "Milliseconds are from a request to its acknowledgement.",
			Rows:  lobbies, Columns: columns("chat.commits", "chat:send/s", "chat.ack50", "p50 ms", "chat.ack99", "p99 ms",
				"member.commits", "lobby:setMember/s", "member.ack50", "p50 ms", "member.ack99", "p99 ms"),
		},
		{
			Title: "Two processes on one core, and Redis (R=100)",
			Note:  "The first two rows only pass messages on. The Redis columns are its CPU time and its sent bytes.",
			Rows:  rows(node2, streams2, nodeLobby2, anteroom2), Columns: columns("pair.dps", "deliveries/s, w=4", "pair.cpu", "CPU s per million", "pair.redis", "Redis CPU s per million",
				"pair.bus", "Redis bytes per delivery", "pairfixed.p50", "p50 ms at 20,000/s", "pairfixed.p99", "p99 ms"),
		},
		{
			Title: "Growth: the same rate over few and over many",
			Note: "20,000 deliveries a second with the engine, 1,000 commits a second with lobbies, spread evenly, once the server is at rest. " +
				"The last column has the work after the connects until then (presence, inboxes, memberships).",
			Rows: rows(bareFewSockets, bareManySockets, bareFewRooms, bareManyRooms, fewSockets, manySockets, fewRooms, manyRooms, fewLobbies, manyLobbies),
			Columns: columns("grow.cpu", "CPU s per million deliveries", "grow.commitcpu", "CPU ms per commit", "grow.redis", "Redis CPU s per million",
				"after.cpu", "CPU ms per client before"),
		},
		{
			Title: "500 of 2,000 clients stop reading, at 20 messages of 10 KB a second to each",
			Note: "Each may have 1 MiB of pending data (`outboundBytes`) in addition to the kernel's buffers. Latencies are those of " +
				"the other clients; memory is the growth since the clients stopped.",
			Rows: rows(withStalled), Columns: columns("reading.p99", "p99 ms before", "stalled.p99", "p99 ms since", "stalled.cut", "of 500 disconnected", "stalled.rss", "MiB"),
		},
		{
			Title: "The store alone: commits of small messages on 100 streams",
			Note:  "`BenchmarkCommit` of runtime/internal/infra/redisstore, with the CPU of this process and of Redis.",
			Rows:  commitRows, Columns: columns("store.rate", "commits/s", "store.own", "µs of own CPU", "store.redis", "µs of Redis' CPU"),
		},
		searchTable(),
	}, matchingTables()...) {
		if rendered := b.results.Markdown(t); rendered != "" {
			text.WriteString("\n" + rendered)
		}
	}
	return text.String()
}

// goals are the target ratios.
func goals() []report.Goal {
	var all []report.Goal
	least := func(name, metric string, row, peer target, bound float64) {
		cost := strings.TrimSuffix(metric, ".dps") + ".cpu"
		all = append(all, report.Goal{Name: name, Metric: metric, Row: row.key, Peer: peer.key, Against: peer.name, Bound: bound, Cost: cost})
	}
	most := func(name, metric string, row, peer target, bound float64) {
		all = append(all, report.Goal{Name: name, Metric: metric, Row: row.key, Peer: peer.key, Against: peer.name, Bound: bound, Most: true})
	}
	for _, ours := range []struct {
		target
		name string
	}{{engine, "engine"}, {anteroom, "chat"}} {
		for _, w := range []struct {
			metric, name string
			overNode     float64
		}{{"r100w4", "R=100 w=4", 3}, {"r1000w4", "R=1000 w=4", 3}, {"r100w16", "R=100 w=16", 6}, {"r1000w16", "R=1000 w=16", 6}} {
			name := "deliveries/s, " + ours.name + ", " + w.name
			least(name, w.metric+".dps", ours.target, node, w.overNode)
			if w.overNode == 3 {
				least(name, w.metric+".dps", ours.target, gws, 1.2)
			}
		}
		for _, q := range []string{"p50", "p99"} {
			most(q+" at 20,000/s, "+ours.name, "fixed."+q, ours.target, gws, 1.2)
			most(q+" at 20,000/s, "+ours.name, "fixed."+q, ours.target, node, 1)
		}
	}
	all = append(all,
		report.Goal{Name: "KB per idle, authenticated client (10,000)", Metric: "idle10k.rss", Row: anteroom.key, Bound: 12, Most: true},
		report.Goal{Name: "CPU ms per connect, without the check of its token", Metric: "idle2k.unsigned", Row: anteroom.key, Bound: 0.15, Most: true})
	least("two processes, deliveries/s, chat", "pair.dps", anteroom2, node2, 4)
	least("two processes, deliveries/s, chat", "pair.dps", anteroom2, streams2, 4)
	least("chat in lobbies of 8, deliveries/s", "r8w4.dps", anteroom, nodeLobby, 2)
	least("chat in lobbies of 100, deliveries/s", "r100w4.dps", anteroom, nodeLobby, 2)
	all = append(all, report.Goal{Name: "chat:send commits/s on one core", Metric: "chat.commits", Row: anteroom.key, Bound: 15_000})
	most("CPU per delivery, engine, 10,000 sockets", "grow.cpu", manySockets, fewSockets, 1.2)
	most("CPU per delivery, engine, 5,000 rooms", "grow.cpu", manyRooms, fewRooms, 1.2)
	most("CPU per commit, 5,000 lobbies", "grow.commitcpu", manyLobbies, fewLobbies, 1.2)
	all = append(all,
		report.Goal{Name: "disconnected stalled readers, of 500", Metric: "stalled.cut", Row: withStalled.key, Bound: many / 4},
		report.Goal{Name: "MiB for 500 stalled readers of 1 MiB each", Metric: "stalled.rss", Row: withStalled.key, Bound: many / 4, Most: true})
	return slices.Concat(all, searchGoals(), matchingGoals())
}

// describe describes the environment of the tables.
func (b *bench) describe() string {
	kind := fmt.Sprintf("Medians of %d rounds in turns (of one for 10,000 clients and the store; the lobby of 1,000 is gathered once)", b.times.rounds)
	if b.quick {
		kind = "**One short round** (`BENCH=quick`): a smoke test, not to be quoted; without lobbies of 1,000, 10,000 clients and the store"
	}
	redis := "shares the core of the load, because there are only two"
	if b.redisCore != b.loadCore {
		redis = "has a separate core"
	}
	return fmt.Sprintf(`# Costs of Anteroom and its alternatives

<!-- Written by "make bench"; do not edit. -->

%s, revision %s; %s, %d cores; %s, %s, %s.
Other programs used %.0f %% of one core during the run: above a few percent the rates and latencies are noise, and
only the CPU times are meaningful.

%s.
All servers of a row share one core, the load has another one, and Redis %s.
Messages of %d bytes over loopback WebSockets. The generator verified that every message reached every member
exactly once, and Anteroom's with dense seqs. A ≥ marks rows in which the load's core was saturated and the server's
was not. [Method](README.md).

`, time.Now().UTC().Format("2006-01-02"), version("git", "describe", "--always", "--dirty"), processor(), b.cores,
		runtime.Version(), "Node "+version("node", "--version"), redisVersion(), b.noise(), kind, redis, drive.TextSize)
}

func read(path string) string {
	text, _ := os.ReadFile(path)
	return string(text)
}

func processor() string {
	_, rest, found := strings.Cut(read("/proc/cpuinfo"), "model name\t: ")
	name, _, _ := strings.Cut(rest, "\n")
	if !found {
		name = runtime.GOARCH
	}
	return name
}

// version returns the first line that a program prints.
func version(program string, args ...string) string {
	out, err := exec.Command(program, args...).Output()
	if err != nil {
		return "unknown"
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return line
}

func redisVersion() string {
	fields := strings.Fields(version("redis-server", "--version"))
	for _, f := range fields {
		if number, ok := strings.CutPrefix(f, "v="); ok {
			return "Redis " + number
		}
	}
	return "Redis"
}
