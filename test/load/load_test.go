//go:build linux

package main

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseBenchmarks(t *testing.T) {
	output := `goos: linux
BenchmarkCommit/parallel=16-2         	   12345	     81.5 µs/op	     12500 commits/s	        41.25 own-cpu-µs/op
BenchmarkOdd 10 x ns/op 5 ns/op
PASS
`
	want := []benchmark{
		{"BenchmarkCommit/parallel=16", map[string]float64{"µs/op": 81.5, "commits/s": 12500, "own-cpu-µs/op": 41.25}},
		{"BenchmarkOdd", map[string]float64{"ns/op": 5}},
	}
	if diff := cmp.Diff(want, parseBenchmarks(output), cmp.AllowUnexported(benchmark{})); diff != "" {
		t.Error(diff)
	}
}

func TestParseProc(t *testing.T) {
	if got := parseBusy("cpu  100 20 30 5000 600 4 5 6 70 80\ncpu0 1 2 3\n"); got != 1650*time.Millisecond {
		t.Errorf("busy for %v, want 1.65 s", got)
	}
	if got := parseRSS("VmPeak:\t 99 kB\nVmRSS:\t  12345 kB\nVmData: 1 kB\n"); got != 12345 {
		t.Errorf("got rss %v", got)
	}
	if parseBusy("") != 0 || parseRSS("") != 0 {
		t.Error("got a value for a missing field, want zero")
	}
}

func TestTailKeepsTheEnd(t *testing.T) {
	log := &tail{}
	for range 3000 {
		_, _ = log.Write([]byte("0123456789"))
	}
	_, _ = log.Write([]byte(" the\nend"))
	if got := log.String(); len(got) != 500 || got[len(got)-8:] != " the end" {
		t.Errorf("got %d bytes: %q", len(got), got)
	}
	if log.buf.Len() > maxLog {
		t.Errorf("got %d kept bytes", log.buf.Len())
	}
}

func TestEveryGoalIsMeasured(t *testing.T) {
	b := &bench{}
	measured := map[string]bool{}
	for _, s := range slices.Concat(b.broadcasts(), b.product(), b.pairs(), b.large(), b.largeLobbies(), b.crowds(), b.growth(), b.stalled()) {
		for _, j := range s.works {
			for _, m := range []string{".dps", ".cpu", ".commits", ".commitcpu", ".p50", ".p99", ".cut", ".rss"} {
				measured[j.name+m+" "+s.target.key] = true
			}
		}
		for _, m := range []string{".rss ", ".unsigned "} {
			measured[s.connects+m+s.target.key] = true
		}
	}
	for _, t := range append(matchingTables(), searchTable()) {
		for _, row := range t.Rows {
			for _, c := range t.Columns {
				measured[c.Metric+" "+row.Key] = true
			}
		}
	}
	for _, g := range goals() {
		if !measured[g.Metric+" "+g.Row] || g.Peer != "" && !measured[g.Metric+" "+g.Peer] {
			t.Errorf("%s: got no column or row for %s of %q and %q", g.Name, g.Metric, g.Row, g.Peer)
		}
	}
}
