//go:build linux

package engineio

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The server of each benchmark is a process of its own on one core, the load
// another one on another core. Compare the figures of one run only.

// process is the test binary in another role.
type process struct {
	cmd *exec.Cmd
	in  io.Writer
	out *bufio.Reader
}

func start(b *testing.B, core int, env ...string) *process {
	b.Helper()
	cmd := exec.Command("taskset", "-c", strconv.Itoa(core), os.Args[0])
	cmd.Env = append(append(os.Environ(), "GOMAXPROCS=1"), env...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return &process{cmd, in, bufio.NewReader(out)}
}

func (p *process) line(b *testing.B) string {
	b.Helper()
	line, err := p.out.ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(line)
}

func (p *process) ask(b *testing.B, command string) {
	b.Helper()
	fmt.Fprintln(p.in, command)
	p.line(b)
}

// cpu is the processor time used, in seconds.
func (p *process) cpu() float64 {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return float64(user+system) / 100
}

// rss is the resident memory in KB.
func (p *process) rss() float64 {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kb, _ := strconv.Atoi(strings.Fields(rest)[0])
	return float64(kb)
}

// under runs a load against a server and gives what both have to say.
func under(b *testing.B, server *process, l load) loadResult {
	b.Helper()
	spec, _ := json.Marshal(l)
	cpu := server.cpu()
	generator := start(b, 1, roleKey+"="+roleLoad, loadKey+"="+string(spec))
	generator.line(b)
	b.ReportMetric((server.cpu()-cpu)*1e3/float64(l.Sockets), "connect-cpu-ms")
	cpu = server.cpu()
	fmt.Fprintln(generator.in, "go")
	var result loadResult
	if err := json.Unmarshal([]byte(generator.line(b)), &result); err != nil {
		b.Fatal(err)
	}
	used := (server.cpu() - cpu) * l.Measure.Seconds() / (l.Warmup + l.Measure).Seconds()
	if result.Deliveries > 0 {
		b.ReportMetric(float64(result.Deliveries)/result.Seconds, "deliveries/s")
		b.ReportMetric(used*1e6/float64(result.Deliveries), "cpu-s/M")
	}
	b.ReportMetric(0, "ns/op")
	return result
}

// against runs a benchmark on this package and on a raw WebSocket broadcast.
func against(b *testing.B, run func(b *testing.B, server *process, addr string)) {
	for _, role := range []string{"engineio", "gws", "portable"} {
		b.Run(role, func(b *testing.B) {
			for range b.N {
				server := start(b, 0, roleKey+"="+role)
				run(b, server, server.line(b))
			}
		})
	}
}

func BenchmarkBroadcast(b *testing.B) {
	for _, l := range []load{
		{Sockets: 2000, Room: 1, Window: 1},
		{Sockets: 2000, Room: 100, Window: 4},
		{Sockets: 2000, Room: 1000, Window: 4},
		{Sockets: 2000, Room: 100, Window: 16},
		{Sockets: 10_000, Room: 100, Window: 4},
	} {
		l.Warmup, l.Measure = time.Second, 3*time.Second
		b.Run(fmt.Sprintf("sockets=%d/room=%d/window=%d", l.Sockets, l.Room, l.Window), func(b *testing.B) {
			against(b, func(b *testing.B, server *process, addr string) {
				l.Addr = addr
				under(b, server, l)
			})
		})
	}
}

func BenchmarkLatency(b *testing.B) {
	against(b, func(b *testing.B, server *process, addr string) {
		r := under(b, server, load{
			Addr: addr, Sockets: 2000, Room: 100, Rate: 20_000,
			Warmup: time.Second, Measure: 4 * time.Second,
		})
		b.ReportMetric(r.P50, "p50-ms")
		b.ReportMetric(r.P99, "p99-ms")
	})
}

func BenchmarkIdleMemory(b *testing.B) {
	for _, sockets := range []int{2000, 10_000} {
		b.Run(fmt.Sprintf("sockets=%d", sockets), func(b *testing.B) {
			against(b, func(b *testing.B, server *process, addr string) {
				before := server.rss()
				under(b, server, load{Addr: addr, Sockets: sockets, Room: 100, Idle: true, Measure: 3 * time.Second})
				b.ReportMetric((server.rss()-before)/float64(sockets), "rss-KB/conn")
				if testing.Verbose() {
					server.ask(b, "heap")
				}
				server.ask(b, "free")
				b.ReportMetric((server.rss()-before)/float64(sockets), "rss-KB/conn-trimmed")
			})
		})
	}
}

// BenchmarkStalledReaders has a quarter of the clients read nothing, or none: what
// the others see has to be the same, and memory stays bounded.
func BenchmarkStalledReaders(b *testing.B) {
	for _, stalled := range []int{0, 25} {
		b.Run(fmt.Sprintf("stalled=%d%%", stalled), func(b *testing.B) {
			for range b.N {
				server := start(b, 0, roleKey+"=engineio")
				before := server.rss()
				r := under(b, server, load{
					Addr: server.line(b), Sockets: 2000, Room: 100, Stalled: stalled, Payload: 10_000,
					Rate: 2000 * 20, Warmup: time.Second, Measure: 10 * time.Second,
				})
				b.ReportMetric(r.P50, "p50-ms")
				b.ReportMetric(r.P99, "p99-ms")
				b.ReportMetric((server.rss()-before)/1024, "rss-MB")
			}
		})
	}
}
