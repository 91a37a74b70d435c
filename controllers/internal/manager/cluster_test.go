package manager_test

import (
	"context"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest/komega"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
	"github.com/anteroom/anteroom/controllers/internal/envtesting"
)

// full asks for every child that needs no further CRD.
const full = `
redis: {managed: {storage: {type: Persistent, size: 1Gi}, tls: {enabled: true}}}
exposure: {type: Ingress, hosts: [rt.example.com], ingress: {controller: Traefik}}
networkPolicy: {enabled: true}
observability: {dashboards: {enabled: true}}
`

// children are the objects of a cluster with the full spec.
func children(namespace string) []client.Object {
	named := func(o client.Object, name string) client.Object {
		o.SetNamespace(namespace)
		o.SetName(name)
		return o
	}
	return []client.Object{
		named(&appsv1.Deployment{}, "arena"),
		named(&appsv1.StatefulSet{}, "arena-redis"),
		named(&corev1.Service{}, "arena"),
		named(&corev1.Service{}, "arena-peers"),
		named(&corev1.Service{}, "arena-redis"),
		named(&corev1.ServiceAccount{}, "arena"),
		named(&corev1.ConfigMap{}, "arena-runtime"),
		named(&corev1.ConfigMap{}, "arena-policies"),
		named(&corev1.ConfigMap{}, "arena-redis"),
		named(&corev1.ConfigMap{}, "arena-dashboards"),
		named(&corev1.Secret{}, "arena-admin"),
		named(&corev1.Secret{}, "arena-api"),
		named(&corev1.Secret{}, "arena-auth"),
		named(&corev1.Secret{}, "arena-redis"),
		named(&corev1.Secret{}, "arena-policy-secrets"),
		named(&corev1.Secret{}, "arena-redis-users"),
		named(&corev1.Secret{}, "arena-redis-tls"),
		named(&policyv1.PodDisruptionBudget{}, "arena"),
		named(&networkingv1.NetworkPolicy{}, "arena"),
		named(&networkingv1.NetworkPolicy{}, "arena-redis"),
		named(&networkingv1.Ingress{}, "arena"),
	}
}

var _ = Describe("RealtimeCluster", func() {
	It("gets all its objects, and later reconciles write nothing", func(ctx SpecContext) {
		cluster := newCluster(ctx, newNamespace(ctx), full)
		for _, child := range children(cluster.Namespace) {
			Eventually(komega.Get(child)).Should(Succeed(), "%T %s", child, child.GetName())
			Expect(metav1.IsControlledBy(child, cluster)).To(BeTrue(), "%T %s", child, child.GetName())
		}
		Eventually(conditionOf(cluster, v1alpha1.ConditionReady)).WithContext(ctx).Should(Equal("False/RedisNotReady"))
		settle()
		requests.Reset()
		// Each second has a reconcile; a restart of the operator reconciles as well.
		restarted, more := envtesting.Count(as(operatorUser))
		startManager(restarted, options())
		Consistently(func() []string { return append(requests.Writes(), more.Writes()...) }).WithTimeout(3 * time.Second).Should(BeEmpty())
		Expect(requests.Reads()).To(BeNumerically(">", 0), "there were no reconciles to count in")
		Expect(more.Reads()).To(BeNumerically(">", 0), "the restarted operator did not look")
	})

	It("restores each changed or deleted object, and keeps fields of users", func(ctx SpecContext) {
		cluster := newCluster(ctx, newNamespace(ctx), full)
		for _, child := range children(cluster.Namespace) {
			Eventually(komega.Get(child)).Should(Succeed())
			Eventually(komega.Update(child, func() {
				labels := child.GetLabels()
				labels["app.kubernetes.io/part-of"], labels["mine"] = "altered", "kept"
				child.SetLabels(labels)
			})).Should(Succeed())
		}
		for _, child := range children(cluster.Namespace) {
			if _, secret := child.(*corev1.Secret); secret && slices.Contains([]string{"arena-admin", "arena-api", "arena-auth", "arena-redis"}, child.GetName()) {
				continue // a generated Secret is the user's once it is made
			}
			Eventually(komega.Object(child)).Should(HaveField("ObjectMeta.Labels", And(
				HaveKeyWithValue("app.kubernetes.io/part-of", "anteroom"), HaveKeyWithValue("mine", "kept"))), "%T %s", child, child.GetName())
		}
		for _, child := range children(cluster.Namespace) {
			Expect(komega.Get(child)()).To(Succeed())
			uid := child.GetUID()
			Expect(k8s.Delete(ctx, child)).To(Succeed())
			Eventually(func(g Gomega) {
				g.Expect(komega.Get(child)()).To(Succeed())
				g.Expect(child.GetUID()).NotTo(Equal(uid))
			}).Should(Succeed(), "%T %s", child, child.GetName())
		}
	})

	It("is deleted at once, and leaves its objects to the garbage collector", func(ctx SpecContext) {
		cluster := newCluster(ctx, newNamespace(ctx), full)
		for _, child := range children(cluster.Namespace) {
			Eventually(komega.Get(child)).Should(Succeed(), "%T %s", child, child.GetName())
			Expect(child.GetFinalizers()).To(BeEmpty(), "%T %s", child, child.GetName())
		}
		Eventually(komega.Object(cluster)).Should(HaveField("Status.ObservedGeneration", BeEquivalentTo(1)))
		Expect(cluster.Finalizers).To(BeEmpty())
		settle()
		Expect(k8s.Delete(ctx, cluster)).To(Succeed())
		Expect(apierrors.IsNotFound(komega.Get(cluster)())).To(BeTrue(), "something holds it back")
		requests.Reset()
		settle()
		Expect(requests.Writes()).To(BeEmpty(), "the operator writes objects that the garbage collector deletes")
		for _, child := range children(cluster.Namespace) {
			Expect(komega.Get(child)()).To(Succeed())
			Expect(child.GetOwnerReferences()).To(HaveExactElements(And(
				HaveField("UID", cluster.UID), HaveField("Kind", "RealtimeCluster"), HaveField("Controller", HaveValue(BeTrue())),
			)), "%T %s", child, child.GetName())
		}
	})

	It("refuses an object of the same name with another controller", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		stranger := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "arena"}}
		stranger.Spec.Ports = []corev1.ServicePort{{Port: 1234}}
		Expect(k8s.Create(ctx, stranger)).To(Succeed())
		cluster := newCluster(ctx, namespace, `{}`)
		Eventually(conditionOf(cluster, v1alpha1.ConditionReady)).WithContext(ctx).Should(Equal("False/ObjectConflict"))
		Expect(komega.Get(stranger)()).To(Succeed())
		Expect(stranger.Spec.Ports[0].Port).To(BeEquivalentTo(1234))
		Expect(stranger.OwnerReferences).To(BeEmpty())
		By("working on when the stranger has gone")
		Expect(k8s.Delete(ctx, stranger)).To(Succeed())
		Eventually(conditionOf(cluster, v1alpha1.ConditionReady)).WithContext(ctx).Should(Equal("False/RedisNotReady"))
	})

	It("follows changes, and deletes objects that are no longer desired", func(ctx SpecContext) {
		cluster := newCluster(ctx, newNamespace(ctx), full)
		ingress := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "arena"}}
		Eventually(komega.Get(ingress)).Should(Succeed())
		Eventually(komega.Update(cluster, func() {
			cluster.Spec.Image = "own:2"
			cluster.Spec.Exposure.Type = v1alpha1.ExposureNone
			cluster.Spec.NetworkPolicy.Enabled = new(false)
		})).Should(Succeed())
		deployment := &appsv1.Deployment{ObjectMeta: ingress.ObjectMeta}
		deployment.ObjectMeta = metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "arena"}
		Eventually(komega.Object(deployment)).Should(HaveField("Spec.Template.Spec.Containers", ContainElement(HaveField("Image", "own:2"))))
		for _, gone := range []client.Object{ingress, &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "arena"}}} {
			Eventually(func() bool { return apierrors.IsNotFound(komega.Get(gone)()) }).Should(BeTrue(), "%T", gone)
		}
		Eventually(conditionOf(cluster, v1alpha1.ConditionExposureReady)).WithContext(ctx).Should(Equal("True/NotExposed"))
	})

	It("changes nothing while paused, and reports it", func(ctx SpecContext) {
		cluster := newCluster(ctx, newNamespace(ctx), `{paused: All}`)
		Eventually(conditionOf(cluster, v1alpha1.ConditionPaused)).WithContext(ctx).Should(Equal("True/AllPaused"))
		deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "arena"}}
		Consistently(func() bool { return apierrors.IsNotFound(komega.Get(deployment)()) }).Should(BeTrue())
		Eventually(komega.Update(cluster, func() { cluster.Spec.Paused = v1alpha1.PauseRollouts })).Should(Succeed())
		Eventually(komega.Object(deployment)).Should(HaveField("Spec.Paused", true))
		Eventually(komega.Update(cluster, func() { cluster.Spec.Paused = v1alpha1.PauseNone })).Should(Succeed())
		Eventually(komega.Object(deployment)).Should(HaveField("Spec.Paused", false))
	})

	It("follows an autoscaler through /scale and never overwrites its number", func(ctx SpecContext) {
		cluster := newCluster(ctx, newNamespace(ctx), `{scaling: {mode: External}}`)
		deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "arena"}}
		Eventually(komega.Object(deployment)).Should(HaveField("Spec.Replicas", HaveValue(BeEquivalentTo(2))))
		scale := &autoscalingv1.Scale{Spec: autoscalingv1.ScaleSpec{Replicas: 7}}
		Expect(k8s.SubResource("scale").Update(ctx, cluster, client.WithSubResourceBody(scale))).To(Succeed())
		Eventually(komega.Object(deployment)).Should(HaveField("Spec.Replicas", HaveValue(BeEquivalentTo(7))))
		Consistently(komega.Object(cluster)).Should(HaveField("Spec.Replicas", HaveValue(BeEquivalentTo(7))))
	})

	It("creates a requested autoscaler, which sets /scale and is never overwritten", func(ctx SpecContext) {
		cluster := newCluster(ctx, newNamespace(ctx), `{scaling: {mode: External, min: 2, max: 9, hpa: {targetCPUUtilization: 70}}}`)
		meta := metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "arena"}
		hpa, deployment := &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: meta}, &appsv1.Deployment{ObjectMeta: meta}
		Eventually(komega.Get(hpa)).Should(Succeed())
		Eventually(komega.Get(deployment)).Should(Succeed())
		Expect(hpa.Spec.ScaleTargetRef).To(Equal(autoscalingv2.CrossVersionObjectReference{APIVersion: "realtime.anteroom.dev/v1alpha1", Kind: "RealtimeCluster", Name: "arena"}))
		scale := &autoscalingv1.Scale{}
		Eventually(func(g Gomega) { // the input by which the autoscaler's controller finds the pods
			g.Expect(k8s.SubResource("scale").Get(ctx, cluster, scale)).To(Succeed())
			g.Expect(scale.Status.Selector).NotTo(BeEmpty())
		}).Should(Succeed())
		scale = &autoscalingv1.Scale{Spec: autoscalingv1.ScaleSpec{Replicas: 7}}
		Expect(k8s.SubResource("scale").Update(ctx, cluster, client.WithSubResourceBody(scale))).To(Succeed())
		Eventually(komega.Object(deployment)).Should(HaveField("Spec.Replicas", HaveValue(BeEquivalentTo(7))))
		Eventually(komega.UpdateStatus(hpa, func() { hpa.Status.DesiredReplicas, hpa.Status.CurrentReplicas = 7, 7 })).Should(Succeed())
		settle()
		requests.Reset()
		Consistently(requests.Writes).WithTimeout(3 * time.Second).Should(BeEmpty())
		Expect(komega.Get(deployment)()).To(Succeed())
		Expect(*deployment.Spec.Replicas).To(BeEquivalentTo(7))

		By("altering and deleting it")
		Eventually(komega.Update(hpa, func() { hpa.Spec.MaxReplicas = 100 })).Should(Succeed())
		Eventually(komega.Object(hpa)).Should(HaveField("Spec.MaxReplicas", BeEquivalentTo(9)))
		Expect(k8s.Delete(ctx, hpa)).To(Succeed())
		Eventually(komega.Get(hpa)).Should(Succeed())

		By("no longer asking for it, which leaves the number of pods as it is")
		Eventually(komega.Update(cluster, func() { cluster.Spec.Scaling.HPA = nil })).Should(Succeed())
		Eventually(komega.Get(hpa)).ShouldNot(Succeed())
		Consistently(komega.Object(deployment)).Should(HaveField("Spec.Replicas", HaveValue(BeEquivalentTo(7))))
	})

	It("keeps the old password valid until all servers use the new password", func(ctx SpecContext) {
		cluster := newCluster(ctx, newNamespace(ctx), `{}`)
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "arena-redis"}}
		users := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "arena-redis-users"}}
		Eventually(komega.Get(users)).Should(Succeed())
		Expect(komega.Get(secret)()).To(Succeed())
		first := desired.RedisPasswordHash(string(secret.Data["password"]))
		hashes := func(o *corev1.Secret) []string { return desired.RedisPasswordHashes(o.Data[desired.KeyRedisUsers]) }
		Expect(hashes(users)).To(Equal([]string{first}))
		redis := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "arena-redis-0", Labels: desired.Labels(cluster, desired.ComponentRedis)}}
		redis.Spec.Containers = []corev1.Container{{Name: "redis", Image: "redis:7"}}
		Expect(k8s.Create(ctx, redis)).To(Succeed())
		annotated := func(passwords ...string) {
			GinkgoHelper()
			Eventually(komega.Object(redis)).Should(HaveField("ObjectMeta.Annotations",
				HaveKeyWithValue(desired.AnnotationRedisUsers, desired.RedisUsersHash(cluster, passwords))))
		}
		annotated(first)
		rotate := func(password string) {
			Eventually(komega.Update(secret, func() { secret.Data["password"] = []byte(password) })).Should(Succeed())
		}
		rotate("second")
		second := desired.RedisPasswordHash("second")
		Eventually(komega.Object(users)).Should(WithTransform(hashes, Equal([]string{second, first})))
		annotated(second, first)

		By("revoking the old one when all servers use the new one")
		admin := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: desired.AdminSecretName(cluster)}}
		Expect(komega.Get(admin)()).To(Succeed())
		using := func(pod, password string) {
			servers.say(cluster.Namespace, pod, configv1.ServerStatus{Redis: configv1.RedisStatus{
				Healthy: true, Credential: configv1.CredentialRevision(string(admin.Data[desired.KeyToken]), password),
			}})
		}
		for _, name := range []string{"arena-a", "arena-b"} {
			using(name, "older")
			newPod(ctx, cluster, name)
		}
		using("arena-a", "second")
		Consistently(komega.Object(users)).Should(WithTransform(hashes, Equal([]string{second, first})))
		using("arena-b", "second")
		Eventually(komega.Object(users)).Should(WithTransform(hashes, Equal([]string{second})))
		annotated(second)

		By("the next rotation")
		rotate("third")
		Eventually(komega.Object(users)).Should(WithTransform(hashes, Equal([]string{desired.RedisPasswordHash("third"), second})))
	})

	It("reports a missing Secret, and uses it once it exists", func(ctx SpecContext) {
		cluster := newCluster(ctx, newNamespace(ctx), `{auth: {providers: [{name: tools, sharedSecretRef: {name: own, key: key}}]}}`)
		Eventually(conditionOf(cluster, v1alpha1.ConditionReady)).WithContext(ctx).Should(Equal("False/ReferenceNotFound"))
		Expect(k8s.Create(ctx, &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "own"}, StringData: map[string]string{"key": "x"},
		})).To(Succeed())
		Eventually(conditionOf(cluster, v1alpha1.ConditionReady)).WithContext(ctx).Should(Equal("False/RedisNotReady"))
	})

	It("expands the claim of Redis and never changes the StatefulSet's template", func(ctx SpecContext) {
		cluster := newCluster(ctx, newNamespace(ctx), full)
		set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "arena-redis"}}
		Eventually(komega.Get(set)).Should(Succeed())
		claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: desired.RedisClaimName(cluster)}}
		claim.Spec = set.Spec.VolumeClaimTemplates[0].Spec
		class := "grows"
		claim.Spec.StorageClassName = &class
		expand := true
		Expect(k8s.Create(ctx, storageClass(class, &expand))).To(Succeed())
		Expect(k8s.Create(ctx, claim)).To(Succeed())
		claim.Status.Phase = corev1.ClaimBound
		Expect(k8s.Status().Update(ctx, claim)).To(Succeed())
		Eventually(komega.Update(cluster, func() { cluster.Spec.Redis.Managed.Storage.Size.Set(2 << 30) })).Should(Succeed())
		Eventually(komega.Object(claim)).Should(WithTransform(func(c *corev1.PersistentVolumeClaim) string {
			return c.Spec.Resources.Requests.Storage().String()
		}, Equal("2Gi")))
		Expect(komega.Get(set)()).To(Succeed())
		Expect(set.Spec.VolumeClaimTemplates[0].Spec.Resources.Requests.Storage().String()).To(Equal("1Gi"))
	})
})

// eventsOf lists the notes of a cluster's events.
func eventsOf(cluster *v1alpha1.RealtimeCluster) func(Gomega, context.Context) []string {
	return func(g Gomega, ctx context.Context) []string {
		var list corev1.EventList
		g.Expect(k8s.List(ctx, &list, client.InNamespace(cluster.Namespace))).To(Succeed())
		var notes []string
		for _, e := range list.Items {
			if e.InvolvedObject.UID == cluster.UID {
				notes = append(notes, e.Type+" "+e.Reason)
			}
		}
		return notes
	}
}
