package admission

import (
	"bufio"
	"bytes"
	"context"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	rtmetrics "runtime/metrics"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// memoryHigh of a limit, in percent, and new connections are turned away, until
	// memoryLow is reached again.
	memoryHigh, memoryLow = 85, 80
	// memoryEvery is the interval of the memory measurements.
	memoryEvery = 250 * time.Millisecond
	// cgroupRoot is where a container finds its own limits.
	cgroupRoot = "/sys/fs/cgroup"
)

// account is memory of one kind and its limit, in bytes; zero is no limit.
type account struct{ used, limit uint64 }

// over reports whether more than percent of the limit is used.
func (a account) over(percent uint64) bool { return a.limit > 0 && a.used >= a.limit/100*percent }

// Memory watches that the process keeps clear of its limits: of Go's own
// (GOMEMLIMIT), for what is alive after a collection, and of the container's, for
// everything with the kernel's buffers. Without limits it watches in vain.
type Memory struct {
	look func() (goes, container account)
	log  *slog.Logger
	// goes and container are as last seen.
	goes, container atomic.Pointer[account]
	high            atomic.Bool
}

// NewMemory watches the limits of Go and of the container.
func NewMemory(log *slog.Logger) *Memory {
	return &Memory{log: log, look: func() (account, account) { return goMemory(), containerMemory(cgroupRoot) }}
}

// Run measures the memory until ctx ends.
func (m *Memory) Run(ctx context.Context) {
	tick := time.NewTicker(memoryEvery)
	defer tick.Stop()
	for {
		m.check()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// check looks once.
func (m *Memory) check() {
	goes, container := m.look()
	m.goes.Store(&goes)
	m.container.Store(&container)
	percent := uint64(memoryHigh)
	if m.high.Load() {
		percent = memoryLow
	}
	high := goes.over(percent) || container.over(percent)
	if m.high.Swap(high) == high {
		return
	}
	if high {
		m.log.Warn("memory is short; new connections are turned away", "go", goes, "container", container)
	} else {
		m.log.Info("there is memory for new connections again")
	}
}

// Short reports whether new connections have to be turned away.
func (m *Memory) Short() bool { return m.high.Load() }

// LogValue implements slog.LogValuer.
func (a account) LogValue() slog.Value {
	return slog.GroupValue(slog.Uint64("used", a.used), slog.Uint64("limit", a.limit))
}

// goMemory counts what was alive after the last collection, and what is no heap.
// Garbage does not count: the collector sees to it before the limit.
func goMemory() account {
	samples := []rtmetrics.Sample{
		{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/unused:bytes"}, {Name: "/memory/classes/heap/free:bytes"},
		{Name: "/memory/classes/heap/released:bytes"}, {Name: "/gc/heap/live:bytes"},
	}
	rtmetrics.Read(samples)
	used := samples[0].Value.Uint64()
	for _, heap := range samples[1:5] {
		used -= heap.Value.Uint64()
	}
	a := account{used: used + samples[5].Value.Uint64()}
	if limit := debug.SetMemoryLimit(-1); limit < math.MaxInt64 {
		a.limit = uint64(limit)
	}
	return a
}

// containerMemory reads a cgroup of version 2; of others, and outside of any, it
// knows nothing. Pages of files that are not in use do not count, as with the kubelet.
func containerMemory(root string) account {
	limit, ok := readNumber(filepath.Join(root, "memory.max"))
	used, too := readNumber(filepath.Join(root, "memory.current"))
	if !ok || !too {
		return account{}
	}
	return account{used: used - min(used, inactiveFile(root)), limit: limit}
}

// readNumber reads a file with a number; "max" means no number.
func readNumber(path string) (uint64, bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseUint(string(bytes.TrimSpace(text)), 10, 64)
	return n, err == nil
}

func inactiveFile(root string) uint64 {
	text, err := os.ReadFile(filepath.Join(root, "memory.stat"))
	if err != nil {
		return 0
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), "inactive_file "); ok {
			n, _ := strconv.ParseUint(value, 10, 64) // nothing, if it cannot be read
			return n
		}
	}
	return 0
}

var (
	memoryUsedDesc = prometheus.NewDesc("anteroom_memory_used_bytes",
		"Memory in use: of=\"go\" is alive after a collection, of=\"container\" is all of it.", []string{"of"}, nil)
	memoryLimitDesc = prometheus.NewDesc("anteroom_memory_limit_bytes",
		"The limits of that; new connections are turned away from 85 % on. 0 is none.", []string{"of"}, nil)
)

// Describe implements prometheus.Collector.
func (*Memory) Describe(out chan<- *prometheus.Desc) {
	out <- memoryUsedDesc
	out <- memoryLimitDesc
}

// Collect implements prometheus.Collector.
func (m *Memory) Collect(out chan<- prometheus.Metric) {
	for of, seen := range map[string]*atomic.Pointer[account]{"go": &m.goes, "container": &m.container} {
		if a := seen.Load(); a != nil {
			out <- prometheus.MustNewConstMetric(memoryUsedDesc, prometheus.GaugeValue, float64(a.used), of)
			out <- prometheus.MustNewConstMetric(memoryLimitDesc, prometheus.GaugeValue, float64(a.limit), of)
		}
	}
}
