package manager_test

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest/komega"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
)

// fleet is a cluster with fake pods.
type fleet struct {
	cluster    *v1alpha1.RealtimeCluster
	deployment *appsv1.Deployment
}

// newFleet creates a cluster with a pod for each number of connections, arena-0 and so on, and
// waits until the operator has a report of every pod.
func newFleet(ctx SpecContext, spec string, connections ...int) *fleet {
	GinkgoHelper()
	f := &fleet{cluster: newCluster(ctx, newNamespace(ctx), spec)}
	f.deployment = &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: f.cluster.Namespace, Name: "arena"}}
	Eventually(komega.Get(f.deployment)).Should(Succeed())
	all := int64(0)
	for i, n := range connections {
		newPod(ctx, f.cluster, f.name(i))
		f.say(i, configv1.ServerStatus{Connections: n, Ready: true})
		all += int64(n)
	}
	if f.cluster.Spec.Scaling.Mode != v1alpha1.ScalingConnections { // mode Connections acts on the reports
		Eventually(komega.Object(f.cluster)).Should(HaveField("Status.Connections", HaveValue(HaveField("Total", all))))
	}
	return f
}

// reach creates as many pods as the Deployment requests.
func (f *fleet) reach(ctx SpecContext, replicas int32) {
	GinkgoHelper()
	run(ctx, f.cluster, replicas)
	Eventually(komega.Object(f.cluster)).Should(HaveField("Status.Replicas", replicas))
}

func (f *fleet) name(i int) string { return fmt.Sprintf("arena-%d", i) }

func (f *fleet) say(i int, s configv1.ServerStatus) { servers.say(f.cluster.Namespace, f.name(i), s) }

// asked returns the drain requests that a pod got.
func (f *fleet) asked(i int) func() []string { return servers.asked(f.cluster.Namespace, f.name(i)) }

// scale writes the scale subresource, as kubectl scale and autoscalers do.
func (f *fleet) scale(ctx context.Context, replicas int32) {
	GinkgoHelper()
	body := &autoscalingv1.Scale{Spec: autoscalingv1.ScaleSpec{Replicas: replicas}}
	Expect(k8s.SubResource("scale").Update(ctx, f.cluster, client.WithSubResourceBody(body))).To(Succeed())
}

func (f *fleet) replicas() func() (int32, error) {
	return func() (int32, error) {
		err := komega.Get(f.deployment)()
		return *f.deployment.Spec.Replicas, err
	}
}

// token is the token of the admin listener.
func (f *fleet) token(ctx context.Context) string {
	GinkgoHelper()
	secret := &corev1.Secret{}
	Expect(k8s.Get(ctx, client.ObjectKey{Namespace: f.cluster.Namespace, Name: desired.AdminSecretName(f.cluster)}, secret)).To(Succeed())
	Expect(secret.Data[desired.KeyToken]).NotTo(BeEmpty())
	return string(secret.Data[desired.KeyToken])
}

func (f *fleet) annotations(ctx context.Context, i int) func(Gomega) map[string]string {
	return func(g Gomega) map[string]string {
		pod := &corev1.Pod{}
		g.Expect(k8s.Get(ctx, client.ObjectKey{Namespace: f.cluster.Namespace, Name: f.name(i)}, pod)).To(Succeed())
		return pod.Annotations
	}
}

// remove plays the Deployment's controller.
func (f *fleet) remove(ctx context.Context, i int) {
	GinkgoHelper()
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: f.cluster.Namespace, Name: f.name(i)}}
	Expect(k8s.Delete(ctx, pod, client.GracePeriodSeconds(0))).To(Succeed())
}

const (
	connectionsMode = `{replicas: 4, scaling: {mode: Connections, min: 1, max: 5, targetConnectionsPerPod: 100, scaleDown: {stabilization: 1s, maxPodsPerStep: %d}}}`
	quickDrain      = `{replicas: 2, drain: {settle: 0s, window: 1s, flushTimeout: 1s}}`
)

var _ = Describe("Fewer pods", func() {
	It("drain before their deletion, the pods with the fewest clients first", func(ctx SpecContext) {
		f := newFleet(ctx, `{replicas: 3}`, 60, 5, 30)
		run(ctx, f.cluster, 3)
		token := f.token(ctx)
		f.scale(ctx, 1)
		for _, i := range []int{1, 2} {
			Eventually(f.asked(i)).Should(HaveExactElements("PUT Bearer " + token))
			Eventually(f.annotations(ctx, i)).Should(And(HaveKey(desired.AnnotationDrain), HaveKeyWithValue(corev1.PodDeletionCost, "-1")))
		}
		Eventually(f.annotations(ctx, 0)).Should(And(HaveKeyWithValue(corev1.PodDeletionCost, "60"), Not(HaveKey(desired.AnnotationDrain))))
		Eventually(conditionOf(f.cluster, v1alpha1.ConditionProgressing)).WithContext(ctx).Should(Equal("True/Scaling"))
		f.say(1, configv1.ServerStatus{Draining: true, Drained: true})
		Consistently(f.replicas()).Should(BeEquivalentTo(3), "one pod still has clients")
		f.say(2, configv1.ServerStatus{Draining: true, Drained: true})
		Eventually(f.replicas()).Should(BeEquivalentTo(1))
		Consistently(f.asked(1)).Should(HaveLen(1), "a leaving pod gets no order to serve")
		f.remove(ctx, 1)
		f.remove(ctx, 2)
		Consistently(f.asked(0)).Should(BeEmpty())
		Consistently(f.replicas()).Should(BeEquivalentTo(1))
	})

	It("drain for an autoscaler as well, which may cancel the scale-down", func(ctx SpecContext) {
		f := newFleet(ctx, `{replicas: 2, scaling: {mode: External}}`, 60, 30)
		token := f.token(ctx)
		f.scale(ctx, 1)
		Eventually(f.asked(1)).Should(HaveExactElements("PUT Bearer " + token))
		By("more load while a pod drains")
		f.scale(ctx, 3)
		Eventually(f.replicas()).Should(BeEquivalentTo(3))
		Eventually(f.asked(1)).Should(HaveExactElements("PUT Bearer "+token, "DELETE Bearer "+token))
		Eventually(f.annotations(ctx, 1)).Should(And(HaveKeyWithValue(corev1.PodDeletionCost, "30"), Not(HaveKey(desired.AnnotationDrain))))
		Expect(f.asked(0)()).To(BeEmpty())
		Consistently(komega.Object(f.cluster)).Should(HaveField("Spec.Replicas", HaveValue(BeEquivalentTo(3))))
	})

	It("wait for a draining pod no longer than its window", func(ctx SpecContext) {
		f := newFleet(ctx, quickDrain, 60, 30)
		f.scale(ctx, 1)
		Eventually(f.asked(1)).Should(HaveLen(1))
		Consistently(f.replicas()).WithTimeout(3 * time.Second).Should(BeEquivalentTo(2))
		Eventually(f.replicas()).WithTimeout(patience).Should(BeEquivalentTo(1))
	})

	It("do not wait for a pod without clients", func(ctx SpecContext) {
		f := newFleet(ctx, `{replicas: 2}`, 60)
		broken := newPod(ctx, f.cluster, "arena-broken")
		Eventually(komega.UpdateStatus(broken, func() { broken.Status.Conditions[0].Status = corev1.ConditionFalse })).Should(Succeed())
		f.scale(ctx, 1)
		Eventually(f.replicas()).Should(BeEquivalentTo(1))
		Consistently(f.asked(0)).Should(BeEmpty())
	})

	It("are not picked before the first report of a pod that has just become ready", func(ctx SpecContext) {
		f := newFleet(ctx, `{replicas: 2}`, 60)
		f.reach(ctx, 2)
		newPod(ctx, f.cluster, f.name(1))
		f.scale(ctx, 1)
		Consistently(f.asked(0)).Should(BeEmpty())
		f.say(1, configv1.ServerStatus{Connections: 90, Ready: true})
		Eventually(f.asked(0)).Should(HaveLen(1))
		Expect(f.asked(1)()).To(BeEmpty())
	})

	It("are not deleted before the cache has all pods", func(ctx SpecContext) {
		f := newFleet(ctx, `{replicas: 2}`, 60)
		f.reach(ctx, 2)
		f.scale(ctx, 1)
		Consistently(f.replicas()).Should(BeEquivalentTo(2))
		Expect(f.asked(0)()).To(BeEmpty())
		newPod(ctx, f.cluster, f.name(1))
		f.say(1, configv1.ServerStatus{Connections: 30, Ready: true})
		Eventually(f.asked(1)).Should(HaveLen(1))
		f.say(1, configv1.ServerStatus{Draining: true, Drained: true})
		Eventually(f.replicas()).Should(BeEquivalentTo(1))
		Expect(f.asked(0)()).To(BeEmpty())
	})

	It("continue to drain when the operator restarts", func(ctx SpecContext) {
		f := newFleet(ctx, `{replicas: 2}`, 60, 30)
		f.scale(ctx, 1)
		Eventually(f.asked(1)).Should(HaveLen(1))
		stopMain()
		since := f.annotations(ctx, 1)(Default)[desired.AnnotationDrain]
		f.say(1, configv1.ServerStatus{Connections: 90, Ready: true}) // it restarted too, and has forgotten
		startMain()
		Eventually(f.asked(1)).Should(HaveLen(2))
		Expect(f.annotations(ctx, 1)(Default)).To(HaveKeyWithValue(desired.AnnotationDrain, since))
		f.say(1, configv1.ServerStatus{Draining: true, Drained: true})
		Eventually(f.replicas()).Should(BeEquivalentTo(1))
		Expect(f.asked(0)()).To(BeEmpty())
	})
})

var _ = Describe("The number of pods", func() {
	It("grows with the connections at once, and shrinks in steps after the stabilization time", func(ctx SpecContext) {
		f := newFleet(ctx, fmt.Sprintf(connectionsMode, 2), 250, 90, 100, 30)
		Eventually(f.replicas()).Should(BeEquivalentTo(5))
		evicted := newPod(ctx, f.cluster, "arena-evicted") // it stays listed, and counts for nothing
		Eventually(komega.UpdateStatus(evicted, func() { evicted.Status.Phase, evicted.Status.Conditions = corev1.PodFailed, nil })).Should(Succeed())
		newPod(ctx, f.cluster, f.name(4))
		for i, n := range []int{60, 5, 10, 15, 4} {
			f.say(i, configv1.ServerStatus{Connections: n, Ready: true})
		}
		By("a step of two")
		for _, i := range []int{4, 1} {
			Eventually(f.asked(i)).Should(HaveLen(1))
			f.say(i, configv1.ServerStatus{Draining: true, Drained: true})
		}
		Eventually(f.replicas()).Should(BeEquivalentTo(3))
		Consistently(f.asked(2)).Should(BeEmpty(), "the step is not over before the pods are gone")
		f.remove(ctx, 4)
		f.remove(ctx, 1)
		By("the next")
		for _, i := range []int{2, 3} {
			Eventually(f.asked(i)).Should(HaveLen(1))
			f.say(i, configv1.ServerStatus{Draining: true, Drained: true})
		}
		Eventually(f.replicas()).Should(BeEquivalentTo(1))
		Expect(f.asked(0)()).To(BeEmpty())
	})

	It("is not lowered while a pod's connections are unknown", func(ctx SpecContext) {
		f := newFleet(ctx, fmt.Sprintf(connectionsMode, 2))
		newPod(ctx, f.cluster, "arena-silent")
		for i, n := range []int{30, 5, 5} {
			newPod(ctx, f.cluster, f.name(i))
			f.say(i, configv1.ServerStatus{Connections: n, Ready: true})
		}
		Consistently(f.replicas()).WithTimeout(3 * time.Second).Should(BeEquivalentTo(4))
		Expect(f.asked(1)()).To(BeEmpty())
	})
})
