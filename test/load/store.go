//go:build linux

package main

import (
	"context"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/anteroom/anteroom/test/load/report"
)

// commitRows are the parts of BenchmarkCommit that are shown.
var commitRows = []report.Row{
	{Key: "BenchmarkCommit/parallel=1", Name: "1 at a time a core"},
	{Key: "BenchmarkCommit/parallel=16", Name: "16 at a time a core"},
	{Key: "BenchmarkCommit/parallel=128", Name: "128 at a time a core"},
}

// commitBenchmark runs the store's own benchmark. Its processes share the load's
// core, so it says what a commit costs and not how many there could be.
func (b *bench) commitBenchmark() {
	if b.only != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	program, err := filepath.Abs(filepath.Join(b.bin, "redisstore.test"))
	if err != nil {
		b.missStore(err.Error())
		return
	}
	cmd := exec.CommandContext(ctx, program, "-test.run", "^$", "-test.bench", "^BenchmarkCommit$", "-test.benchtime", "1s")
	cmd.Dir = b.redisTest
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.missStore(err.Error())
		return
	}
	for _, one := range parseBenchmarks(string(out)) {
		b.results.Add("store.rate", one.name, one.metrics["commits/s"])
		b.results.Add("store.own", one.name, one.metrics["own-cpu-µs/op"])
		b.results.Add("store.redis", one.name, one.metrics["redis-cpu-µs/op"])
	}
}

func (b *bench) missStore(why string) {
	for _, r := range commitRows {
		b.results.Miss("store.rate", r.Key, why)
	}
}
