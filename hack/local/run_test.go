package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/anteroom/anteroom/test/process"
)

// programs is the folder into which TestMain builds the manager and a fake server.
var programs string

func TestMain(m *testing.M) { os.Exit(build(m)) }

func build(m *testing.M) int {
	dir, err := os.MkdirTemp("", "anteroom-local-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	for name, source := range map[string]string{"manager": "../../controllers/cmd/manager", "server": "./testdata/fakeserver"} {
		if out, err := exec.Command("go", "build", "-o", filepath.Join(dir, name), source).CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build %s: %v\n%s", name, err, out)
			return 1
		}
	}
	programs = dir
	return m.Run()
}

const manifest = `apiVersion: realtime.anteroom.dev/v1alpha1
kind: RealtimeCluster
metadata: {name: arena}
spec:
  observability: {logLevel: info}
---
apiVersion: realtime.anteroom.dev/v1alpha1
kind: LobbyPolicy
metadata: {name: duel}
spec:
  clusterRef: {name: arena}
  lobbyType: duel
  size: {max: 2}
`

// session is a make run in a test.
type session struct {
	options options
	output  *process.Output
	stop    context.CancelFunc
	ended   chan error
}

// begin starts make run with the manifest.
func begin(t *testing.T) *session {
	t.Helper()
	dir := t.TempDir()
	o := options{
		file: filepath.Join(dir, "cluster.yaml"), listen: "127.0.0.1:0", bin: programs,
		dir: filepath.Join(dir, "run"), state: filepath.Join(dir, "run", "state.json"),
		users: devUsers,
	}
	s := &session{options: o, output: &process.Output{}, ended: make(chan error, 1)}
	s.write(t, manifest)
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	go func() { s.ended <- run(ctx, o, newConsole(s.output), nil) }()
	t.Cleanup(func() {
		cancel()
		<-s.ended
		if t.Failed() {
			t.Log(s.output.String())
		}
	})
	return s
}

// write replaces the manifest.
func (s *session) write(t *testing.T, text string) {
	t.Helper()
	if err := writeFile(s.options.file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// eventually waits until the condition holds.
func (s *session) eventually(t *testing.T, what string, condition func(runState) bool) runState {
	t.Helper()
	var state runState
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		content, err := os.ReadFile(s.options.state)
		if err != nil {
			continue
		}
		state = runState{}
		if err := json.Unmarshal(content, &state); err != nil {
			t.Fatalf("state file: %v\n%s", err, content)
		}
		if condition(state) {
			return state
		}
	}
	t.Fatalf("%s: not within 30 s; state %+v\n%s", what, state, s.output)
	return state
}

// says waits until the console has the text.
func (s *session) says(t *testing.T, text string) {
	t.Helper()
	s.eventually(t, "says "+text, func(runState) bool { return strings.Contains(s.output.String(), text) })
}

func ready(n int) func(runState) bool {
	return func(s runState) bool {
		return len(s.Servers) == n && !slices.ContainsFunc(s.Servers, func(p processState) bool { return !p.Ready })
	}
}

func pids(s runState) (all []int) {
	for _, p := range s.Servers {
		all = append(all, p.PID)
	}
	return all
}

func get(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestRunServesAndStops(t *testing.T) {
	t.Setenv("PATH", "") // without redis-server, the embedded Redis runs
	s := begin(t)
	state := s.eventually(t, "two servers", ready(2))
	s.says(t, "Redis: embedded")
	s.says(t, "socket.io-client")
	if state.Redis.Kind != redisEmbedded || len(state.Tokens) != 4 || state.Front.CookieName != "anteroom" {
		t.Errorf("state is %+v", state)
	}
	if who := get(t, state.Front.URL+"/whoami"); who != fmt.Sprint(state.Servers[0].PID) && who != fmt.Sprint(state.Servers[1].PID) {
		t.Errorf("the front got to %s", who)
	}
	if info, err := os.Stat(s.options.state); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the state file holds tokens and has mode %v, %v", info.Mode(), err)
	}

	s.stop()
	if err := <-s.ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
	s.ended <- nil
	for _, pid := range pids(state) {
		if err := syscall.Kill(pid, 0); err == nil {
			t.Errorf("process %d still runs", pid)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(s.options.dir, "*.json")); len(left) > 0 {
		t.Errorf("the state file is still there: %v", left)
	}
}

func TestRunAppliesEdits(t *testing.T) {
	t.Setenv("PATH", "")
	s := begin(t)
	before := s.eventually(t, "two servers", ready(2))

	s.write(t, strings.Replace(manifest, "max: 2", "max: 4", 1))
	after := s.eventually(t, "new policies", func(now runState) bool { return now.Revision != before.Revision })
	if !slices.Equal(pids(before), pids(after)) {
		t.Error("servers were restarted for a policy")
	}
	if text := get(t, after.Servers[0].URL+"/policies"); !strings.Contains(text, "revision: "+after.Revision) {
		t.Errorf("a server reads other policies than revision %s:\n%s", after.Revision, text)
	}

	s.write(t, strings.Replace(manifest, "max: 2", "max: 0", 1))
	s.says(t, "was not applied, what ran before goes on")
	s.says(t, "spec.size.max")

	s.write(t, strings.Replace(manifest, "logLevel: info", "logLevel: debug", 1))
	rolled := s.eventually(t, "new configuration", func(now runState) bool {
		return ready(2)(now) && now.Servers[0].PID != after.Servers[0].PID && now.Servers[1].PID != after.Servers[1].PID
	})
	for _, p := range rolled.Servers {
		if level := get(t, p.URL+"/level"); level != "debug" {
			t.Errorf("%s runs with log level %s", p.Name, level)
		}
	}
	s.says(t, "all servers run with the new configuration")

	s.write(t, strings.Replace(manifest, "logLevel: info", "logLevel: error", 1))
	s.says(t, "the new server-1 does not serve, the old one goes on")
	kept := s.eventually(t, "the old servers", ready(2))
	if !slices.Equal(pids(rolled), pids(kept)) {
		t.Error("servers were replaced by ones that do not start")
	}

	s.write(t, strings.Replace(manifest, "spec:\n  obs", "spec:\n  replicas: 3\n  obs", 1))
	s.eventually(t, "three servers", ready(3))
}

func TestRunRestartsADeadServer(t *testing.T) {
	t.Setenv("PATH", "")
	s := begin(t)
	before := s.eventually(t, "two servers", ready(2))
	if err := syscall.Kill(before.Servers[0].PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	after := s.eventually(t, "a new server", func(now runState) bool {
		return ready(2)(now) && now.Servers[0].PID != before.Servers[0].PID
	})
	if after.Servers[0].Cookie == before.Servers[0].Cookie || after.Servers[1].PID != before.Servers[1].PID {
		t.Errorf("before %+v, after %+v", before.Servers, after.Servers)
	}
	s.says(t, "server-1 ended (signal: killed); it is started again in")
}

func TestRunWithRedisServer(t *testing.T) {
	if _, err := exec.LookPath(redisServer); err != nil {
		t.Fatalf("%v: hack/deps/redis.sh installs it", err)
	}
	s := begin(t)
	before := s.eventually(t, "two servers", ready(2))
	if before.Redis.Kind != redisServer {
		t.Fatalf("Redis is %+v", before.Redis)
	}
	if err := syscall.Kill(before.Redis.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.says(t, "redis ended (signal: killed); it is started again in")
	deadline := time.Now().Add(30 * time.Second)
	for {
		conn, err := net.Dial("tcp", before.Redis.Address)
		if err == nil {
			_ = conn.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("Redis did not come back: %v", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestRunSaysWhatToDo(t *testing.T) {
	t.Setenv("PATH", "")
	s := begin(t)
	state := s.eventually(t, "two servers", ready(2))
	again := func(change func(*options)) string {
		o := s.options
		change(&o)
		err := run(t.Context(), o, newConsole(io.Discard), nil)
		if err == nil {
			return ""
		}
		return err.Error()
	}
	tests := map[string]struct {
		change func(*options)
		want   string
	}{
		"the port is taken": {func(o *options) {
			o.dir, o.listen = t.TempDir(), strings.TrimPrefix(state.Front.URL, "http://")
		}, "LISTEN=127.0.0.1:8081"},
		"the directory is taken":      {func(*options) {}, "another make run works in"},
		"an address that is none":     {func(o *options) { o.dir, o.listen = t.TempDir(), "nowhere" }, "LISTEN=nowhere"},
		"a manifest with mistakes":    {func(o *options) { o.dir, o.file = t.TempDir(), writeManifest(t, "a: [b") }, "cluster.yaml:1: not valid YAML"},
		"a manifest without clusters": {func(o *options) { o.dir, o.file = t.TempDir(), writeManifest(t, "") }, "there is no RealtimeCluster"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := again(test.change); !strings.Contains(got, test.want) {
				t.Errorf("got %q, want it to say %q", got, test.want)
			}
		})
	}
}
