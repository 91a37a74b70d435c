package recordstest

import (
	"sync"
	"testing"
	"time"
)

func TestMemory(t *testing.T) {
	var mu sync.Mutex
	now := time.Now()
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	Contract(t, New(clock), func(d time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(d)
	})
}
