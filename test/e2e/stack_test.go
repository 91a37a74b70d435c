package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait of this package.
const patience = 60 * time.Second

// stack is `make run` with a directory and ports of its own.
type stack struct {
	// state is the path of the state file, manifest that of the YAML it runs.
	state, manifest string
	logs            *syncBuffer
	// ended is closed when the runner has ended, with err.
	ended chan struct{}
	err   error
}

// build builds the programs once for all stacks; the server with the race
// detector, so that a race it finds ends it and fails the scenario.
var build = sync.OnceValues(func() (string, error) {
	bin, err := os.MkdirTemp("", "anteroom-e2e-bin-")
	if err != nil {
		return "", err
	}
	for _, b := range [][]string{
		{"-o", filepath.Join(bin, "manager"), "./controllers/cmd/manager"},
		{"-race", "-o", filepath.Join(bin, "server"), "./runtime/cmd/server"},
		{"-o", filepath.Join(bin, "anteroom-local"), "./hack/local"},
	} {
		cmd := exec.Command("go", append([]string{"build"}, b...)...)
		cmd.Dir = root()
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%v: %w\n%s", cmd.Args, err, out)
		}
	}
	return bin, nil
})

func root() string { return filepath.Join("..", "..") }

// startStack runs the local runner over a copy of a manifest and waits until all
// of its servers are ready. It ends with the test, which gets its log when it failed.
func startStack(t *testing.T, manifest string) *stack {
	t.Helper()
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := &stack{
		state:    filepath.Join(dir, "state.json"),
		manifest: filepath.Join(dir, filepath.Base(manifest)),
		logs:     &syncBuffer{},
		ended:    make(chan struct{}),
	}
	content, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.manifest, content, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(bin, "anteroom-local"), "--file", s.manifest, "--bin", bin,
		"--run-dir", filepath.Join(dir, "run"), "--state", s.state, "--listen", freeAddress(t))
	cmd.Env = append(os.Environ(), "GORACE=halt_on_error=1")
	cmd.Stdout, cmd.Stderr = s.logs, s.logs
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		s.err = cmd.Wait()
		close(s.ended)
	}()
	t.Cleanup(func() { s.stop(t, cmd) })
	s.waitReady(t)
	return s
}

func (s *stack) stop(t *testing.T, cmd *exec.Cmd) {
	_ = cmd.Process.Signal(os.Interrupt)
	select {
	case <-s.ended:
		if s.err != nil {
			t.Errorf("the stack did not end well: %v", s.err)
		}
	case <-time.After(patience):
		_ = cmd.Process.Kill()
		t.Errorf("the stack did not end within %v of Ctrl-C", patience)
	}
	if bytes.Contains(s.logs.Bytes(), []byte("DATA RACE")) {
		t.Error("a server has a data race")
	}
	if t.Failed() {
		t.Logf("log of the stack:\n%s", s.logs.Bytes())
	}
}

// waitReady waits until every server of the state file answers that it is ready.
func (s *stack) waitReady(t *testing.T) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-s.ended:
			t.Fatalf("the stack ended: %v", s.err)
		case <-deadline:
			t.Fatalf("the stack was not ready within %v", patience)
		case <-tick.C:
			if s.ready() {
				return
			}
		}
	}
}

func (s *stack) ready() bool {
	content, err := os.ReadFile(s.state)
	if err != nil {
		return false
	}
	var state struct {
		Servers []struct {
			AdminURL string `json:"adminUrl"`
		} `json:"servers"`
	}
	if json.Unmarshal(content, &state) != nil || len(state.Servers) < 2 {
		return false
	}
	for _, server := range state.Servers {
		if !answersOK(server.AdminURL + "/readyz") {
			return false
		}
	}
	return true
}

func answersOK(url string) bool {
	client := http.Client{Timeout: 2 * time.Second}
	res, err := client.Get(url)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// scenario runs one file of scenarios/ with Node's own test runner against the stack.
func (s *stack) scenario(t *testing.T, file string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "--test", filepath.Join("scenarios", file))
	cmd.Env = append(os.Environ(), "ANTEROOM_STATE="+s.state)
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("scenario %s: %v", file, err)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// syncBuffer is a buffer that a process writes while the test reads.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) Bytes() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.buf.Bytes())
}
