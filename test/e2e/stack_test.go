package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/anteroom/anteroom/test/siotest"
)

func root() string { return filepath.Join("..", "..") }

// stack is `make run` with a separate manifest, and servers with the race detector.
type stack struct{ *siotest.Server }

func startStack(t *testing.T, manifest string) stack {
	t.Helper()
	return stack{siotest.StartServer(t, siotest.Manifest(manifest), siotest.Race())}
}

// scenario runs a file of scenarios/ with Node's own test runner against the stack, with
// further environment variables.
func (s stack) scenario(t *testing.T, file string, env ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "--test", filepath.Join("scenarios", file))
	cmd.Env = append(append(os.Environ(), "ANTEROOM_STATE="+s.StateFile), env...)
	cmd.WaitDelay = 10 * time.Second // the file's own process shares the output, and may outlive the runner
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("scenario %s: %v", file, err)
	}
}
