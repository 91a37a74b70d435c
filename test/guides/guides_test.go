package guides

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/anteroom/anteroom/test/manifest"
	"github.com/anteroom/anteroom/test/process"
)

const (
	folder = "../../runtime/guides"
	// startWithin bounds the start of background commands, and runWithin a block of
	// commands. Both may build programs first.
	startWithin, runWithin = 8 * time.Minute, 5 * time.Minute
	// defaultListen and defaultDir are the guides' address and folder, which a test
	// replaces by its own.
	defaultListen, defaultDir = "127.0.0.1:8080", ".run/"
)

// TestOnALaptop follows the guides for a local machine, all on one `make run`.
func TestOnALaptop(t *testing.T) {
	setUp(t, "hack/deps/node.sh", "runtime/client/typescript")
	setUp(t, "hack/deps/redis.sh")
	listen, err := process.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	s := &session{dir: t.TempDir() + "/", listen: listen}
	s.env = append(os.Environ(), "LISTEN="+s.listen, "RUN_DIR="+s.dir)
	for _, guide := range []string{"laptop", "web-game", "back-end", "from-socketio", "testing"} {
		if !t.Run(guide, func(t *testing.T) { s.follow(t, guide) }) {
			break
		}
	}
	s.end(t)
}

// TestOnKubernetes follows the other guides, against an API server.
func TestOnKubernetes(t *testing.T) {
	assets := manifest.Assets(t)
	helm := setUp(t, "hack/deps/helm.sh")
	for _, guide := range []string{"kubernetes", "operations"} {
		t.Run(guide, func(t *testing.T) {
			s := &session{dir: t.TempDir() + "/", listen: defaultListen}
			environment := &envtest.Environment{}
			if guide == "operations" { // the operator is already installed
				environment.CRDDirectoryPaths = []string{filepath.Join(root(t), "config", "crd", "bases")}
			}
			running, _ := manifest.Start(t, environment)
			config := filepath.Join(s.dir, "kubeconfig")
			if err := os.WriteFile(config, running.KubeConfig, 0o600); err != nil {
				t.Fatal(err)
			}
			path := strings.Join([]string{assets, filepath.Dir(helm), os.Getenv("PATH")}, ":")
			s.env = append(os.Environ(), "KUBECONFIG="+config, "PATH="+path)
			s.follow(t, guide)
		})
	}
}

// TestEveryGuideIsFollowed requires a test for each page in the folder that has commands.
func TestEveryGuideIsFollowed(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(folder, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	followed := []string{"back-end", "from-socketio", "kubernetes", "laptop", "operations", "testing", "web-game"}
	withoutCommands := []string{"README", "threat-model"}
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(f), ".md"))
	}
	if want := slices.Sorted(slices.Values(slices.Concat(followed, withoutCommands))); !slices.Equal(names, want) {
		t.Errorf("the folder has %q, want %q", names, want)
	}
}

// export is a line that sets variables for later blocks.
var export = regexp.MustCompile(`(?m)^export .*\n`)

// session follows guides one after another.
type session struct {
	// dir replaces .run/, listen the default address.
	dir, listen string
	env         []string
	// exported has the lines of previous blocks that set variables for later ones.
	exported string
	// printed is the output of commands since the last block of output.
	printed string
	running []*exec.Cmd
}

// follow executes the blocks of a guide.
func (s *session) follow(t *testing.T, guide string) {
	text, err := os.ReadFile(filepath.Join(folder, guide+".md"))
	if err != nil {
		t.Fatal(err)
	}
	all, err := blocks(string(text))
	if err != nil || len(all) < 3 {
		t.Fatalf("%s.md: got %d blocks, %v", guide, len(all), err)
	}
	for _, b := range all {
		at := fmt.Sprintf("%s.md:%d", guide, b.line)
		code := strings.NewReplacer(defaultListen, s.listen, defaultDir, s.dir).Replace(b.code)
		if b.kind == run || b.kind == background {
			code = s.exported + code
		}
		switch b.kind {
		case run:
			s.run(t, at, code)
		case background:
			s.start(t, at, code, b.of)
		case file:
			s.write(t, strings.ReplaceAll(b.of, defaultDir, s.dir), code)
		case read:
			if out, err := s.bash(t.Context(), "-n", "-c", code).CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s", at, err, out)
			}
		case prints:
			if line := missing(s.printed, code); line != "" {
				t.Fatalf("%s: got no line %q in\n%s", at, line, s.printed)
			}
			s.printed = ""
		}
	}
}

func (s *session) bash(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "bash", args...)
	cmd.Dir, cmd.Env = filepath.Join("..", ".."), s.env
	return cmd
}

func (s *session) run(t *testing.T, at, code string) {
	ctx, cancel := context.WithTimeout(t.Context(), runWithin)
	defer cancel()
	cmd := s.bash(ctx, "-euo", "pipefail", "-c", code)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	s.printed += string(out)
	s.exported = strings.Join(export.FindAllString(code, -1), "")
	if err != nil {
		t.Fatalf("%s: %v\n%s\nprints\n%s", at, err, code, out)
	}
}

// start runs background commands, and returns when they have printed a text.
func (s *session) start(t *testing.T, at, code, until string) {
	out := &process.Output{}
	// The context outlives the waiting test.
	cmd := s.bash(context.WithoutCancel(t.Context()), "-euo", "pipefail", "-c", code)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.running = append(s.running, cmd)
	for deadline := time.Now().Add(startWithin); !strings.Contains(out.String(), until); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.end(t)
			t.Fatalf("%s: got no line %q within %v in\n%s", at, until, startWithin, out)
		}
	}
}

// end ends the background commands, like Ctrl-C.
func (s *session) end(t *testing.T) {
	for _, cmd := range s.running {
		if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGINT); err != nil {
			t.Error(err)
		}
		ended := make(chan struct{})
		go func() {
			_ = cmd.Wait() // make reports an interrupt as an error
			close(ended)
		}()
		select {
		case <-ended:
		case <-time.After(time.Minute):
			t.Errorf("%v: got a running process after the interrupt", cmd.Args)
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		}
	}
	s.running = nil
}

func (s *session) write(t *testing.T, path, text string) {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// setUp runs a script of the repository, and returns its output.
func setUp(t *testing.T, script string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(root(t), script), args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func root(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return path
}
