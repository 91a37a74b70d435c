// Package fleet runs server processes over one Redis for tests that make parts of a
// cluster fail. A server is a sequence of processes at the same addresses.
package fleet

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"sigs.k8s.io/yaml"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/test/process"
)

const (
	// startWithin bounds the start of the servers until all are ready.
	startWithin = 90 * time.Second
	// pollEvery is the interval of readiness checks.
	pollEvery = 50 * time.Millisecond
	secret    = "of the fault runs, and of nothing else"
	// APIToken is the bearer token of the server API.
	APIToken = "the token of the fleet's back end"
)

// Options are the options of a fleet.
type Options struct {
	// Manifest is a YAML file with a RealtimeCluster and its policies and queues.
	Manifest string
	Servers  int
	// Redis returns the connection of server i to Redis; the rendered key prefix and
	// probe are kept.
	Redis func(i int) configv1.Redis
	// Race builds the servers with the race detector; a server with a data race exits.
	Race bool
}

// Fleet is a group of servers over one Redis.
type Fleet struct {
	tb      testing.TB
	Servers []*Server
	program string
}

// Start starts the servers and waits until all are ready. They end with the test; a
// failed test prints their logs.
func Start(tb testing.TB, o Options) *Fleet {
	tb.Helper()
	bin, err := build(o.Race)
	if err != nil {
		tb.Fatal(err)
	}
	config, policies := render(tb, bin, o.Manifest)
	f := &Fleet{tb: tb, program: filepath.Join(bin, "server")}
	dir := tb.TempDir()
	files := map[string][]byte{"secret": []byte(secret), "api-token": []byte(APIToken), "policies.yaml": policies}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	config.Auth.Providers[0].SharedSecretFile = filepath.Join(dir, "secret")
	config.API.TokenFile = filepath.Join(dir, "api-token")
	keyPrefix, probe := config.Redis.KeyPrefix, config.Redis.Probe
	for i := range o.Servers {
		config.Redis = o.Redis(i)
		config.Redis.KeyPrefix, config.Redis.Probe = keyPrefix, probe
		f.add(dir, i, config)
	}
	f.AwaitReady(startWithin)
	return f
}

// add starts a further server.
func (f *Fleet) add(dir string, i int, config configv1.RuntimeConfig) {
	f.tb.Helper()
	file := filepath.Join(dir, fmt.Sprintf("runtime-%d.yaml", i))
	s := &Server{
		fleet: f, Client: f.freeAddress(), Admin: f.freeAddress(), API: f.freeAddress(),
		args: []string{"--config", file, "--policies", filepath.Join(dir, "policies.yaml")},
	}
	config.Listen = configv1.Listen{Client: s.Client, Admin: s.Admin, API: s.API, Peer: f.freeAddress()}
	text, err := yaml.Marshal(config)
	if err == nil {
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		f.tb.Fatal(err)
	}
	f.Servers = append(f.Servers, s)
	s.Start()
	f.tb.Cleanup(s.end)
}

func (f *Fleet) freeAddress() string {
	f.tb.Helper()
	address, err := process.FreeAddress()
	if err != nil {
		f.tb.Fatal(err)
	}
	return address
}

// render returns the files that the operator would write for the servers.
func render(tb testing.TB, bin, manifest string) (config configv1.RuntimeConfig, policies []byte) {
	tb.Helper()
	out, err := exec.Command(filepath.Join(bin, "manager"), "render", "-f", manifest).Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w: %s", err, exit.Stderr)
		}
		tb.Fatalf("manager render: %v", err)
	}
	for doc := range bytes.SplitSeq(out, []byte("\n---\n")) {
		var object struct {
			Data map[string]string `json:"data"`
		}
		if yaml.Unmarshal(doc, &object) != nil {
			continue // an object with data of another type
		}
		if text, ok := object.Data["runtime.yaml"]; ok {
			if err := yaml.UnmarshalStrict([]byte(text), &config); err != nil {
				tb.Fatal(err)
			}
		}
		if text, ok := object.Data["policies.yaml"]; ok {
			policies = []byte(text)
		}
	}
	if policies == nil || len(config.Auth.Providers) != 1 {
		tb.Fatal("manager render: got no runtime.yaml with a provider, or no policies.yaml")
	}
	return config, policies
}

// AwaitReady waits until all servers are ready, and fails the test after the given time.
func (f *Fleet) AwaitReady(within time.Duration) { f.tb.Helper(); f.await("ready", true, within) }

// AwaitUnready waits until no server is ready.
func (f *Fleet) AwaitUnready(within time.Duration) {
	f.tb.Helper()
	f.await("not ready", false, within)
}

func (f *Fleet) await(state string, ready bool, within time.Duration) {
	f.tb.Helper()
	began := time.Now()
	for _, s := range f.Servers {
		for s.Ready() != ready {
			if time.Since(began) > within {
				f.tb.Errorf("the server at %s is not yet %s after %v", s.Client, state, within)
				return
			}
			time.Sleep(pollEvery)
		}
	}
	f.tb.Logf("all servers are %s after %v", state, time.Since(began).Round(time.Millisecond))
}

// Addresses returns the addresses for clients.
func (f *Fleet) Addresses() []string {
	var all []string
	for _, s := range f.Servers {
		all = append(all, s.Client)
	}
	return all
}

// Token returns a user's access token, valid for an hour.
func Token(tb testing.TB, user string, scopes ...string) string {
	tb.Helper()
	claims := jwt.MapClaims{"sub": user, "name": user, "exp": time.Now().Add(time.Hour).Unix()}
	if len(scopes) > 0 {
		claims["scope"] = scopes
	}
	signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(secret))
	if err != nil {
		tb.Fatal(err)
	}
	return signed
}

// programs are built once for each kind of build, and removed by Cleanup.
var programs struct {
	sync.Mutex
	dirs map[bool]string
}

// build builds the manager and the server.
func build(race bool) (string, error) {
	programs.Lock()
	defer programs.Unlock()
	if dir := programs.dirs[race]; dir != "" {
		return dir, nil
	}
	bin, err := os.MkdirTemp("", "anteroom-fleet-")
	if err != nil {
		return "", err
	}
	server := []string{"-o", filepath.Join(bin, "server"), "./runtime/cmd/server"}
	if race {
		server = append([]string{"-race"}, server...)
	}
	for _, args := range [][]string{{"-o", filepath.Join(bin, "manager"), "./controllers/cmd/manager"}, server} {
		cmd := exec.Command("go", append([]string{"build"}, args...)...)
		cmd.Dir = filepath.Join("..", "..")
		if out, err := cmd.CombinedOutput(); err != nil {
			_ = os.RemoveAll(bin)
			return "", fmt.Errorf("%v: %w\n%s", cmd.Args, err, out)
		}
	}
	if programs.dirs == nil {
		programs.dirs = make(map[bool]string)
	}
	programs.dirs[race] = bin
	return bin, nil
}

// Cleanup removes the built programs; TestMain calls it after the tests.
func Cleanup() {
	programs.Lock()
	defer programs.Unlock()
	for race, dir := range programs.dirs {
		_ = os.RemoveAll(dir)
		delete(programs.dirs, race)
	}
}

// answersOK reports whether an HTTP request to the address succeeds.
func answersOK(url string) bool {
	client := http.Client{Timeout: 2 * time.Second}
	answer, err := client.Get(url)
	if err != nil {
		return false
	}
	_ = answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}
