package siotest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
	"github.com/anteroom/anteroom/test/process"
)

// startWithin bounds the start of a server until all of its processes are ready;
// stopWithin bounds its stop.
const startWithin, stopWithin = 60 * time.Second, 60 * time.Second

// Server is a whole Anteroom on this machine: Redis (embedded when redis-server is not
// installed), two or more server processes, and a sticky proxy in front of them.
type Server struct {
	// URL is the address for clients: the proxy.
	URL string
	// StateFile describes the running processes, for programs in other languages.
	StateFile string

	logs    *process.Output
	process *exec.Cmd
	// ended is closed when the process has exited, with err set.
	ended chan struct{}
	err   error
}

// Instance is a server process, as it is at the moment.
type Instance struct {
	Name string `json:"name"`
	// URL is the address for clients that bypass the proxy.
	URL string `json:"url"`
	// AdminURL has /readyz, /statusz and /metrics.
	AdminURL string `json:"adminUrl"`
	// APIURL is the address for back ends; empty when the server API is disabled.
	APIURL string `json:"apiUrl"`
	PID    int    `json:"pid"`
	Ready  bool   `json:"ready"`
}

// ServerOption changes the server that StartServer starts.
type ServerOption func(*serverOptions)

type serverOptions struct {
	manifest []byte
	err      error
	users    []string
	race     bool
}

// Manifest runs a YAML file with a RealtimeCluster and its policies and queues.
func Manifest(path string) ServerOption {
	return func(o *serverOptions) { o.manifest, o.err = os.ReadFile(path) }
}

// YAML runs a manifest that is given as text.
func YAML(text string) ServerOption {
	return func(o *serverOptions) { o.manifest = []byte(text) }
}

// Users names the users of [Server.Token], at most 1,000; the default is alice, bob,
// carol and dave.
// alice, bob, carol and dave.
func Users(names ...string) ServerOption { return func(o *serverOptions) { o.users = names } }

// Race builds the server processes with the race detector; a process with a data race
// exits.
func Race() ServerOption { return func(o *serverOptions) { o.race = true } }

// quickStart is the default manifest.
const quickStart = `apiVersion: realtime.anteroom.dev/v1alpha1
kind: RealtimeCluster
metadata: {name: test}
spec: {}
---
apiVersion: realtime.anteroom.dev/v1alpha1
kind: LobbyPolicy
metadata: {name: casual}
spec:
  clusterRef: {name: test}
  lobbyType: casual
  size: {min: 1, max: 8}
`

// StartServer builds Anteroom's programs from the test's module, runs a manifest
// ([Manifest] or [YAML]; by default a cluster with lobbies of type "casual") and waits
// until every server process is ready. It stops all of them at the end of the test; a
// failed test prints the servers' logs.
func StartServer(tb TB, opts ...ServerOption) *Server {
	tb.Helper()
	o := serverOptions{manifest: []byte(quickStart)}
	for _, set := range opts {
		set(&o)
	}
	if o.err != nil {
		tb.Fatalf("siotest: the manifest cannot be read: %v", o.err)
	}
	bin, err := programs(o.race)
	if err != nil {
		tb.Fatalf("siotest: %v", err)
	}
	s, err := launch(bin, tb.TempDir(), o)
	if err != nil {
		tb.Fatalf("siotest: the server did not start: %v", err)
	}
	tb.Cleanup(func() { s.end(tb) })
	if err := s.waitReady(); err != nil {
		tb.Fatalf("siotest: %v", err)
	}
	return s
}

// launch starts the runner.
func launch(bin, dir string, o serverOptions) (*Server, error) {
	manifest := filepath.Join(dir, "cluster.yaml")
	if err := os.WriteFile(manifest, o.manifest, 0o600); err != nil {
		return nil, err
	}
	address, err := process.FreeAddress()
	if err != nil {
		return nil, err
	}
	s := &Server{
		URL: "http://" + address, StateFile: filepath.Join(dir, "state.json"),
		logs: new(process.Output), ended: make(chan struct{}),
	}
	args := []string{"--file", manifest, "--bin", bin, "--run-dir", filepath.Join(dir, "run"), "--state", s.StateFile, "--listen", address, "--quiet"}
	if len(o.users) > 0 {
		args = append(args, "--users", strings.Join(o.users, ","))
	}
	s.process = exec.Command(filepath.Join(bin, "anteroom-local"), args...)
	s.process.Env = append(os.Environ(), "GORACE=halt_on_error=1")
	s.process.Stdout, s.process.Stderr = s.logs, s.logs
	s.process.SysProcAttr = dieWithParent()
	if err := s.process.Start(); err != nil {
		return nil, err
	}
	go func() {
		s.err = s.process.Wait()
		close(s.ended)
	}()
	return s, nil
}

// waitReady waits until every server process is ready and known to the proxy.
func (s *Server) waitReady() error {
	deadline := time.After(startWithin)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-s.ended:
			return fmt.Errorf("the server ended: %w\n%s", s.err, s.logs.String())
		case <-deadline:
			return fmt.Errorf("the server was not ready within %v\n%s", startWithin, s.logs.String())
		case <-tick.C:
			if s.ready() {
				return nil
			}
		}
	}
}

func (s *Server) ready() bool {
	state, err := s.state()
	if err != nil || len(state.Servers) < 2 {
		return false
	}
	for _, instance := range state.Servers {
		if !instance.Ready || !answersOK(instance.AdminURL+"/readyz") {
			return false
		}
	}
	return true
}

// end stops the processes like Ctrl-C.
func (s *Server) end(tb TB) {
	tb.Helper()
	_ = s.process.Process.Signal(os.Interrupt)
	select {
	case <-s.ended:
		if s.err != nil {
			tb.Errorf("siotest: the server did not end well: %v", s.err)
		}
	case <-time.After(stopWithin):
		_ = s.process.Process.Kill()
		tb.Errorf("siotest: the server did not end within %v of Ctrl-C", stopWithin)
	}
	if strings.Contains(s.logs.String(), "DATA RACE") {
		tb.Errorf("siotest: a server process has a data race")
	}
	if tb.Failed() {
		tb.Logf("log of the server:\n%s", s.logs.String())
	}
}

// state is the content of the runner's state file.
type state struct {
	Servers      []Instance `json:"servers"`
	APITokenFile string     `json:"apiTokenFile"`
	Tokens       []struct {
		User  string `json:"user"`
		Token string `json:"token"`
	} `json:"tokens"`
}

func (s *Server) state() (state state, err error) {
	content, err := os.ReadFile(s.StateFile)
	if err != nil {
		return state, err
	}
	return state, json.Unmarshal(content, &state)
}

// mustState fails the test when the state file cannot be read.
func (s *Server) mustState(tb TB) state {
	tb.Helper()
	state, err := s.state()
	if err != nil {
		tb.Fatalf("siotest: the server's state cannot be read: %v", err)
	}
	return state
}

// Instances returns the server processes at this moment.
func (s *Server) Instances(tb TB) []Instance {
	tb.Helper()
	return s.mustState(tb).Servers
}

// Kill ends a server process like a crash; another process replaces it.
func (s *Server) Kill(tb TB, instance Instance) {
	tb.Helper()
	if err := syscall.Kill(instance.PID, syscall.SIGKILL); err != nil {
		tb.Fatalf("siotest: %s cannot be killed: %v", instance.Name, err)
	}
}

// Token returns the access token of a user.
func (s *Server) Token(tb TB, user string) string {
	tb.Helper()
	for _, t := range s.mustState(tb).Tokens {
		if t.User == user {
			return t.Token
		}
	}
	tb.Fatalf("siotest: no token for %s: name the user with Users, and omit spec.auth.providers", user)
	return ""
}

// APIToken returns the bearer token for an instance's APIURL.
func (s *Server) APIToken(tb TB) string {
	tb.Helper()
	token, err := os.ReadFile(s.mustState(tb).APITokenFile)
	if err != nil {
		tb.Fatalf("siotest: the server API's token cannot be read (is it enabled?): %v", err)
	}
	return strings.TrimSpace(string(token))
}

// Connect connects a user through the proxy and waits for session:ready.
func (s *Server) Connect(tb TB, user string, opts ...Option) *Client {
	tb.Helper()
	return s.ConnectTo(tb, s.URL, user, opts...)
}

// ConnectTo connects a user to an address, such as an [Instance]'s, and waits for
// session:ready.
func (s *Server) ConnectTo(tb TB, address, user string, opts ...Option) *Client {
	tb.Helper()
	c := Connect(tb, address, append([]Option{WithName(user), WithToken(s.Token(tb, user))}, opts...)...)
	c.Expect(wire.EventSessionReady)
	return c
}

func answersOK(url string) bool {
	client := http.Client{Timeout: 2 * time.Second}
	res, err := client.Get(url)
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return res.StatusCode == http.StatusOK
}
