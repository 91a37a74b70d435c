package desired

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

func TestRotateRedisPassword(t *testing.T) {
	for name, tc := range map[string]struct {
		known  []string
		newest string
		want   []string
	}{
		"the first":           {nil, "a", []string{"a"}},
		"the same":            {[]string{"a"}, "a", []string{"a"}},
		"the same, rotated":   {[]string{"b", "a"}, "b", []string{"b", "a"}},
		"a new one":           {[]string{"a"}, "b", []string{"b", "a"}},
		"the third":           {[]string{"b", "a"}, "c", []string{"c", "b"}},
		"back to the old one": {[]string{"b", "a"}, "a", []string{"a", "b"}},
	} {
		if diff := cmp.Diff(tc.want, RotateRedisPassword(tc.known, tc.newest)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestRedisUsers has a real Redis read the file and tries what the servers' user may
// and may not do.
func TestRedisUsers(t *testing.T) {
	c := &v1alpha1.RealtimeCluster{}
	c.Namespace, c.Name = "games", "arena"
	users := RedisUsersSecret(c, []string{RedisPasswordHash("new"), RedisPasswordHash("old")}).Data[KeyRedisUsers]
	if diff := cmp.Diff([]string{RedisPasswordHash("new"), RedisPasswordHash("old")}, RedisPasswordHashes(users)); diff != "" {
		t.Errorf("hashes do not read back:\n%s", diff)
	}
	socket := startRedis(t, users)
	ask := func(user, password string, words ...string) string {
		args := append([]string{"-s", socket, "--user", user, "--pass", password, "--no-auth-warning"}, words...)
		out, _ := exec.CommandContext(t.Context(), "redis-cli", args...).CombinedOutput() // the test checks the output
		return strings.TrimSpace(string(out))
	}
	const own = "anteroom:games:arena:"
	for _, tc := range []struct {
		user, password, command string
		allowed                 bool
	}{
		{RedisUser, "new", "SET " + own + "k v", true},
		{RedisUser, "old", "GET " + own + "k", true},
		{RedisUser, "other", "GET " + own + "k", false},
		{RedisUser, "new", "SET elsewhere v", false},
		{RedisUser, "new", "PUBLISH " + own + "c hi", true},
		{RedisUser, "new", "SPUBLISH " + own + "c hi", true},
		{RedisUser, "new", "PUBLISH elsewhere hi", false},
		{RedisUser, "new", "INFO replication", true},
		{RedisUser, "new", "EVAL return{redis.call('TIME')[1],redis.call('INFO','replication')} 0", true},
		{RedisUser, "new", "ZADD " + own + "z 1 m", true},
		{RedisUser, "new", "FLUSHALL", false},
		{RedisUser, "new", "KEYS *", false},
		{RedisUser, "new", "CONFIG GET *", false},
		{RedisUser, "new", "ACL LIST", false},
		{RedisUser, "new", "SCRIPT FLUSH", false},
		{RedisUser, "new", "FUNCTION FLUSH", false},
		{redisProbeUser, "-", "PING", true},
		{redisProbeUser, "-", "ACL LOAD", false},
		{redisProbeUser, "-", "GET " + own + "k", false},
		{"default", "new", "PING", false},
	} {
		answer := ask(tc.user, tc.password, strings.Fields(tc.command)...)
		refused := strings.Contains(answer, "NOPERM") || strings.Contains(answer, "WRONGPASS") || strings.Contains(answer, "NOAUTH")
		if refused == tc.allowed {
			t.Errorf("%s: %s: %s", tc.user, tc.command, answer)
		}
	}
}

// startRedis starts a Redis on a socket, with the users.
// TestARestartedRedisReadsItsTransactions: what scripts wrote is there again. Redis reads
// its log as the default user, and skips the transactions that this one may not do.
func TestARestartedRedisReadsItsTransactions(t *testing.T) {
	c := &v1alpha1.RealtimeCluster{}
	c.Namespace, c.Name = "games", "arena"
	users := RedisUsersSecret(c, []string{RedisPasswordHash("new")}).Data[KeyRedisUsers]
	dir, err := os.MkdirTemp("", "acl")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	ask := func(socket string, words ...string) string {
		args := append([]string{"-s", socket, "--user", RedisUser, "--pass", "new", "--no-auth-warning"}, words...)
		out, _ := exec.CommandContext(t.Context(), "redis-cli", args...).CombinedOutput()
		return strings.TrimSpace(string(out))
	}
	const a, b = "anteroom:games:arena:{x}a", "anteroom:games:arena:{x}b"
	socket, stop := runRedis(t, dir, users)
	if said := ask(socket, "EVAL", "redis.call('SET',KEYS[1],'1') return redis.call('SET',KEYS[2],'2')", "2", a, b); said != "OK" {
		t.Fatal(said)
	}
	stop()
	socket, _ = runRedis(t, dir, users)
	for deadline := time.Now().Add(10 * time.Second); ask(socket, "MGET", a, b) != "1\n2"; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after a restart: %q", ask(socket, "MGET", a, b))
		}
	}
}

func startRedis(t *testing.T, users []byte) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "acl") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket, _ := runRedis(t, dir, users)
	return socket
}

// runRedis runs a Redis whose data is in a folder, until stop.
func runRedis(t *testing.T, dir string, users []byte) (socket string, stop func()) {
	t.Helper()
	file, socket := filepath.Join(dir, "users.acl"), filepath.Join(dir, "s")
	if err := os.WriteFile(file, users, 0o600); err != nil {
		t.Fatal(err)
	}
	server := exec.Command("redis-server", "--port", "0", "--unixsocket", socket, "--aclfile", file, "--save", "", "--appendonly", "yes", "--dir", dir)
	if err := server.Start(); err != nil {
		t.Fatalf("%v; `hack/deps/redis.sh` installs Redis", err)
	}
	stop = sync.OnceFunc(func() { _ = server.Process.Kill(); _ = server.Wait(); _ = os.Remove(socket) })
	t.Cleanup(stop)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(socket); err == nil {
			return socket, stop
		}
		if time.Now().After(deadline) {
			t.Fatal("Redis does not listen")
		}
	}
}
