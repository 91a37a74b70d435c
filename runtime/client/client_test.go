// Package client holds the clients of the runtime. Its tests run the TypeScript package's
// own tests against real servers.
package client

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/anteroom/anteroom/test/siotest"
)

// TestMain installs the packages of npm first, so that `go test` alone works.
func TestMain(m *testing.M) {
	setup := exec.Command(filepath.Join("..", "..", "hack", "deps", "node.sh"), filepath.Join("runtime", "client", "typescript"))
	setup.Stdout, setup.Stderr = os.Stderr, os.Stderr
	if err := setup.Run(); err != nil {
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func TestTypeScriptAgainstServers(t *testing.T) {
	server := siotest.StartServer(t, siotest.Manifest(filepath.Join("testdata", "cluster.yaml")), siotest.Race())
	t.Setenv("ANTEROOM_STATE", server.StateFile)
	t.Logf("%s", run(t, "typescript", bin("tsc"), "--noEmit"))
	t.Logf("%s", run(t, "typescript", bin("vitest"), "run"))
}

// bin returns the path of a program in the package's development dependencies.
func bin(name string) string {
	path, err := filepath.Abs(filepath.Join("typescript", "node_modules", ".bin", name))
	if err != nil {
		panic(err)
	}
	return path
}

// run runs a program that must succeed, and returns its output.
func run(t *testing.T, dir, name string, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return out
}
