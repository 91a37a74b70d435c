package manager_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest/komega"
	"sigs.k8s.io/yaml"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
	"github.com/anteroom/anteroom/controllers/internal/desired/stack"
	"github.com/anteroom/anteroom/controllers/internal/envtesting"
	"github.com/anteroom/anteroom/controllers/internal/manager"
	"github.com/anteroom/anteroom/controllers/internal/podstatus"
)

// patience is how long anything may take.
const patience = time.Minute

// retryKinds is short, so that the specs see a kind soon that was installed.
const retryKinds = time.Second

var (
	k8s      client.Client
	config   *rest.Config
	requests *envtesting.Requests
	servers  = &fakeServers{reports: map[string]configv1.ServerStatus{}, drains: map[string][]string{}, real: map[string]string{}}
)

func TestOperator(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "controllers/internal/manager")
}

var _ = BeforeSuite(func(ctx SpecContext) {
	SetDefaultEventuallyTimeout(patience)
	EnforceDefaultTimeoutsWhenUsingContexts() // otherwise an assertion with a context has no time-out
	SetDefaultEventuallyPollingInterval(50 * time.Millisecond)
	SetDefaultConsistentlyDuration(time.Second)
	EnforceDefaultTimeoutsWhenUsingContexts() // a context alone would have no end
	ctrl.SetLogger(GinkgoLogr)
	environment, err := envtesting.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(environment.Stop)
	config = environment.Config
	k8s, err = client.New(config, client.Options{Scheme: envtesting.Scheme()})
	Expect(err).NotTo(HaveOccurred())
	komega.SetClient(k8s)
	DeferCleanup(servers.start())
	system := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "anteroom-system"}}
	Expect(k8s.Create(ctx, system)).To(Succeed())
	installRBAC(ctx, "rbac/service_account.yaml", "rbac/role.yaml", "rbac/role_binding.yaml", "rbac/namespace_role.yaml", "rbac/cluster_role.yaml", "rbac/leader_election.yaml",
		"rbac/user_view.yaml", "rbac/user_edit.yaml", "rbac/user_admin.yaml")
	startMain()
	DeferCleanup(func() { stopMain() })
})

// stopMain stops the suite's operator, which has just the rights of config/rbac, and
// startMain starts it.
var stopMain func()

func startMain() {
	var counted *rest.Config
	counted, requests = envtesting.Count(as(operatorUser))
	stopMain = launch(counted, options())
}

// options returns the options of the suite's manager.
func options() manager.Options {
	o := manager.DefaultOptions()
	o.MetricsAddress, o.HealthAddress, o.LeaderElection, o.Shared = "0", "0", false, true
	o.Resync, o.RetryKinds, o.FiguresEvery = time.Second, retryKinds, 500*time.Millisecond
	o.Images = stack.Images{Server: "server:1", Redis: "redis:7"}
	o.Reports = podstatus.Options{Tick: 50 * time.Millisecond, Interval: 200 * time.Millisecond, Timeout: 10 * time.Second, Stale: 10 * time.Second, URL: servers.url}
	return o
}

// startManager runs an operator until the spec that starts it ends.
func startManager(c *rest.Config, o manager.Options) { DeferCleanup(launch(c, o)) }

// launch runs an operator until the returned function stops it.
func launch(c *rest.Config, o manager.Options) (stop func()) {
	manager, err := manager.New(c, o)
	Expect(err).NotTo(HaveOccurred())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- manager.Start(ctx) }()
	return func() {
		cancel()
		Eventually(done).Should(Receive(BeNil()))
	}
}

// fakeServers answer for pods, by their names.
type fakeServers struct {
	mu      sync.Mutex
	server  *httptest.Server
	reports map[string]configv1.ServerStatus
	// drains are the requests to drain that a pod got: method and bearer token.
	drains map[string][]string
	// real are the URLs of the pods that real processes answer for.
	real map[string]string
}

func (f *fakeServers) start() func() {
	f.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		pod, what := path.Split(r.URL.Path)
		pod = path.Clean(pod)
		report, ok := f.reports[pod]
		switch {
		case !ok:
			http.Error(w, "no such pod", http.StatusNotFound)
		case "/"+what == configv1.DrainPath:
			f.drains[pod] = append(f.drains[pod], r.Method+" "+r.Header.Get("Authorization"))
			report.Draining, report.Drained = r.Method == http.MethodPut, false
			report.Ready = !report.Draining
			f.reports[pod] = report
		default:
			_ = json.NewEncoder(w).Encode(report)
		}
	}))
	return f.server.Close
}

func (f *fakeServers) url(pod *corev1.Pod) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if url, ok := f.real["/"+pod.Namespace+"/"+pod.Name]; ok {
		return url
	}
	return f.server.URL + "/" + pod.Namespace + "/" + pod.Name
}

// say sets the report of a pod.
func (f *fakeServers) say(namespace, pod string, report configv1.ServerStatus) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reports["/"+namespace+"/"+pod] = report
}

// asked returns the drain requests that a pod got.
func (f *fakeServers) asked(namespace, pod string) func() []string {
	return func() []string {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.drains["/"+namespace+"/"+pod]
	}
}

// newNamespace makes a namespace that is open to the operator; what is in it is shown
// when the spec fails.
func newNamespace(ctx SpecContext) string {
	namespace := closedNamespace(ctx)
	bind(ctx, namespace, operatorUser, "anteroom-operator-namespace")
	return namespace
}

// closedNamespace creates a namespace without a role binding for the operator.
func closedNamespace(ctx SpecContext) string {
	GinkgoHelper()
	namespace := &corev1.Namespace{}
	namespace.GenerateName = "spec-"
	Expect(k8s.Create(ctx, namespace)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) {
		if CurrentSpecReport().Failed() {
			dump(ctx, namespace.Name)
		}
		Expect(k8s.DeleteAllOf(ctx, &v1alpha1.RealtimeCluster{}, client.InNamespace(namespace.Name))).To(Succeed())
	})
	return namespace.Name
}

func dump(ctx SpecContext, namespace string) {
	for _, list := range []client.ObjectList{&v1alpha1.RealtimeClusterList{}, &v1alpha1.LobbyPolicyList{}, &v1alpha1.MatchmakingQueueList{}, &corev1.PodList{}, &corev1.EventList{}} {
		if k8s.List(ctx, list, client.InNamespace(namespace)) == nil {
			text, _ := yaml.Marshal(list)
			GinkgoWriter.Printf("%s\n", text)
		}
	}
}

// newCluster creates a RealtimeCluster "arena" from the YAML of its spec.
func newCluster(ctx SpecContext, namespace, spec string) *v1alpha1.RealtimeCluster {
	cluster := &v1alpha1.RealtimeCluster{}
	Expect(yaml.Unmarshal([]byte(spec), &cluster.Spec)).To(Succeed())
	cluster.Namespace, cluster.Name = namespace, "arena"
	Expect(k8s.Create(ctx, cluster)).To(Succeed())
	return cluster
}

// conditionOf reads a condition of the cluster as "Status/Reason".
func conditionOf(cluster *v1alpha1.RealtimeCluster, kind string) func(Gomega, context.Context) string {
	return func(g Gomega, ctx context.Context) string {
		var now v1alpha1.RealtimeCluster
		g.Expect(k8s.Get(ctx, client.ObjectKeyFromObject(cluster), &now)).To(Succeed())
		return find(now.Status.Conditions, kind, now.Generation)
	}
}

// find is empty while the condition is missing or about an older generation.
func find(conditions []metav1.Condition, kind string, generation int64) string {
	for _, c := range conditions {
		if c.Type == kind && c.ObservedGeneration == generation {
			return string(c.Status) + "/" + c.Reason
		}
	}
	return ""
}

// newPod creates a running, ready server pod of the cluster.
func newPod(ctx SpecContext, cluster *v1alpha1.RealtimeCluster, name string) *corev1.Pod {
	pod := &corev1.Pod{}
	pod.Namespace, pod.Name, pod.Labels = cluster.Namespace, name, desired.Labels(cluster, desired.ComponentServer)
	pod.Spec.Containers = []corev1.Container{{Name: "server", Image: "server:1"}}
	Expect(k8s.Create(ctx, pod)).To(Succeed())
	before := pod.DeepCopy() // the operator may write to the pod meanwhile
	pod.Status.Phase, pod.Status.PodIP = corev1.PodRunning, "127.0.0.1"
	pod.Status.PodIPs = []corev1.PodIP{{IP: "127.0.0.1"}}
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now()}}
	Expect(k8s.Status().Patch(ctx, pod, client.MergeFrom(before))).To(Succeed())
	return pod
}

// settle waits until the operator has had time to write and writes no more.
func settle() {
	GinkgoHelper()
	quietFor(requests)
}

// quietFor waits for a window in which nothing is written.
func quietFor(r *envtesting.Requests) {
	GinkgoHelper()
	writes, since := len(r.Writes()), time.Now()
	Eventually(func() time.Duration {
		if now := len(r.Writes()); now != writes {
			writes, since = now, time.Now()
		}
		return time.Since(since)
	}).Should(BeNumerically(">", 1500*time.Millisecond))
}
