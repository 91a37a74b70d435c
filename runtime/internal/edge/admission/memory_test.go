package admission

import (
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestMemoryHasSlackBothWays(t *testing.T) {
	var goes, container account
	m := NewMemory(slog.New(slog.DiscardHandler))
	m.look = func() (account, account) { return goes, container }
	for _, step := range []struct {
		goes, container account
		short           bool
	}{
		{account{used: 1000}, account{}, false}, // no limits
		{account{840, 1000}, account{}, false},
		{account{850, 1000}, account{}, true},
		{account{810, 1000}, account{}, true}, // not low enough yet
		{account{790, 1000}, account{}, false},
		{account{100, 1000}, account{1700, 2000}, true}, // buffers of the kernel
		{account{100, 1000}, account{1500, 2000}, false},
	} {
		goes, container = step.goes, step.container
		if m.check(); m.Short() != step.short {
			t.Errorf("go %v, container %v: short is %v", goes, container, m.Short())
		}
	}
}

func TestGoMemoryCountsWhatLives(t *testing.T) {
	runtime.GC()
	before := goMemory().used
	const size = 64 << 20
	held := make([]byte, size)
	runtime.GC()
	during := goMemory().used
	runtime.KeepAlive(held)
	runtime.GC()
	after := goMemory().used
	if grown := int64(during) - int64(before); grown < size*9/10 || grown > size*2 {
		t.Errorf("%d MiB more are counted for %d", grown>>20, size>>20)
	}
	if left := int64(after) - int64(before); left > size/2 {
		t.Errorf("%d MiB are counted that are gone", left>>20)
	}
}

func TestContainerMemory(t *testing.T) {
	for name, test := range map[string]struct {
		files map[string]string
		want  account
	}{
		"limited":    {map[string]string{"max": "1000\n", "current": "700\n", "stat": "anon 1\ninactive_file 200\n"}, account{500, 1000}},
		"no limit":   {map[string]string{"max": "max\n", "current": "700\n"}, account{}},
		"no stat":    {map[string]string{"max": "1000\n", "current": "700\n"}, account{700, 1000}},
		"no cgroup":  {nil, account{}},
		"wrong stat": {map[string]string{"max": "1000\n", "current": "700\n", "stat": "inactive_file 900\n"}, account{0, 1000}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range test.files {
				if err := os.WriteFile(filepath.Join(dir, "memory."+file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if got := containerMemory(dir); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
