//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/anteroom/anteroom/test/load/report"
)

// matchingKey selects the measurement of matchmaking with -only.
const matchingKey = "matching"

// The rows of matchmaking.
var (
	poolRows = []report.Row{
		{Key: "1v1/1000", Name: "1 against 1, 1,000 tickets"}, {Key: "1v1/10000", Name: "1 against 1, 10,000"},
		{Key: "1v1/100000", Name: "1 against 1, 100,000"}, {Key: "4v4/1000", Name: "4 against 4, 1,000"},
		{Key: "4v4/10000", Name: "4 against 4, 10,000"}, {Key: "4v4/100000", Name: "4 against 4, 100,000"},
	}
	qualityRows = []report.Row{{Key: "ours", Name: "**Anteroom**"}, {Key: "best", Name: "the optimum, by exhaustive search"}}
	ticketRows  = []report.Row{
		{Key: "alone", Name: "matchmaking alone"}, {Key: "lobbies", Name: "with lobbies, presence and notifications"},
	}
)

// matchmaking runs the benchmarks of matchmaking, each on one core; Redis may use the
// other cores.
func (b *bench) matchmaking() {
	self, err := os.Executable()
	if err != nil {
		b.missMatching(err)
		return
	}
	cores := make([]string, 0, b.cores)
	for _, core := range []int{b.serverCore, b.redisCore} {
		cores = append(cores, strconv.Itoa(core))
	}
	run := func(name, dir, pattern, benchtime string) []benchmark {
		found, err := b.goBenchmark(name, filepath.Join(b.internal(), dir), []string{"GOMAXPROCS=1"}, pattern, benchtime,
			self, pinCommand, strings.Join(cores, ","))
		if err != nil {
			b.missMatching(err)
		}
		return found
	}
	for _, one := range run("matching.test", "matchmaking/matching", "^BenchmarkMatch$", "3x") {
		row := strings.TrimPrefix(one.name, "BenchmarkMatch/")
		b.results.Add("pool.ms", row, one.metrics["cpu-ms/interval"])
		b.results.Add("pool.each", row, one.metrics["cpu-ns/ticket"]/1e3)
		b.results.Add("pool.matches", row, one.metrics["matches"])
		b.results.Add("pool.mean", row, one.metrics["spread-mean"])
		b.results.Add("pool.p95", row, one.metrics["spread-p95"])
	}
	for _, one := range run("matching.test", "matchmaking/matching", "^BenchmarkQuality$", "1x") {
		b.results.Add("quality.pairs", "ours", one.metrics["pairs-%"])
		b.results.Add("quality.pairs", "best", 100)
		for row, prefix := range map[string]string{"ours": "spread", "best": "best"} {
			b.results.Add("quality.mean", row, one.metrics[prefix+"-mean"])
			b.results.Add("quality.p95", row, one.metrics[prefix+"-p95"])
		}
	}
	for _, one := range run("app.test", "app", "^BenchmarkTickets$", "20000x") {
		row := strings.TrimPrefix(one.name, "BenchmarkTickets/")
		b.results.Add("tickets.rate", row, one.metrics["tickets/s"])
		b.results.Add("tickets.own", row, one.metrics["own-cpu-µs/op"])
		b.results.Add("tickets.redis", row, one.metrics["redis-cpu-µs/op"])
	}
	for _, one := range run("app.test", "app", "^BenchmarkTimeToMatch$", "3000x") {
		b.results.Add("tickets.p50", "lobbies", one.metrics["p50-ms"])
		b.results.Add("tickets.p99", "lobbies", one.metrics["p99-ms"])
	}
}

// internal returns the directory of the runtime's packages.
func (b *bench) internal() string { return filepath.Dir(b.redisTest) }

func (b *bench) missMatching(why error) {
	for _, r := range ticketRows {
		b.results.Miss("tickets.rate", r.Key, fmt.Sprint(why))
	}
}

// matchingTables returns the tables of matchmaking.
func matchingTables() []report.Table {
	return []report.Table{
		{
			Title: "Matchmaking: one pass over all waiting tickets, on one core",
			Note: "Ratings are normally distributed (standard deviation 300) in two modes, tickets have waited up to a minute, and in 4 against 4 " +
				"a fifth are parties of two whose teams have to be balanced. Windows are 50, then 100 after 10 s and 300 after 30 s.",
			Rows: poolRows, Columns: columns("pool.ms", "CPU ms an interval", "pool.each", "CPU µs a ticket", "pool.matches", "matches",
				"pool.mean", "rating spread, mean", "pool.p95", "p95"),
		},
		{
			Title: "Matchmaking: the pairs of 200 small pools, compared with the optimum",
			Note:  "Twelve tickets each, one against one, at most 400 apart: the optimum has the most pairs, with the least sum of differences.",
			Rows:  qualityRows, Columns: columns("quality.pairs", "% of the possible pairs", "quality.mean", "rating spread, mean", "quality.p95", "p95"),
		},
		{
			Title: "Matchmaking through Redis: tickets from mm:enqueue to mm:matched",
			Note: "The services of a server on one core, 1 against 1, with a pass each second. Matchmaking alone has tickets, matches and the " +
				"pushes to players. Latency starts when a match is possible, at 500 tickets a second.",
			Rows: ticketRows, Columns: columns("tickets.rate", "tickets/s", "tickets.own", "µs of own CPU", "tickets.redis", "µs of Redis' CPU",
				"tickets.p50", "p50 ms", "tickets.p99", "p99 ms"),
		},
	}
}

// matchingGoals returns the goals of matchmaking.
func matchingGoals() []report.Goal {
	return []report.Goal{
		{Name: "matchmaking, CPU ms an interval over 100,000 tickets, 1 against 1", Metric: "pool.ms", Row: "1v1/100000", Bound: 250, Most: true},
		{Name: "matchmaking, CPU ms an interval over 100,000 tickets, 4 against 4", Metric: "pool.ms", Row: "4v4/100000", Bound: 250, Most: true},
		{Name: "matchmaking, CPU a ticket, 100,000 tickets", Metric: "pool.each", Row: "1v1/100000", Peer: "1v1/1000", Against: "1,000 tickets", Bound: 3, Most: true},
		{Name: "matchmaking through Redis, tickets/s on one core", Metric: "tickets.rate", Row: "alone", Bound: 5000},
		{Name: "p99 ms from a possible match to mm:matched, interval 1 s", Metric: "tickets.p99", Row: "lobbies", Bound: 1500, Most: true},
	}
}
