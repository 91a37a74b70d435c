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

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/test/process"
)

// programs is the folder into which TestMain builds the manager and a fake server.
var programs string

// asProgram is set for a test binary that runs as the command itself.
const asProgram = "ANTEROOM_LOCAL_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(build(m))
}

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
	hurry   chan struct{}
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
	s := &session{options: o, output: &process.Output{}, hurry: make(chan struct{}), ended: make(chan error, 1)}
	s.write(t, manifest)
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	go func() { s.ended <- run(ctx, o, newConsole(s.output), s.hurry) }()
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
	s.eventually(t, "the text "+text, func(runState) bool { return strings.Contains(s.output.String(), text) })
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
	if state.Redis.Kind != redisEmbedded || len(state.Tokens) != 4 || state.Proxy.CookieName != "anteroom" {
		t.Errorf("got state %+v, want the embedded Redis, 4 tokens and the cookie anteroom", state)
	}
	if who := get(t, state.Proxy.URL+"/whoami"); who != fmt.Sprint(state.Servers[0].PID) && who != fmt.Sprint(state.Servers[1].PID) {
		t.Errorf("got an answer of %s, want one of %v", who, pids(state))
	}
	if info, err := os.Stat(s.options.state); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("state file: got mode %v, %v, want 0600", info.Mode(), err)
	}

	s.stop()
	if err := <-s.ended; err != nil {
		t.Errorf("got error %v, want none", err)
	}
	s.ended <- nil
	for _, pid := range pids(state) {
		if err := syscall.Kill(pid, 0); err == nil {
			t.Errorf("process %d still runs", pid)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(s.options.dir, "*.json")); len(left) > 0 {
		t.Errorf("got files %v, want no state file", left)
	}
}

func TestRunAppliesEdits(t *testing.T) {
	t.Setenv("PATH", "")
	s := begin(t)
	before := s.eventually(t, "two servers", ready(2))

	s.write(t, strings.Replace(manifest, "max: 2", "max: 4", 1))
	after := s.eventually(t, "new policies", func(now runState) bool { return now.Revision != before.Revision })
	if !slices.Equal(pids(before), pids(after)) {
		t.Errorf("got servers %v, want the same as before: %v", pids(after), pids(before))
	}
	if text := get(t, after.Servers[0].URL+"/policies"); !strings.Contains(text, "revision: "+after.Revision) {
		t.Errorf("got policies\n%s\nwant revision %s", text, after.Revision)
	}

	s.write(t, strings.Replace(manifest, "max: 2", "max: 0", 1))
	s.says(t, "was not applied; the previous state keeps running")
	s.says(t, "spec.size.max")

	s.write(t, strings.Replace(manifest, "logLevel: info", "logLevel: debug", 1))
	rolled := s.eventually(t, "new configuration", func(now runState) bool {
		return ready(2)(now) && now.Servers[0].PID != after.Servers[0].PID && now.Servers[1].PID != after.Servers[1].PID
	})
	for _, p := range rolled.Servers {
		if level := get(t, p.URL+"/level"); level != "debug" {
			t.Errorf("%s: got log level %s, want debug", p.Name, level)
		}
	}
	s.says(t, "all servers run with the new configuration")

	s.write(t, strings.Replace(manifest, "logLevel: info", "logLevel: error", 1))
	s.says(t, "the new server-1 is not ready; the old one keeps running")
	kept := s.eventually(t, "the old servers", ready(2))
	if !slices.Equal(pids(rolled), pids(kept)) {
		t.Errorf("got servers %v, want the same as before: %v", pids(kept), pids(rolled))
	}

	s.write(t, strings.Replace(manifest, "spec:\n  obs", "spec:\n  replicas: 3\n  obs", 1))
	s.eventually(t, "three servers", ready(3))
	s.write(t, manifest)
	s.says(t, "scaling to 2 servers")
	s.eventually(t, "two servers again", ready(2))
}

func TestRunAppliesEditsWithoutARestart(t *testing.T) {
	t.Setenv("PATH", "")
	s := begin(t)
	before := s.eventually(t, "two servers", ready(2))
	if users := get(t, before.Proxy.URL+devUsersPath); !strings.Contains(users, before.Tokens[0].Token) {
		t.Errorf("got users %s, want the token of %s", users, before.Tokens[0].User)
	}

	s.write(t, "# A comment.\n"+manifest)
	s.says(t, "changed without an effect on this machine")

	storage := strings.Replace(manifest, "spec:\n  obs", "spec:\n  redis: {managed: {storage: {type: Persistent}}}\n  obs", 1)
	s.write(t, storage)
	s.says(t, "restart make run to apply it to Redis")

	s.write(t, strings.Replace(storage, "spec:\n  redis", "spec:\n  exposure: {affinity: {cookieName: sticky}}\n  redis", 1))
	after := s.eventually(t, "the new cookie", func(now runState) bool { return now.Proxy.CookieName == "sticky" })
	if !slices.Equal(pids(before), pids(after)) {
		t.Errorf("got servers %v, want the same as before: %v", pids(after), pids(before))
	}
	answer, err := http.Get(after.Proxy.URL + "/whoami")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if cookies := answer.Cookies(); len(cookies) != 1 || cookies[0].Name != "sticky" {
		t.Errorf("got cookies %v, want one with the name sticky", cookies)
	}
}

func TestApplyRepeatsAFailedEdit(t *testing.T) {
	var out process.Output
	log, dir := newConsole(&out), t.TempDir()
	l := &local{log: log, redis: &redis{}, options: options{dir: dir, file: writeManifest(t, manifest), users: devUsers}}
	l.proxy = newProxy("anteroom", "/socket.io/", http.NotFoundHandler())
	l.fleet = newFleet(log, l.proxy, "", dir, func() {}, nil)
	l.now = rendered{policies: []byte("revision: r1\n"), revision: "r1"}
	l.now.runtime.Auth.Mode = configv1.AuthAnonymous
	next := l.now
	next.policies, next.revision = []byte("revision: r2\n"), "r2"

	path := l.fleet.policies
	l.fleet.policies = filepath.Join(dir, "gone", "policies.yaml")
	if err := l.apply(t.Context(), next); err == nil {
		t.Fatal("got no error for a file in a missing folder, want one")
	}
	if l.now.revision != "r1" {
		t.Errorf("after a failed edit: got revision %s, want r1", l.now.revision)
	}
	l.fleet.policies = path
	if err := l.apply(t.Context(), next); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); string(text) != "revision: r2\n" {
		t.Errorf("got policies %q, %v, want revision r2; the console has\n%s", text, err, &out)
	}
}

func TestRunKillsServersThatDoNotDrain(t *testing.T) {
	t.Setenv("PATH", "")
	t.Setenv("FAKESERVER_DRAINS_FOREVER", "1")
	s := begin(t)
	state := s.eventually(t, "two servers", ready(2))
	s.stop()
	close(s.hurry)
	if err := <-s.ended; err != nil {
		t.Errorf("got error %v, want none", err)
	}
	s.ended <- nil
	for _, p := range state.Servers {
		if text := p.Cookie + " did not drain in time and was killed"; !strings.Contains(s.output.String(), text) {
			t.Errorf("the console has no %q:\n%s", text, s.output)
		}
		if err := syscall.Kill(p.PID, 0); err == nil {
			t.Errorf("process %d still runs", p.PID)
		}
	}
}

// command returns the command line of this program in a process of its own.
func command(t *testing.T, out *process.Output, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1", "PATH=")
	cmd.Stdout, cmd.Stderr = out, out
	return cmd
}

func TestCommandLine(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		code int
		want string
	}{
		"help":            {[]string{"-help"}, 0, "manifest, or a directory of manifests"},
		"an unknown flag": {[]string{"-x"}, 2, "flag provided but not defined: -x"},
		"no manifest":     {[]string{"-file", "nowhere.yaml"}, 2, "nowhere.yaml does not exist"},
		"a bad manifest":  {[]string{"-file", writeManifest(t, ""), "-bin", programs, "-run-dir", t.TempDir()}, 1, "no RealtimeCluster"},
	} {
		t.Run(name, func(t *testing.T) {
			var out process.Output
			cmd := command(t, &out, tc.args...)
			err := cmd.Run()
			if got := cmd.ProcessState.ExitCode(); got != tc.code || !strings.Contains(out.String(), tc.want) {
				t.Errorf("got exit code %d (%v), output\n%s\nwant %d, %q", got, err, &out, tc.code, tc.want)
			}
		})
	}
}

func TestSignals(t *testing.T) {
	for name, tc := range map[string]struct {
		env  string
		more syscall.Signal
		want string
	}{
		"an interrupt stops the servers":                   {"", 0, "stopping"},
		"a second signal kills servers that drain forever": {"FAKESERVER_DRAINS_FOREVER=1", syscall.SIGTERM, "did not drain in time and was killed"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := &session{output: &process.Output{}, options: options{state: filepath.Join(dir, "state.json")}}
			cmd := command(t, s.output, "-file", writeManifest(t, manifest), "-bin", programs, "-run-dir", dir, "-listen", "127.0.0.1:0", "-quiet")
			cmd.Env = append(cmd.Env, tc.env)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			state := s.eventually(t, "two servers", ready(2))
			if strings.Contains(s.output.String(), state.Tokens[0].Token) {
				t.Error("the console has tokens, want none with -quiet")
			}
			must(t, cmd.Process.Signal(syscall.SIGINT))
			if tc.more != 0 {
				s.says(t, "stopping; Ctrl-C again kills the remaining processes")
				must(t, cmd.Process.Signal(tc.more))
			}
			if err := cmd.Wait(); err != nil || !strings.Contains(s.output.String(), tc.want) {
				t.Errorf("got %v, output\n%s\nwant %q in it", err, s.output, tc.want)
			}
			for _, pid := range pids(state) {
				if err := syscall.Kill(pid, 0); err == nil {
					t.Errorf("process %d still runs", pid)
				}
			}
		})
	}
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
		t.Errorf("got %+v after %+v, want only server-1 replaced", after.Servers, before.Servers)
	}
	s.says(t, "server-1 exited (signal: killed); restarting in")
}

func TestRunWithRedisServer(t *testing.T) {
	if _, err := exec.LookPath(redisServer); err != nil {
		t.Fatalf("%v: hack/deps/redis.sh installs it", err)
	}
	s := begin(t)
	before := s.eventually(t, "two servers", ready(2))
	if before.Redis.Kind != redisServer {
		t.Fatalf("got Redis %+v, want %s", before.Redis, redisServer)
	}
	if err := syscall.Kill(before.Redis.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.says(t, "redis exited (signal: killed); restarting in")
	deadline := time.Now().Add(30 * time.Second)
	for {
		conn, err := net.Dial("tcp", before.Redis.Address)
		if err == nil {
			_ = conn.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("Redis did not restart within 30 s: %v", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestRunNamesTheRemedy(t *testing.T) {
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
			o.dir, o.listen = t.TempDir(), strings.TrimPrefix(state.Proxy.URL, "http://")
		}, "LISTEN=127.0.0.1:8081"},
		"the directory is taken":       {func(*options) {}, "another make run uses"},
		"an invalid address":           {func(o *options) { o.dir, o.listen = t.TempDir(), "nowhere" }, "LISTEN=nowhere"},
		"an invalid manifest":          {func(o *options) { o.dir, o.file = t.TempDir(), writeManifest(t, "a: [b") }, "cluster.yaml:1: not valid YAML"},
		"a manifest without a cluster": {func(o *options) { o.dir, o.file = t.TempDir(), writeManifest(t, "") }, "no RealtimeCluster"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := again(test.change); !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q in it", got, test.want)
			}
		})
	}
}
