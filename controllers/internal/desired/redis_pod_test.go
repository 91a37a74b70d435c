package desired

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// redisPodUnderTest is the managed Redis of a cluster as a real process: the rendered
// configuration, users, start and probe, with folders and port of this machine.
type redisPodUnderTest struct {
	cluster   *v1alpha1.RealtimeCluster
	container corev1.Container
	dir       string
	address   string
	here      *strings.Replacer
	kill      func()
}

// newRedisPod renders the pod and starts its container with the given passwords.
func newRedisPod(t *testing.T, passwords ...string) *redisPodUnderTest {
	t.Helper()
	dir, err := os.MkdirTemp("", "redis") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	_, port, _ := net.SplitHostPort(address)
	c := &v1alpha1.RealtimeCluster{}
	c.Namespace, c.Name = "games", "arena"
	p := &redisPodUnderTest{
		cluster: c, dir: dir, address: address,
		container: RedisStatefulSet(c, RedisWorkload{Image: "redis"}).Spec.Template.Spec.Containers[0],
		here: strings.NewReplacer("/etc/redis", dir+"/etc", "/run/redis", dir+"/run", "dir /data", "dir "+dir,
			"port 6379", "port "+port, "bind * -::*", "bind 127.0.0.1"),
	}
	p.write(t, "etc/config/"+KeyRedisConfig, p.here.Replace(RedisConfigMap(c).Data[KeyRedisConfig]))
	p.write(t, "run/.keep", "")
	p.mount(t, passwords...)
	p.start(t)
	return p
}

func (p *redisPodUnderTest) write(t *testing.T, path, text string) {
	t.Helper()
	path = filepath.Join(p.dir, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// mount renews the mounted file of users, newest password first.
func (p *redisPodUnderTest) mount(t *testing.T, passwords ...string) {
	t.Helper()
	var hashes []string
	for _, password := range passwords {
		hashes = append(hashes, RedisPasswordHash(password))
	}
	p.write(t, "etc/users/"+KeyRedisUsers, string(RedisUsersSecret(p.cluster, hashes).Data[KeyRedisUsers]))
}

// start runs the container's command until kill, and waits for its startup probe.
func (p *redisPodUnderTest) start(t *testing.T) {
	t.Helper()
	cmd := p.command(p.container.Command)
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v; `hack/deps/redis.sh` installs Redis", err)
	}
	p.kill = sync.OnceFunc(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	t.Cleanup(p.kill)
	deadline := time.Now().Add(10 * time.Second)
	for {
		out, err := p.command(p.container.StartupProbe.Exec.Command).CombinedOutput()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the startup probe fails: %v: %s", err, out)
		}
	}
}

// probe runs the readiness probe, as the kubelet does.
func (p *redisPodUnderTest) probe(t *testing.T) {
	t.Helper()
	if out, err := p.command(p.container.ReadinessProbe.Exec.Command).CombinedOutput(); err != nil {
		t.Fatalf("the readiness probe fails: %v: %s", err, out)
	}
}

func (p *redisPodUnderTest) command(words []string) *exec.Cmd {
	local := make([]string, len(words))
	for i, w := range words {
		local[i] = p.here.Replace(w)
	}
	return exec.Command(local[0], local[1:]...)
}

// redisConn is a connection without reconnects.
type redisConn struct {
	net.Conn
	answers *bufio.Reader
}

// dial connects and sends commands; without any, the connection stays the default user's.
func (p *redisPodUnderTest) dial(t *testing.T, commands ...string) *redisConn {
	t.Helper()
	conn, err := net.Dial("tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second)) // a TCP connection can
	c := &redisConn{Conn: conn, answers: bufio.NewReader(conn)}
	for _, command := range commands {
		if answer := c.do(t, command); strings.HasPrefix(answer, "-") {
			t.Fatalf("%s: %s", command, answer)
		}
	}
	return c
}

// login is the AUTH of the servers' user.
func login(password string) string { return "AUTH " + RedisUser + " " + password }

// do sends a single-line command and reads the first line of the answer.
func (c *redisConn) do(t *testing.T, command string) string {
	t.Helper()
	c.send(t, command)
	return c.line(t)
}

func (c *redisConn) send(t *testing.T, command string) {
	t.Helper()
	if _, err := fmt.Fprintf(c, "%s\r\n", command); err != nil {
		t.Fatalf("%s: the connection was closed: %v", command, err)
	}
}

func (c *redisConn) line(t *testing.T) string {
	t.Helper()
	line, err := c.answers.ReadString('\n')
	if err != nil {
		t.Fatalf("the connection was closed: %v", err)
	}
	return strings.TrimSpace(line)
}

// until reads lines up to the given line.
func (c *redisConn) until(t *testing.T, want string) {
	t.Helper()
	for c.line(t) != want {
	}
}

// list sends a command whose answer is a list of strings.
func (c *redisConn) list(t *testing.T, command string) []string {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimPrefix(c.do(t, command), "*"))
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	out := make([]string, n)
	for i := range out {
		if head := c.line(t); strings.HasPrefix(head, "+") {
			out[i] = head[1:]
			continue
		}
		out[i] = c.line(t)
	}
	return out
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
