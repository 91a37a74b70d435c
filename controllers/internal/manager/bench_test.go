package manager_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/go-logr/logr"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
	"github.com/anteroom/anteroom/controllers/internal/envtesting"
	"github.com/anteroom/anteroom/controllers/internal/manager"
)

// benchClusters is how many RealtimeClusters the benchmark has; BENCH_CLUSTERS
// changes it.
var benchClusters = 1000

func init() {
	if n, err := strconv.Atoi(os.Getenv("BENCH_CLUSTERS")); err == nil {
		benchClusters = n
	}
}

// benchSamples is the number of further clusters, created in sequence.
const benchSamples = 100

// BenchmarkClusters measures, with 1,000 RealtimeClusters of default spec: how long
// it takes from the first create to the last child; how long, when nothing else is
// going on, from the create of one more cluster to its last child; what a steady
// reconcile and a resync of all ask of the API server; and what memory the manager
// has. The load's own client is in the same process, so that is an upper bound.
func BenchmarkClusters(b *testing.B) {
	g := NewWithT(b)
	log.SetLogger(logr.Discard())
	defer debug.SetGCPercent(debug.SetGCPercent(manager.GCPercent)) // as the program does
	environment, err := envtesting.Start()
	g.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = environment.Stop() }()
	unlimited := rest.CopyConfig(environment.Config)
	unlimited.QPS = -1
	load, err := client.New(unlimited, client.Options{Scheme: envtesting.Scheme()})
	g.Expect(err).NotTo(HaveOccurred())

	o := options()
	o.Resync = time.Hour
	counted, requests := envtesting.Count(environment.Config)
	operator, err := manager.New(counted, o)
	g.Expect(err).NotTo(HaveOccurred())
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- operator.Start(ctx) }()

	for range b.N {
		started := time.Now()
		for i := range benchClusters {
			g.Expect(load.Create(ctx, benchCluster(i))).To(Succeed())
		}
		created := time.Since(started)
		g.Eventually(func() bool { return allChildren(ctx, operator.GetClient()) }).WithTimeout(15 * time.Minute).WithPolling(time.Second).Should(BeTrue())
		b.ReportMetric(created.Seconds(), "s-to-create")
		b.ReportMetric(time.Since(started).Seconds(), "s-to-all-children")
	}
	b.Logf("all children are there after %s; %d reads, %d writes so far", b.Elapsed(), requests.Reads(), len(requests.Writes()))
	quiet(g, requests)
	var memory runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&memory)
	b.ReportMetric(float64(memory.HeapAlloc)/(1<<20), "heap-MiB")
	b.ReportMetric(residentMiB(g), "RSS-MiB")

	times := make([]time.Duration, benchSamples)
	for i := range times {
		cluster := benchCluster(benchClusters + i)
		began := time.Now()
		g.Expect(load.Create(ctx, cluster)).To(Succeed())
		g.Eventually(func() bool { return complete(ctx, load, cluster) }).WithTimeout(time.Minute).WithPolling(5 * time.Millisecond).Should(BeTrue())
		times[i] = time.Since(began)
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Milliseconds()), "ms-one-p50")
	b.ReportMetric(float64(times[len(times)*99/100-1].Milliseconds()), "ms-one-p99")
	quiet(g, requests)

	// A label changes nothing that is wanted, and the controllers look at each cluster.
	requests.Reset()
	started := time.Now()
	for i := range benchClusters {
		deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: benchCluster(i).Name}}
		patch := client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"labels":{"touched":"yes"}}}`))
		g.Expect(load.Patch(ctx, deployment, patch)).To(Succeed())
	}
	quiet(g, requests)
	b.ReportMetric(float64(requests.Reads())/float64(benchClusters), "reads/touch")
	b.ReportMetric(float64(len(requests.Writes()))/float64(benchClusters), "writes/touch")
	b.ReportMetric(time.Since(started).Seconds(), "s-to-settle")

	// A restarted operator reconciles every cluster, as a resync does.
	cancel()
	g.Expect(<-done).To(Succeed())
	recounted, resync := envtesting.Count(environment.Config)
	again, err := manager.New(recounted, o)
	g.Expect(err).NotTo(HaveOccurred())
	ctx, cancel = context.WithCancel(b.Context())
	defer cancel()
	go func() { done <- again.Start(ctx) }()
	g.Eventually(resync.Reads).WithTimeout(5 * time.Minute).WithPolling(time.Second).Should(BeNumerically(">", benchClusters+benchSamples))
	quiet(g, resync)
	b.ReportMetric(float64(resync.Reads())/float64(benchClusters+benchSamples), "reads/resync")
	b.ReportMetric(float64(len(resync.Writes())), "writes-of-all-resyncs")
	cancel()
	g.Expect(<-done).To(Succeed())
}

// complete reports whether the objects of a cluster that are created last exist.
func complete(ctx context.Context, c client.Client, cluster *v1alpha1.RealtimeCluster) bool {
	for name, o := range map[string]client.Object{
		"": &policyv1.PodDisruptionBudget{}, "-redis": &appsv1.StatefulSet{}, "-peers": &corev1.Service{}, "-policies": &corev1.ConfigMap{},
	} {
		if c.Get(ctx, client.ObjectKey{Namespace: cluster.Namespace, Name: cluster.Name + name}, o) != nil {
			return false
		}
	}
	return c.Get(ctx, client.ObjectKeyFromObject(cluster), &appsv1.Deployment{}) == nil
}

// residentMiB returns the resident memory of the process.
func residentMiB(g *WithT) float64 {
	text, err := os.ReadFile("/proc/self/statm")
	g.Expect(err).NotTo(HaveOccurred())
	var all, resident int
	_, err = fmt.Sscan(string(text), &all, &resident)
	g.Expect(err).NotTo(HaveOccurred())
	return float64(resident*os.Getpagesize()) / (1 << 20)
}

func benchCluster(i int) *v1alpha1.RealtimeCluster {
	return &v1alpha1.RealtimeCluster{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: fmt.Sprintf("bench-%d", i)}}
}

// allChildren counts the children in the manager's cache.
func allChildren(ctx context.Context, c client.Client) bool {
	for list, each := range map[client.ObjectList]int{
		&appsv1.DeploymentList{}: 1, &appsv1.StatefulSetList{}: 1, &corev1.ServiceList{}: 3,
		&corev1.ConfigMapList{}: 3, &policyv1.PodDisruptionBudgetList{}: 1, &corev1.ServiceAccountList{}: 1,
	} {
		if c.List(ctx, list, client.MatchingLabels(desired.ManagedLabels())) != nil || length(list) < each*benchClusters {
			return false
		}
	}
	return true
}

func length(list client.ObjectList) int {
	switch l := list.(type) {
	case *appsv1.DeploymentList:
		return len(l.Items)
	case *appsv1.StatefulSetList:
		return len(l.Items)
	case *corev1.ServiceList:
		return len(l.Items)
	case *corev1.ConfigMapList:
		return len(l.Items)
	case *corev1.ServiceAccountList:
		return len(l.Items)
	case *policyv1.PodDisruptionBudgetList:
		return len(l.Items)
	}
	return 0
}

// quiet waits until the operator asks nothing any more.
func quiet(g *WithT, requests *envtesting.Requests) {
	last := -1
	g.Eventually(func() bool {
		now := requests.Reads() + len(requests.Writes())
		same := now == last
		last = now
		return same
	}).WithTimeout(10 * time.Minute).WithPolling(3 * time.Second).Should(BeTrue())
}
