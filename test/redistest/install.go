package redistest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// install installs redis-server unless it is installed.
func install(tb testing.TB) {
	tb.Helper()
	if _, err := exec.LookPath("redis-server"); err == nil {
		return
	}
	script, err := find(filepath.Join("hack", "deps", "redis.sh"))
	if err != nil {
		tb.Fatalf("redistest: redis-server is not installed, and %v", err)
	}
	if out, err := exec.Command("bash", script).CombinedOutput(); err != nil {
		tb.Fatalf("redistest: %s: %v\n%s", script, err, out)
	}
}

// find searches a file of the repository from the test's directory upwards.
func find(name string) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", &os.PathError{Op: "find", Path: name, Err: os.ErrNotExist}
		}
		dir = up
	}
}
