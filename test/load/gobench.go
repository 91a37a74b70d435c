package main

import (
	"bufio"
	"strconv"
	"strings"
)

// benchmark is a line of `go test -bench`: its name and its metrics by unit.
type benchmark struct {
	name    string
	metrics map[string]float64
}

// parseBenchmarks finds the benchmarks in the output of a test.
func parseBenchmarks(output string) []benchmark {
	var all []benchmark
	lines := bufio.NewScanner(strings.NewReader(output))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		one := benchmark{name: withoutProcs(fields[0]), metrics: map[string]float64{}}
		for i := 2; i+1 < len(fields); i += 2 {
			if value, err := strconv.ParseFloat(fields[i], 64); err == nil {
				one.metrics[fields[i+1]] = value
			}
		}
		all = append(all, one)
	}
	return all
}

// withoutProcs removes the number of processors that testing appends to a name.
func withoutProcs(name string) string {
	if i := strings.LastIndexByte(name, '-'); i > 0 {
		if _, err := strconv.Atoi(name[i+1:]); err == nil {
			return name[:i]
		}
	}
	return name
}
