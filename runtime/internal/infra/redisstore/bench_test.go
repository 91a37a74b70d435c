package redisstore_test

import (
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/test/redistest"
)

// BenchmarkCommit commits small chat messages on 100 streams from many goroutines.
func BenchmarkCommit(b *testing.B) {
	for _, parallel := range []int{1, 16, 128} {
		b.Run(fmt.Sprintf("parallel=%d", parallel), func(b *testing.B) {
			s := redistest.Start(b)
			store := open(b, standalone(s)).Store()
			event := stream.Event{Name: "chat:message", Data: fmt.Appendf(nil, `{"text":%q}`, "hello, is anybody here?")}
			var next atomic.Int64
			b.SetParallelism(parallel)
			b.ReportAllocs()
			own, redis := ownCPU(b), redisCPU(b, s)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				id := stream.ID(fmt.Sprintf("chat:%d", next.Add(1)%100))
				for pb.Next() {
					_, err := store.Commit(b.Context(), stream.Commit{
						Stream: id, Events: []stream.Event{event}, Retain: keep,
					})
					if err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.StopTimer()
			n := float64(b.N)
			b.ReportMetric(n/b.Elapsed().Seconds(), "commits/s")
			b.ReportMetric((ownCPU(b)-own)*1e6/n, "own-cpu-µs/op")
			b.ReportMetric((redisCPU(b, s)-redis)*1e6/n, "redis-cpu-µs/op")
		})
	}
}

// ownCPU and redisCPU return seconds of processor time, because wall time is not meaningful
// on a shared machine.
func ownCPU(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

func redisCPU(b *testing.B, s *redistest.Server) float64 {
	var sum float64
	for line := range strings.Lines(s.MustDo("INFO", "cpu")) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		if name == "used_cpu_user" || name == "used_cpu_sys" {
			seconds, err := strconv.ParseFloat(value, 64)
			if err != nil {
				b.Fatal(err)
			}
			sum += seconds
		}
	}
	return sum
}
