//go:build faults

package faults

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"sigs.k8s.io/yaml"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/test/process"
)

const (
	// patience bounds waits that have no bound of their own to prove.
	patience = 90 * time.Second
	// pollEvery is how often readiness is asked for.
	pollEvery = 50 * time.Millisecond
	replicas  = 3
	secret    = "of the fault runs, and of nothing else"
)

// build builds the programs once; the server with the race detector, so that a race
// ends it and is found.
var build = sync.OnceValues(func() (string, error) {
	bin, err := os.MkdirTemp("", "anteroom-faults-")
	if err != nil {
		return "", err
	}
	for _, args := range [][]string{
		{"-o", filepath.Join(bin, "manager"), "./controllers/cmd/manager"},
		{"-race", "-o", filepath.Join(bin, "server"), "./runtime/cmd/server"},
	} {
		cmd := exec.Command("go", append([]string{"build"}, args...)...)
		cmd.Dir = filepath.Join("..", "..")
		if out, err := cmd.CombinedOutput(); err != nil {
			return bin, fmt.Errorf("%v: %w\n%s", cmd.Args, err, out)
		}
	}
	return bin, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if bin, _ := build(); bin != "" {
		_ = os.RemoveAll(bin)
	}
	os.Exit(code)
}

// fleet is three servers over one Redis.
type fleet struct {
	t       *testing.T
	servers []*server
	program string
}

// server is one server, in one process after another at the same addresses.
type server struct {
	fleet         *fleet
	client, admin string
	args          []string
	log           bytes.Buffer
	cmd           *exec.Cmd
}

// startFleet starts the servers with the Redis that is given and waits until all
// are ready.
func startFleet(t *testing.T, redis configv1.Redis) *fleet {
	t.Helper()
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	config, policies := render(t, bin)
	redis.KeyPrefix, redis.Probe = config.Redis.KeyPrefix, config.Redis.Probe
	config.Redis = redis
	dir := t.TempDir()
	secretFile, policyFile := filepath.Join(dir, "secret"), filepath.Join(dir, "policies.yaml")
	err = errors.Join(os.WriteFile(secretFile, []byte(secret), 0o600), os.WriteFile(policyFile, policies, 0o600))
	if err != nil {
		t.Fatal(err)
	}
	config.Auth.Providers[0].SharedSecretFile = secretFile
	f := &fleet{t: t, program: filepath.Join(bin, "server")}
	for i := range replicas {
		file := filepath.Join(dir, fmt.Sprintf("runtime-%d.yaml", i))
		s := &server{fleet: f, client: freeAddress(t), admin: freeAddress(t), args: []string{"--config", file, "--policies", policyFile}}
		config.Listen = configv1.Listen{Client: s.client, Admin: s.admin}
		text, err := yaml.Marshal(config)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		f.servers = append(f.servers, s)
		s.start()
		t.Cleanup(s.end)
	}
	f.awaitReady(patience)
	return f
}

// render gives what the operator would give the servers.
func render(t *testing.T, bin string) (config configv1.RuntimeConfig, policies []byte) {
	t.Helper()
	out, err := exec.Command(filepath.Join(bin, "manager"), "render", "-f", filepath.Join("testdata", "cluster.yaml")).Output()
	if err != nil {
		t.Fatalf("manager render: %v", err)
	}
	for doc := range bytes.SplitSeq(out, []byte("\n---\n")) {
		var object struct {
			Data map[string]string `json:"data"`
		}
		if yaml.Unmarshal(doc, &object) != nil {
			continue // an object whose data is something else
		}
		if text, ok := object.Data["runtime.yaml"]; ok {
			if err := yaml.UnmarshalStrict([]byte(text), &config); err != nil {
				t.Fatal(err)
			}
		}
		if text, ok := object.Data["policies.yaml"]; ok {
			policies = []byte(text)
		}
	}
	if policies == nil || len(config.Auth.Providers) != 1 {
		t.Fatal("manager render gave no runtime.yaml with a provider, or no policies.yaml")
	}
	return config, policies
}

// start starts the server's process.
func (s *server) start() {
	s.fleet.t.Helper()
	s.cmd = exec.Command(s.fleet.program, s.args...)
	s.cmd.Env = append(os.Environ(), "GORACE=halt_on_error=1")
	s.cmd.Stdout, s.cmd.Stderr = &s.log, &s.log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		s.fleet.t.Fatal(err)
	}
}

// kill ends the process as a crash does.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// drain ends the process in good order.
func (s *server) drain() {
	s.fleet.t.Helper()
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	if err := s.cmd.Wait(); err != nil {
		s.fleet.t.Errorf("the server at %s did not end well: %v", s.client, err)
	}
}

func (s *server) end() {
	if s.cmd.ProcessState == nil {
		s.kill()
	}
	if bytes.Contains(s.log.Bytes(), []byte("DATA RACE")) {
		s.fleet.t.Errorf("the server at %s has a data race", s.client)
	}
	if s.fleet.t.Failed() {
		log := s.log.Bytes()
		s.fleet.t.Logf("the server at %s said:\n%s", s.client, log[max(0, len(log)-8000):])
	}
}

// ready tells whether the server says that it is.
func (s *server) ready() bool {
	client := http.Client{Timeout: 2 * time.Second}
	answer, err := client.Get("http://" + s.admin + "/readyz")
	if err != nil {
		return false
	}
	_ = answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// awaitReady waits until all servers are ready, and fails the test after a while.
func (f *fleet) awaitReady(within time.Duration) { f.t.Helper(); f.await("ready", true, within) }

// awaitUnready waits until none is.
func (f *fleet) awaitUnready(within time.Duration) { f.t.Helper(); f.await("not ready", false, within) }

func (f *fleet) await(what string, ready bool, within time.Duration) {
	f.t.Helper()
	began := time.Now()
	for _, s := range f.servers {
		for s.ready() != ready {
			if time.Since(began) > within {
				f.t.Errorf("the server at %s is not yet %s after %v", s.client, what, within)
				return
			}
			time.Sleep(pollEvery)
		}
	}
	f.t.Logf("all servers are %s after %v", what, time.Since(began).Round(time.Millisecond))
}

func (f *fleet) addresses() []string {
	var all []string
	for _, s := range f.servers {
		all = append(all, s.client)
	}
	return all
}

// token is a user's.
func token(t *testing.T, user string) string {
	t.Helper()
	claims := jwt.MapClaims{"sub": user, "name": user, "exp": time.Now().Add(time.Hour).Unix()}
	signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func freeAddress(t *testing.T) string {
	t.Helper()
	address, err := process.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	return address
}
