package siotest

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// judge is a test that may fail without failing the surrounding test.
type judge struct {
	*testing.T
	mu       sync.Mutex
	failures []string
	cleanups []func()
}

func (j *judge) Helper() {}

func (j *judge) Errorf(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.failures = append(j.failures, fmt.Sprintf(format, args...))
}

func (j *judge) Fatalf(format string, args ...any) {
	j.Errorf(format, args...)
	runtime.Goexit()
}

func (j *judge) Cleanup(f func()) { j.cleanups = append(j.cleanups, f) }

// verdict runs a test with its clean-up, and returns its failures.
func verdict(t *testing.T, test func(TB)) string {
	t.Helper()
	j := &judge{T: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		test(j)
	}()
	<-done
	for _, f := range j.cleanups {
		f()
	}
	return strings.Join(j.failures, "\n")
}
