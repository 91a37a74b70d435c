// Package client holds the clients of the runtime. Its tests run those of the
// TypeScript package against real servers.
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
	npx(t, []string{"ANTEROOM_STATE=" + server.StateFile}, "vitest", "run")
}

// npx runs a program of the TypeScript package.
func npx(t *testing.T, env []string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "npx", append([]string{"--no-install"}, args...)...)
	cmd.Dir = "typescript"
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("%v: %v", args, err)
	}
}
