package manager_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
	programs "github.com/anteroom/anteroom/test/process"
)

// kubelet acts as the kubelet of a cluster: real server processes and a real Redis run for its
// pods, with the files that the operator rendered. As a real kubelet it syncs a pod's files at
// once when the pod's annotations change; otherwise only when the test ends its sync period.
type kubelet struct {
	cluster *v1alpha1.RealtimeCluster
	dir     string
	redis   string // port
	stop    func()
	flags   []string // of redis-server, besides the usual

	mu    sync.Mutex
	pods  map[string]*process
	users map[string]string // annotations of the Redis pod at its last look
	db    *exec.Cmd
	// broken has Redis' users left alone, because a spec breaks them.
	broken bool
}

// process is a server that runs for a pod.
type process struct {
	cmd    *exec.Cmd
	dir    string
	seen   map[string]string // the pod's annotations at the last look
	client string            // host:port for clients
	admin  string
}

var (
	buildServer sync.Once
	serverPath  string
)

// serverBinary builds the server once for the suite.
func serverBinary() string {
	GinkgoHelper()
	buildServer.Do(func() {
		dir, err := os.MkdirTemp("", "server-")
		Expect(err).NotTo(HaveOccurred())
		serverPath = filepath.Join(dir, "server")
		out, err := exec.Command("go", "build", "-o", serverPath, "github.com/anteroom/anteroom/runtime/cmd/server").CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), "%s", out)
	})
	return serverPath
}

// startKubelet runs a Redis and pods with the given names until the spec ends.
func startKubelet(ctx SpecContext, cluster *v1alpha1.RealtimeCluster, names ...string) *kubelet {
	GinkgoHelper()
	serverBinary()
	k := &kubelet{cluster: cluster.DeepCopy(), dir: GinkgoT().TempDir(), redis: freePort(), pods: map[string]*process{}}
	redis := &corev1.Pod{}
	redis.Namespace, redis.Name, redis.Labels = cluster.Namespace, "arena-redis-0", desired.Labels(cluster, desired.ComponentRedis)
	redis.Spec.Containers = []corev1.Container{{Name: "redis", Image: "redis:7"}}
	Expect(k8s.Create(ctx, redis)).To(Succeed())
	k.writeUsers(ctx)
	k.startRedis()
	for _, name := range names {
		k.run(ctx, name)
	}
	background, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { k.loop(background) })
	k.stop = func() { cancel(); running.Wait() }
	DeferCleanup(func() {
		k.stop()
		k.stopRedis()
		for _, p := range k.pods {
			_ = p.cmd.Process.Kill() // it may have ended
			_ = p.cmd.Wait()
		}
	})
	return k
}

func freePort() string {
	GinkgoHelper()
	address, err := programs.FreeAddress()
	Expect(err).NotTo(HaveOccurred())
	_, port, err := net.SplitHostPort(address)
	Expect(err).NotTo(HaveOccurred())
	return port
}

// run creates a pod and starts its process.
func (k *kubelet) run(ctx SpecContext, name string) {
	GinkgoHelper()
	p := &process{dir: filepath.Join(k.dir, name)}
	Expect(k.writeFiles(ctx, p)).To(Succeed())
	p.cmd = exec.Command(serverPath, "--config", p.dir+"/runtime/runtime.yaml", "--policies", p.dir+"/policies/policies.yaml")
	out, err := p.cmd.StdoutPipe()
	Expect(err).NotTo(HaveOccurred())
	p.cmd.Stderr = GinkgoWriter
	Expect(p.cmd.Start()).To(Succeed())
	lines := bufio.NewScanner(out)
	for p.admin == "" && lines.Scan() {
		var line struct{ Client, Admin string }
		_ = json.Unmarshal(lines.Bytes(), &line) // other lines have other fields
		p.client, p.admin = line.Client, line.Admin
	}
	Expect(p.admin).NotTo(BeEmpty(), "the server does not start")
	go func() {
		for lines.Scan() {
			GinkgoWriter.Println(name, lines.Text())
		}
	}()
	servers.mu.Lock()
	servers.real["/"+k.cluster.Namespace+"/"+name] = "http://" + p.admin
	servers.mu.Unlock()
	newPod(ctx, k.cluster, name)
	k.mu.Lock()
	k.pods[name] = p
	k.mu.Unlock()
}

// loop syncs the pods until ctx ends.
func (k *kubelet) loop(ctx context.Context) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil {
		var list corev1.PodList
		if k8s.List(ctx, &list, client.InNamespace(k.cluster.Namespace)) == nil {
			for i := range list.Items {
				k.look(ctx, &list.Items[i])
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

// look syncs a pod when its annotations changed, and its readiness.
func (k *kubelet) look(ctx context.Context, pod *corev1.Pod) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if pod.Name == "arena-redis-0" {
		if !k.broken && !maps.Equal(pod.Annotations, k.users) && k.writeUsers(ctx) == nil && k.loadUsers() == nil {
			k.users = pod.Annotations
		}
		return
	}
	p := k.pods[pod.Name]
	if p == nil {
		return
	}
	if !maps.Equal(pod.Annotations, p.seen) && k.writeFiles(ctx, p) == nil {
		p.seen = pod.Annotations
	}
	ready := corev1.ConditionFalse
	if p.ready() {
		ready = corev1.ConditionTrue
	}
	if len(pod.Status.Conditions) == 1 && pod.Status.Conditions[0].Status != ready {
		pod.Status.Conditions[0].Status = ready
		_ = k8s.Status().Update(ctx, pod) // again in the next round
	}
}

// ready asks the server whether it takes clients.
func (p *process) ready() bool {
	answer, err := http.Get("http://" + p.admin + "/readyz")
	if err != nil {
		return false
	}
	_ = answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// period has all files renewed, as a kubelet does every minute or so.
func (k *kubelet) period(ctx context.Context) {
	GinkgoHelper()
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, p := range k.pods {
		Expect(k.writeFiles(ctx, p)).To(Succeed())
	}
}

// writeFiles writes the mounted files of a pod, with the addresses of this machine.
func (k *kubelet) writeFiles(ctx context.Context, p *process) error {
	here := strings.NewReplacer("/etc/anteroom", p.dir, ":8080", "127.0.0.1:0", ":8081", "127.0.0.1:0", ":8082", "127.0.0.1:0", ":9090", "127.0.0.1:0",
		"arena-redis."+k.cluster.Namespace+".svc:6379", "127.0.0.1:"+k.redis)
	for path, name := range map[string]string{"runtime/runtime.yaml": "arena-runtime", "policies/policies.yaml": "arena-policies"} {
		var from corev1.ConfigMap
		if err := k8s.Get(ctx, client.ObjectKey{Namespace: k.cluster.Namespace, Name: name}, &from); err != nil {
			return err
		}
		if err := write(filepath.Join(p.dir, path), []byte(here.Replace(from.Data[filepath.Base(path)]))); err != nil {
			return err
		}
	}
	for path, name := range map[string]string{"secrets/redis/password": "arena-redis", "secrets/admin/token": "arena-admin", "secrets/api/token": "arena-api"} {
		if err := k.writeSecret(ctx, filepath.Join(p.dir, path), name); err != nil {
			return err
		}
	}
	return nil
}

func (k *kubelet) writeSecret(ctx context.Context, path, name string) error {
	var from corev1.Secret
	if err := k8s.Get(ctx, client.ObjectKey{Namespace: k.cluster.Namespace, Name: name}, &from); err != nil {
		return err
	}
	return write(path, from.Data[filepath.Base(path)])
}

// write replaces a file atomically.
func write(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", data, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// adminOfRedis is the password that the Redis pod would make for itself.
const adminOfRedis = "of-this-start"

// writeUsers writes the ACL file that Redis reads at its start: the operator's file and the admin.
func (k *kubelet) writeUsers(ctx context.Context) error {
	var from corev1.Secret
	if err := k8s.Get(ctx, client.ObjectKey{Namespace: k.cluster.Namespace, Name: "arena-redis-users"}, &from); err != nil {
		return err
	}
	admin := "user admin on >" + adminOfRedis + " ~* &* +@all\n"
	return write(filepath.Join(k.dir, desired.KeyRedisUsers), append(from.Data[desired.KeyRedisUsers], admin...))
}

// startRedis runs Redis with the operator's file of users and waits for its first answer.
func (k *kubelet) startRedis() {
	GinkgoHelper()
	args := append([]string{"--bind", "127.0.0.1", "--port", k.redis, "--save", "", "--dir", k.dir,
		"--aclfile", filepath.Join(k.dir, desired.KeyRedisUsers)}, k.flags...)
	k.db = exec.Command("redis-server", args...)
	k.db.Stdout, k.db.Stderr = GinkgoWriter, GinkgoWriter
	Expect(k.db.Start()).To(Succeed())
	Eventually(func() (string, error) { return k.ask("AUTH probe -", "PING") }).Should(Equal("+PONG"))
}

func (k *kubelet) stopRedis() {
	_ = k.db.Process.Signal(syscall.SIGKILL) // it may have ended
	_ = k.db.Wait()
}

// leaveRedis has Redis left as the spec makes it from now on.
func (k *kubelet) leaveRedis() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.broken = true
}

// restartRedis restarts Redis with additional flags.
func (k *kubelet) restartRedis(flags ...string) {
	GinkgoHelper()
	k.stopRedis()
	k.flags = flags
	k.startRedis()
}

// loadUsers sets the users of the file, as the Redis pod's probe does.
func (k *kubelet) loadUsers() error {
	users, err := os.ReadFile(filepath.Join(k.dir, desired.KeyRedisUsers))
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(users)) {
		name, rules, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "user "), " ")
		answer, err := k.ask("AUTH admin "+adminOfRedis, "ACL SETUSER "+name+" reset "+rules)
		if err != nil {
			return err
		}
		if answer != "+OK" {
			return fmt.Errorf("ACL SETUSER %s: %s", name, answer)
		}
	}
	return nil
}

// ask sends commands to Redis over a new connection and returns the last answer's first line.
func (k *kubelet) ask(commands ...string) (answer string, err error) {
	conn, err := net.Dial("tcp", "127.0.0.1:"+k.redis)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(patience)) // a TCP connection can
	answers := bufio.NewReader(conn)
	for _, command := range commands {
		if _, err := fmt.Fprintf(conn, "%s\r\n", command); err != nil {
			return "", err
		}
		if answer, err = answers.ReadString('\n'); err != nil {
			return "", err
		}
	}
	return strings.TrimSpace(answer), nil
}
