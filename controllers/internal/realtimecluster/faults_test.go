package realtimecluster_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/yaml"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/apply"
	"github.com/anteroom/anteroom/controllers/internal/desired"
	"github.com/anteroom/anteroom/controllers/internal/desired/stack"
	"github.com/anteroom/anteroom/controllers/internal/envtesting"
	"github.com/anteroom/anteroom/controllers/internal/policyrefs"
	"github.com/anteroom/anteroom/controllers/internal/realtimecluster"
)

// silent are pods that say nothing.
type silent struct{}

func (silent) Get(*corev1.Pod) *configv1.ServerStatus { return nil }

func (silent) HasSynced() bool { return true }

func (silent) Drain(*corev1.Pod, string) {}

func (silent) Serve(*corev1.Pod, string) {}

// unasked is a Reports of pods that were not polled yet.
type unasked struct{ silent }

func (unasked) HasSynced() bool { return false }

// newReconciler is a fresh operator, whose writes go through before.
func newReconciler(before func(string) error) *realtimecluster.Reconciler {
	return &realtimecluster.Reconciler{
		Client: interceptor.NewClient(k8s, envtesting.Intercept(before)), Live: k8s,
		Kinds: apply.NewKinds(k8s.RESTMapper(), time.Minute), References: policyrefs.New(k8s, 0, policyrefs.InForce), Reports: silent{},
		Events: events.NewFakeRecorder(1000), Images: stack.Images{Server: "server:1", Redis: "redis:7"}, Resync: time.Minute,
	}
}

// newFaulty is a fresh operator, whose reads and writes go through before.
func newFaulty(before func(string) error) *realtimecluster.Reconciler {
	r := newReconciler(before)
	faulty := interceptor.NewClient(interceptor.NewClient(k8s, envtesting.Intercept(before)), envtesting.InterceptReads(before))
	r.Client, r.Live, r.References = faulty, faulty, policyrefs.New(faulty, 0, policyrefs.InForce)
	return r
}

// newUnable is a fresh operator that cannot read the Secret of that name.
func newUnable(secret string) *realtimecluster.Reconciler {
	r := newReconciler(func(string) error { return nil })
	r.Live = interceptor.NewClient(k8s, interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if key.Name == secret {
				return errors.New("injected")
			}
			return c.Get(ctx, key, o, opts...)
		},
	})
	return r
}

func newCluster(ctx SpecContext, spec string) *v1alpha1.RealtimeCluster {
	GinkgoHelper()
	namespace := &corev1.Namespace{}
	namespace.GenerateName = "faults-"
	Expect(k8s.Create(ctx, namespace)).To(Succeed())
	cluster := &v1alpha1.RealtimeCluster{}
	Expect(yaml.Unmarshal([]byte(spec), &cluster.Spec)).To(Succeed())
	cluster.Namespace, cluster.Name = namespace.Name, "arena"
	Expect(k8s.Create(ctx, cluster)).To(Succeed())
	return cluster
}

func requestFor(cluster *v1alpha1.RealtimeCluster) reconcile.Request {
	return reconcile.Request{NamespacedName: client.ObjectKeyFromObject(cluster)}
}

// newReadyPod creates a server pod that has been ready for long.
func newReadyPod(ctx SpecContext, cluster *v1alpha1.RealtimeCluster, name string) {
	GinkgoHelper()
	pod := &corev1.Pod{}
	pod.Namespace, pod.Name, pod.Labels = cluster.Namespace, name, desired.Labels(cluster, desired.ComponentServer)
	pod.Spec.Containers = []corev1.Container{{Name: "server", Image: "server:1"}}
	Expect(k8s.Create(ctx, pod)).To(Succeed())
	pod.Status.Phase = corev1.PodRunning
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(time.Now().Add(-time.Hour))}}
	Expect(k8s.Status().Update(ctx, pod)).To(Succeed())
}

const full = `
redis: {managed: {storage: {type: Persistent}, tls: {enabled: true}}}
exposure: {type: Ingress, hosts: [rt.example.com], ingress: {controller: Traefik}}
networkPolicy: {enabled: true}
observability: {dashboards: {enabled: true}}
`

// secretValues are the values of the cluster's Secrets, by name.
func secretValues(ctx SpecContext, namespace string) map[string]string {
	GinkgoHelper()
	var list corev1.SecretList
	Expect(k8s.List(ctx, &list, client.InNamespace(namespace))).To(Succeed())
	values := map[string]string{}
	for _, s := range list.Items {
		values[s.Name] = fmt.Sprint(s.Data)
	}
	return values
}

var _ = Describe("An operator that is restarted", func() {
	// untilDone reconciles, each time with a new operator, until a pass succeeds
	// and writes nothing; at most as often as given.
	untilDone := func(ctx SpecContext, cluster *v1alpha1.RealtimeCluster, most int, before func(string) error) {
		GinkgoHelper()
		for range most {
			writes := 0
			_, err := newReconciler(func(call string) error { writes++; return before(call) }).Reconcile(ctx, requestFor(cluster))
			if err == nil && writes == 0 {
				return
			}
		}
		Fail("it does not come to rest")
	}

	It("reaches the same state after a restart behind any single write", func(ctx SpecContext) {
		cluster := newCluster(ctx, full)
		crash := errors.New("killed")
		for allowed := 1; ; allowed++ {
			Expect(allowed).To(BeNumerically("<", 100))
			done := 0
			_, err := newReconciler(func(string) error {
				if done++; done > 1 {
					return crash
				}
				return nil
			}).Reconcile(ctx, requestFor(cluster))
			if err == nil && done == 0 {
				break
			}
		}
		Expect(secretValues(ctx, cluster.Namespace)).To(HaveLen(7))
	})

	It("recovers from a failure of any single request, a read or a write", func(ctx SpecContext) {
		cluster := newCluster(ctx, full)
		policy := &v1alpha1.LobbyPolicy{}
		policy.Namespace, policy.Name, policy.Spec.ClusterRef.Name, policy.Spec.LobbyType = cluster.Namespace, "duel", "arena", "duel"
		policy.Spec.Chat.Filters = []v1alpha1.ChatFilter{{Type: v1alpha1.FilterWebhook, URL: "https://example.com", SecretRef: &v1alpha1.KeyReference{Name: "keys", Key: "hmac"}}}
		Expect(k8s.Create(ctx, policy)).To(Succeed())
		secrets := map[string]string{}
		for failing := 1; ; failing++ {
			Expect(failing).To(BeNumerically("<", 500))
			calls := 0
			_, err := newFaulty(func(string) error {
				if calls++; calls == failing {
					return errors.New("injected")
				}
				return nil
			}).Reconcile(ctx, requestFor(cluster))
			now := secretValues(ctx, cluster.Namespace)
			for name, value := range secrets {
				Expect(now).To(HaveKeyWithValue(name, value), "a secret changed when call %d failed", failing)
			}
			secrets = now
			if calls < failing {
				Expect(err).NotTo(HaveOccurred())
				break
			}
			Expect(err).To(MatchError(ContainSubstring("injected")), "request %d failed, but the reconcile returned no error", failing)
		}
		untilDone(ctx, cluster, 2, func(string) error { return nil })
		Expect(secretValues(ctx, cluster.Namespace)).To(HaveLen(7))
	})

	It("reaches the same state after any failure, and generates Secrets once", func(ctx SpecContext) {
		for seed := range uint64(5) {
			random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // it drives a test
			cluster := newCluster(ctx, full)
			secrets := map[string]string{}
			for range 40 {
				_, _ = newFaulty(func(string) error {
					if random.IntN(12) == 0 {
						return errors.New("injected")
					}
					return nil
				}).Reconcile(ctx, requestFor(cluster)) // the injected errors are meant
				now := secretValues(ctx, cluster.Namespace)
				for name, value := range secrets {
					Expect(now).To(HaveKeyWithValue(name, value), "seed %d: a secret changed", seed)
				}
				secrets = now
			}
			untilDone(ctx, cluster, 5, func(string) error { return nil })
			var maps corev1.ConfigMapList
			Expect(k8s.List(ctx, &maps, client.InNamespace(cluster.Namespace), client.MatchingLabels{"app.kubernetes.io/instance": "arena"})).To(Succeed())
			Expect(maps.Items).To(HaveLen(4), "seed %d", seed)
		}
	})

	It("leaves Redis running while it cannot read the inputs of its StatefulSet", func(ctx SpecContext) {
		cluster := newCluster(ctx, full)
		untilDone(ctx, cluster, 5, func(string) error { return nil })
		set := &appsv1.StatefulSet{}
		key := client.ObjectKey{Namespace: cluster.Namespace, Name: "arena-redis"}
		Expect(k8s.Get(ctx, key, set)).To(Succeed())
		generation := set.Generation
		for _, unreadable := range []string{"arena-redis", "arena-redis-users", "arena-redis-tls"} {
			_, err := newUnable(unreadable).Reconcile(ctx, requestFor(cluster))
			Expect(err).To(MatchError(ContainSubstring("injected")), unreadable)
			Expect(k8s.Get(ctx, key, set)).To(Succeed())
			Expect(set.Generation).To(Equal(generation), "%s: Redis would restart", unreadable)
		}
		untilDone(ctx, cluster, 5, func(string) error { return nil })
	})

	It("removes no password from Redis while it cannot read the valid passwords", func(ctx SpecContext) {
		cluster := newCluster(ctx, `{}`)
		untilDone(ctx, cluster, 5, func(string) error { return nil })
		password := &corev1.Secret{}
		Expect(k8s.Get(ctx, client.ObjectKey{Namespace: cluster.Namespace, Name: "arena-redis"}, password)).To(Succeed())
		password.Data[desired.KeyRedisPassword] = []byte("newer")
		Expect(k8s.Update(ctx, password)).To(Succeed())
		untilDone(ctx, cluster, 5, func(string) error { return nil })
		known := func() []string {
			users := &corev1.Secret{}
			Expect(k8s.Get(ctx, client.ObjectKey{Namespace: cluster.Namespace, Name: "arena-redis-users"}, users)).To(Succeed())
			return desired.RedisPasswordHashes(users.Data[desired.KeyRedisUsers])
		}
		both := known()
		Expect(both).To(HaveLen(2))
		_, err := newUnable("arena-redis-users").Reconcile(ctx, requestFor(cluster))
		Expect(err).To(MatchError(ContainSubstring("injected")))
		Expect(known()).To(Equal(both))
	})

	It("writes nothing further next to a foreign certificate, and reports the conflict", func(ctx SpecContext) {
		cluster := newCluster(ctx, full)
		stranger := &corev1.Secret{}
		stranger.Namespace, stranger.Name = cluster.Namespace, "arena-redis-tls"
		Expect(k8s.Create(ctx, stranger)).To(Succeed())
		untilDone(ctx, cluster, 5, func(string) error { return nil })
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(cluster), cluster)).To(Succeed())
		Expect(cluster.Status.Conditions).To(ContainElement(And(HaveField("Type", v1alpha1.ConditionReady),
			HaveField("Reason", v1alpha1.ReasonObjectConflict), HaveField("Message", ContainSubstring("arena-redis-tls")))))
	})

	It("recreates the StatefulSet of Redis when the type of storage changes, but not in a paused roll-out", func(ctx SpecContext) {
		cluster := newCluster(ctx, `{paused: Rollouts}`)
		untilDone(ctx, cluster, 5, func(string) error { return nil })
		set := &appsv1.StatefulSet{}
		key := client.ObjectKey{Namespace: cluster.Namespace, Name: "arena-redis"}
		Expect(k8s.Get(ctx, key, set)).To(Succeed())
		old := set.UID
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(cluster), cluster)).To(Succeed())
		cluster.Spec.Redis.Managed.Storage.Type = v1alpha1.StoragePersistent
		Expect(k8s.Update(ctx, cluster)).To(Succeed())
		untilDone(ctx, cluster, 5, func(string) error { return nil })
		Expect(k8s.Get(ctx, key, set)).To(Succeed())
		Expect(set.DeletionTimestamp).To(BeNil())

		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(cluster), cluster)).To(Succeed())
		cluster.Spec.Paused = v1alpha1.PauseNone
		Expect(k8s.Update(ctx, cluster)).To(Succeed())
		_, err := newReconciler(func(string) error { return nil }).Reconcile(ctx, requestFor(cluster))
		Expect(err).NotTo(HaveOccurred(), "the old StatefulSet cannot become the new one")
		Expect(k8s.Get(ctx, key, set)).To(Succeed())
		set.Finalizers = nil // the garbage collector, which waits for the pods, is not here
		Expect(k8s.Update(ctx, set)).To(Succeed())
		untilDone(ctx, cluster, 5, func(string) error { return nil })
		Expect(k8s.Get(ctx, key, set)).To(Succeed())
		Expect(set.UID).NotTo(Equal(old))
		Expect(set.Spec.VolumeClaimTemplates).To(HaveLen(1))
	})

	It("keeps the configuration of pods in a paused roll-out, unless it was deleted", func(ctx SpecContext) {
		cluster := newCluster(ctx, `{}`)
		untilDone(ctx, cluster, 5, func(string) error { return nil })
		data := func() []map[string]string {
			var out []map[string]string
			for _, name := range []string{"arena-runtime", "arena-redis"} {
				config := &corev1.ConfigMap{}
				Expect(k8s.Get(ctx, client.ObjectKey{Namespace: cluster.Namespace, Name: name}, config)).To(Succeed())
				out = append(out, config.Data)
			}
			return out
		}
		change := func(changes func(*v1alpha1.RealtimeClusterSpec)) {
			Expect(k8s.Get(ctx, client.ObjectKeyFromObject(cluster), cluster)).To(Succeed())
			changes(&cluster.Spec)
			Expect(k8s.Update(ctx, cluster)).To(Succeed())
			untilDone(ctx, cluster, 5, func(string) error { return nil })
		}
		before := data()
		change(func(spec *v1alpha1.RealtimeClusterSpec) {
			spec.Paused, spec.Engine.Path, spec.Redis.Managed.TLS.Enabled = v1alpha1.PauseRollouts, "/rt/", true
		})
		Expect(data()).To(Equal(before))

		change(func(spec *v1alpha1.RealtimeClusterSpec) { spec.Paused = v1alpha1.PauseNone })
		after := data()
		Expect(after[0]).To(HaveKeyWithValue(desired.KeyRuntime, ContainSubstring("/rt/")))
		Expect(after[1]).To(HaveKeyWithValue(desired.KeyRedisConfig, ContainSubstring("tls-port")))

		change(func(spec *v1alpha1.RealtimeClusterSpec) { spec.Paused = v1alpha1.PauseRollouts })
		for _, name := range []string{"arena-runtime", "arena-redis"} {
			gone := &corev1.ConfigMap{}
			gone.Namespace, gone.Name = cluster.Namespace, name
			Expect(k8s.Delete(ctx, gone)).To(Succeed())
		}
		untilDone(ctx, cluster, 5, func(string) error { return nil })
		Expect(data()).To(Equal(after))
	})

	It("creates the configuration of a cluster that is created paused", func(ctx SpecContext) {
		cluster := newCluster(ctx, `{paused: Rollouts}`)
		untilDone(ctx, cluster, 5, func(string) error { return nil })
		for _, name := range []string{"arena-runtime", "arena-redis"} {
			Expect(k8s.Get(ctx, client.ObjectKey{Namespace: cluster.Namespace, Name: name}, &corev1.ConfigMap{})).To(Succeed())
		}
	})

	It("picks no pod to drain before the pods were polled", func(ctx SpecContext) {
		cluster := newCluster(ctx, `{replicas: 2}`)
		untilDone(ctx, cluster, 5, func(string) error { return nil })
		for _, name := range []string{"arena-0", "arena-1"} {
			newReadyPod(ctx, cluster, name)
		}
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(cluster), cluster)).To(Succeed())
		one := int32(1)
		cluster.Spec.Replicas = &one
		Expect(k8s.Update(ctx, cluster)).To(Succeed())
		picked := func(reports realtimecluster.Reports) []string {
			r := newReconciler(func(string) error { return nil })
			r.Reports = reports
			_, err := r.Reconcile(ctx, requestFor(cluster))
			Expect(err).NotTo(HaveOccurred())
			var pods corev1.PodList
			Expect(k8s.List(ctx, &pods, client.InNamespace(cluster.Namespace))).To(Succeed())
			var names []string
			for _, p := range pods.Items {
				if p.Annotations[desired.AnnotationDrain] != "" {
					names = append(names, p.Name)
				}
			}
			return names
		}
		Expect(picked(unasked{})).To(BeEmpty())
		deployment := &appsv1.Deployment{}
		Expect(k8s.Get(ctx, client.ObjectKey{Namespace: cluster.Namespace, Name: "arena"}, deployment)).To(Succeed())
		Expect(deployment.Spec.Replicas).To(HaveValue(BeEquivalentTo(2)))
		Expect(picked(silent{})).To(HaveLen(1))
	})

	It("applies objects, but leaves the status unchanged before the pods were polled", func(ctx SpecContext) {
		cluster := newCluster(ctx, `{}`)
		r := newReconciler(func(string) error { return nil })
		r.Reports = unasked{}
		result, err := r.Reconcile(ctx, requestFor(cluster))
		Expect(err).NotTo(HaveOccurred())
		Expect(result.RequeueAfter).To(BeNumerically("<=", time.Second))
		Expect(k8s.Get(ctx, client.ObjectKey{Namespace: cluster.Namespace, Name: "arena"}, &appsv1.Deployment{})).To(Succeed())
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(cluster), cluster)).To(Succeed())
		Expect(cluster.Status.Conditions).To(BeEmpty())
	})

	It("reports a refusal of the API server, and applies the other objects", func(ctx SpecContext) {
		cluster := newCluster(ctx, `{exposure: {type: Ingress, hosts: ["a.example.com"], tls: {secretName: "Not_A_Name"}, ingress: {controller: Custom}}}`)
		_, err := newReconciler(func(string) error { return nil }).Reconcile(ctx, requestFor(cluster))
		Expect(err).To(MatchError(ContainSubstring("apply Ingress arena")))
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(cluster), cluster)).To(Succeed())
		Expect(cluster.Status.Conditions).To(ContainElement(And(HaveField("Type", v1alpha1.ConditionReady), HaveField("Reason", v1alpha1.ReasonApplyFailed))))
	})
})
