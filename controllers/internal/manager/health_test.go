package manager_test

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest/komega"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/envtesting"
)

func storageClass(name string, expand *bool) *storagev1.StorageClass {
	return &storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: name}, Provisioner: "test/none", AllowVolumeExpansion: expand}
}

// run plays the controllers that envtest lacks: the workloads become ready.
func run(ctx SpecContext, cluster *v1alpha1.RealtimeCluster, replicas int32) {
	GinkgoHelper()
	redis := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "arena-redis"}}
	Eventually(komega.Get(redis)).Should(Succeed())
	Eventually(komega.UpdateStatus(redis, func() {
		redis.Status.Replicas, redis.Status.ReadyReplicas = 1, 1
	})).Should(Succeed())
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "arena"}}
	Eventually(komega.Get(deployment)).Should(Succeed())
	Eventually(komega.UpdateStatus(deployment, func() {
		deployment.Status.ObservedGeneration = deployment.Generation
		deployment.Status.Replicas, deployment.Status.ReadyReplicas = replicas, replicas
		deployment.Status.UpdatedReplicas, deployment.Status.AvailableReplicas = replicas, replicas
	})).Should(Succeed())
}

// revisionOf is the newest PolicySet's.
func revisionOf(cluster *v1alpha1.RealtimeCluster) string {
	GinkgoHelper()
	now := &v1alpha1.RealtimeCluster{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: cluster.Name}}
	Eventually(komega.Object(now)).Should(HaveField("Status.PolicyRevision", Not(BeEmpty())))
	Expect(komega.Get(now)()).To(Succeed())
	return now.Status.PolicyRevision
}

var _ = Describe("The status", func() {
	It("is Ready only while the whole spec is in effect", func(ctx SpecContext) {
		cluster := newCluster(ctx, newNamespace(ctx), `{replicas: 2}`)
		run(ctx, cluster, 2)
		revision := revisionOf(cluster)
		good := configv1.ServerStatus{Connections: 3, PolicyRevision: revision, Ready: true, Redis: configv1.RedisStatus{Healthy: true}}
		for _, name := range []string{"arena-a", "arena-b"} {
			newPod(ctx, cluster, name)
			servers.say(cluster.Namespace, name, good)
			good.Connections += 4
		}
		ready := conditionOf(cluster, v1alpha1.ConditionReady)
		Eventually(ready).WithContext(ctx).Should(Equal("True/AllReady"))
		Eventually(komega.Object(cluster)).Should(HaveField("Status.Connections", HaveValue(Equal(
			v1alpha1.ConnectionsStatus{Total: 10, PerPodMin: 3, PerPodMax: 7}))))
		Eventually(eventsOf(cluster)).WithContext(ctx).Should(ContainElement("Normal AllReady"))

		By("a restart of the operator, which leaves the status unchanged before its first reports")
		settle()
		restarted, more := envtesting.Count(as(operatorUser))
		stop := launch(restarted, options())
		Eventually(more.Reads).Should(BeNumerically(">", 0))
		Consistently(more.Writes).WithTimeout(3 * time.Second).Should(BeEmpty())
		stop()

		By("a pod that loses Redis")
		bad := good
		bad.Redis = configv1.RedisStatus{Error: "write: WRONGPASS invalid username-password pair"}
		servers.say(cluster.Namespace, "arena-b", bad)
		Eventually(conditionOf(cluster, v1alpha1.ConditionRedisReady)).WithContext(ctx).Should(Equal("False/RedisAuthFailed"))
		Eventually(ready).WithContext(ctx).Should(Equal("False/RedisNotReady"))
		servers.say(cluster.Namespace, "arena-b", good)
		Eventually(ready).WithContext(ctx).Should(Equal("True/AllReady"))

		By("a roll-out")
		Eventually(komega.Update(cluster, func() { cluster.Spec.Image = "server:2" })).Should(Succeed())
		Eventually(ready).WithContext(ctx).Should(Equal("False/RolloutInProgress"))
		Eventually(func(g Gomega) {
			run(ctx, cluster, 2)
			g.Expect(ready(g, ctx)).To(Equal("True/AllReady"))
		}).Should(Succeed())

		By("an image that cannot be pulled")
		pod := newPod(ctx, cluster, "arena-c")
		servers.say(cluster.Namespace, "arena-c", good)
		pod.Status.Conditions[0].Status = corev1.ConditionFalse
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "server", State: corev1.ContainerState{
			Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff", Message: "no such image"},
		}}}
		Expect(k8s.Status().Update(ctx, pod)).To(Succeed())
		deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "arena"}}
		Eventually(komega.UpdateStatus(deployment, func() { deployment.Status.UpdatedReplicas = 1 })).Should(Succeed())
		Eventually(ready).WithContext(ctx).Should(Equal("False/RolloutStalled"))
		Eventually(komega.Object(cluster)).Should(HaveField("Status.Conditions", ContainElement(And(
			HaveField("Type", v1alpha1.ConditionReady), HaveField("Message", ContainSubstring("pod arena-c: ImagePullBackOff: no such image"))))))
	})

	It("follows the connections without reads from the API server, and writes only the number", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		o := options()
		o.Resync, o.Namespaces = time.Hour, []string{namespace} // no reconcile comes by itself
		stopMain()
		DeferCleanup(startMain)
		counted, asked := envtesting.Count(as(operatorUser))
		startManager(counted, o)
		cluster := newCluster(ctx, namespace, `{replicas: 1}`)
		run(ctx, cluster, 1)
		report := configv1.ServerStatus{Connections: 1, PolicyRevision: revisionOf(cluster), Ready: true, Redis: configv1.RedisStatus{Healthy: true}}
		newPod(ctx, cluster, "arena-a")
		servers.say(namespace, "arena-a", report)
		for i := range 20 {
			newPolicy(ctx, cluster, fmt.Sprintf("policy-%d", i), `{}`)
		}
		total := func(n int) {
			GinkgoHelper()
			Eventually(komega.Object(cluster)).Should(HaveField("Status.Connections", HaveValue(HaveField("Total", BeEquivalentTo(n)))))
		}
		last := &v1alpha1.LobbyPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "policy-19"}}
		Eventually(accepted(last)).WithContext(ctx).Should(Equal("True/Accepted"))
		total(1)
		// The set may still change after the last policy was accepted.
		Eventually(func(g Gomega, ctx context.Context) string {
			report.PolicyRevision = revisionOf(cluster)
			servers.say(namespace, "arena-a", report)
			return conditionOf(cluster, v1alpha1.ConditionReady)(g, ctx)
		}).WithContext(ctx).Should(Equal("True/AllReady"))
		quietFor(asked)
		asked.Reset()
		for n := 2; n <= 4; n++ {
			report.Connections = n
			servers.say(namespace, "arena-a", report)
			total(n)
		}
		Expect(asked.Reads()).To(BeZero(), "secrets and the like were read")
		Expect(len(asked.Writes())).To(BeNumerically("<=", 3), "%v", asked.Writes())
	})
})

var _ = Describe("LobbyPolicy and MatchmakingQueue", func() {
	It("are accepted or refused with a reason, and their propagation is reported", func(ctx SpecContext) {
		cluster := newCluster(ctx, newNamespace(ctx), `{}`)
		newPod(ctx, cluster, "arena-a")
		before := revisionOf(cluster)
		servers.say(cluster.Namespace, "arena-a", configv1.ServerStatus{PolicyRevision: before})
		policy := func(name, lobbyType string) *v1alpha1.LobbyPolicy {
			p := &v1alpha1.LobbyPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: name}}
			p.Spec.ClusterRef.Name, p.Spec.LobbyType = "arena", lobbyType
			Expect(k8s.Create(ctx, p)).To(Succeed())
			return p
		}
		first := policy("duel", "duel")
		on := func(p *v1alpha1.LobbyPolicy, kind string) func(Gomega, SpecContext) string {
			return func(g Gomega, ctx SpecContext) string {
				g.Expect(k8s.Get(ctx, client.ObjectKeyFromObject(p), p)).To(Succeed())
				return find(p.Status.Conditions, kind, p.Generation)
			}
		}
		Eventually(on(first, v1alpha1.ConditionAccepted)).WithContext(ctx).Should(Equal("True/Accepted"))
		Eventually(on(first, v1alpha1.ConditionPropagated)).WithContext(ctx).Should(Equal("False/PodsBehind"))
		Expect(first.Status.Pods.Behind).To(Equal([]string{"arena-a"}))
		Expect(first.Status.Revision).To(Equal(configv1.LobbyPolicy{Name: first.Name, Spec: first.Spec}.Revision()))

		By("nudging the pod, so that the kubelet renews its volume at once")
		Eventually(komega.Object(cluster)).Should(HaveField("Status.PolicyRevision", Not(Equal(before))))
		revision := revisionOf(cluster)
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "arena-a"}}
		Eventually(komega.Object(pod)).Should(HaveField("ObjectMeta.Annotations", HaveKeyWithValue("realtime.anteroom.dev/policy-revision", revision)))
		servers.say(cluster.Namespace, "arena-a", configv1.ServerStatus{PolicyRevision: revision})
		Eventually(on(first, v1alpha1.ConditionPropagated)).WithContext(ctx).Should(Equal("True/AllPodsCurrent"))
		Eventually(conditionOf(cluster, v1alpha1.ConditionPoliciesPropagated)).WithContext(ctx).Should(Equal("True/AllPodsCurrent"))

		By("refusing a second one for the same lobby type, while the first goes on")
		second := policy("zz-duel", "duel")
		Eventually(on(second, v1alpha1.ConditionAccepted)).WithContext(ctx).Should(Equal("False/LobbyTypeTaken"))
		Expect(revisionOf(cluster)).To(Equal(revision))
		Expect(k8s.Delete(ctx, first)).To(Succeed())
		Eventually(on(second, v1alpha1.ConditionAccepted)).WithContext(ctx).Should(Equal("True/Accepted"))

		By("refusing a queue whose policy is missing, until it is there")
		queue := &v1alpha1.MatchmakingQueue{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "q"}}
		queue.Spec.ClusterRef.Name = "arena"
		queue.Spec.Teams = []v1alpha1.MatchTeam{{Name: "all", Min: 2, Max: 4}}
		queue.Spec.Handoff = v1alpha1.HandoffSpec{Type: v1alpha1.HandoffLobby, LobbyPolicyRef: &v1alpha1.LocalReference{Name: "later"}}
		Expect(k8s.Create(ctx, queue)).To(Succeed())
		accepted := func(g Gomega, ctx SpecContext) string {
			g.Expect(k8s.Get(ctx, client.ObjectKeyFromObject(queue), queue)).To(Succeed())
			return find(queue.Status.Conditions, v1alpha1.ConditionAccepted, queue.Generation)
		}
		Eventually(accepted).WithContext(ctx).Should(Equal("False/ReferenceNotFound"))
		policy("later", "later")
		Eventually(accepted).WithContext(ctx).Should(Equal("True/Accepted"))

		By("telling of a cluster that is not there")
		lost := policy("lost", "lost")
		Eventually(komega.Update(lost, func() { lost.Labels = map[string]string{"a": "b"} })).Should(Succeed())
		orphan := &v1alpha1.LobbyPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "orphan"}}
		orphan.Spec.ClusterRef.Name, orphan.Spec.LobbyType = "elsewhere", "x"
		Expect(k8s.Create(ctx, orphan)).To(Succeed())
		Eventually(on(orphan, v1alpha1.ConditionAccepted)).WithContext(ctx).Should(Equal("False/ClusterNotFound"))
	})
})
