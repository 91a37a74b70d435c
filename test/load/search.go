//go:build linux

package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/anteroom/anteroom/test/load/report"
)

// searchKey selects the measurement of lobby search with -only.
const searchKey = "search"

// searchRows are the parts of BenchmarkLobbySearch.
var searchRows = []report.Row{
	{Key: "newest", Name: "no filter"}, {Key: "sorted", Name: "no filter, sorted by a number"},
	{Key: "one", Name: "one filter, a quarter match"}, {Key: "one-sorted", Name: "one filter, sorted by a number"},
	{Key: "near", Name: "near a number, the newest first"},
	{Key: "three", Name: "three filters, one in 30 matches"}, {Key: "three-sorted", Name: "three filters, sorted by players"},
	{Key: "none", Name: "five filters without a usable index"},
}

// search runs the benchmark of lobby search on one core; Redis may use the other.
func (b *bench) search() {
	self, err := os.Executable()
	if err != nil {
		b.missSearch(err)
		return
	}
	cores := fmt.Sprintf("%d,%d", b.serverCore, b.redisCore)
	found, err := b.goBenchmark("redisstore.test", b.redisTest, []string{"GOMAXPROCS=1"}, "^BenchmarkLobbySearch$", "2000x",
		self, pinCommand, cores)
	if err != nil {
		b.missSearch(err)
		return
	}
	for _, one := range found {
		row := strings.TrimPrefix(one.name, "BenchmarkLobbySearch/")
		b.results.Add("search.p50", row, one.metrics["p50-ms"])
		b.results.Add("search.p99", row, one.metrics["p99-ms"])
		b.results.Add("search.own", row, one.metrics["own-cpu-µs/op"])
		b.results.Add("search.redis", row, one.metrics["redis-cpu-µs/op"])
	}
}

func (b *bench) missSearch(why error) {
	for _, r := range searchRows {
		b.results.Miss("search.p50", r.Key, fmt.Sprint(why))
	}
}

func searchTable() report.Table {
	return report.Table{
		Title: "lobby:search among 100,000 open lobbies",
		Note: "`BenchmarkLobbySearch` of runtime/internal/infra/redisstore: pages of 50, one search at a time, including the service's requests to Redis " +
			"and its processing. The last row reads the maximum number of entries.",
		Rows: searchRows, Columns: columns("search.p50", "p50 ms", "search.p99", "p99 ms", "search.own", "µs of own CPU", "search.redis", "µs of Redis' CPU"),
	}
}

// searchGoals are single-digit milliseconds for each row.
func searchGoals() []report.Goal {
	var all []report.Goal
	for _, r := range searchRows {
		all = append(all, report.Goal{Name: "p99 ms of lobby:search among 100,000, " + r.Name, Metric: "search.p99", Row: r.Key, Bound: 9, Most: true})
	}
	return all
}
