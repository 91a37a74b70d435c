//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/anteroom/anteroom/test/load/report"
)

// commitRows are the shown parts of BenchmarkCommit.
var commitRows = []report.Row{
	{Key: "BenchmarkCommit/parallel=1", Name: "1 at a time a core"},
	{Key: "BenchmarkCommit/parallel=16", Name: "16 at a time a core"},
	{Key: "BenchmarkCommit/parallel=128", Name: "128 at a time a core"},
}

// commitBenchmark runs the store's own benchmark. Its processes share the load's core, so
// it measures the cost of a commit, not the maximum rate.
func (b *bench) commitBenchmark() {
	if b.only != nil {
		return
	}
	found, err := b.goBenchmark("redisstore.test", b.redisTest, nil, "^BenchmarkCommit$", "1s")
	if err != nil {
		b.missStore(err.Error())
		return
	}
	for _, one := range found {
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

// benchmarkWithin bounds a benchmark.
const benchmarkWithin = 3 * time.Minute

// goBenchmark runs a benchmark of a test program in a directory, with further environment
// variables. args precede the program.
func (b *bench) goBenchmark(name, dir string, env []string, pattern, benchtime string, args ...string) ([]benchmark, error) {
	ctx, cancel := context.WithTimeout(context.Background(), benchmarkWithin)
	defer cancel()
	program, err := filepath.Abs(filepath.Join(b.bin, name))
	if err != nil {
		return nil, err
	}
	args = append(args, program, "-test.run", "^$", "-test.bench", pattern, "-test.benchtime", benchtime)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return parseBenchmarks(string(out)), nil
}
