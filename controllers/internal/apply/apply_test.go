package apply_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/apply"
	"github.com/anteroom/anteroom/controllers/internal/desired"
	"github.com/anteroom/anteroom/controllers/internal/desired/stack"
	"github.com/anteroom/anteroom/controllers/internal/golden"
)

var _ = Describe("Apply", func() {
	DescribeTable("writes each object of a stack once, and then nothing", func(ctx SpecContext, input string) {
		objects := golden.Load(GinkgoTB(), "../desired/stack/testdata/"+input+".in.yaml")
		owner := newOwner(ctx, objects.Clusters[0].Spec)
		set, _ := desired.PolicySet(owner, nil, nil, nil)
		built, err := stack.Build(stack.Input{
			Cluster: owner, Policies: set, Replicas: 3, RedisPasswords: []string{desired.RedisPasswordHash("x")},
			Images:           stack.Images{Server: "server:1", Redis: "redis:7"},
			RedisCertificate: desired.Certificate{CA: []byte("ca"), Cert: []byte("cert"), Key: []byte("key")},
		})
		Expect(err).NotTo(HaveOccurred())

		writes := 0
		applier := newApplier(&writes)
		for round, want := range []apply.Outcome{apply.Created, apply.Unchanged} {
			for _, o := range built.Objects {
				title := o.GetObjectKind().GroupVersionKind().Kind + " " + o.GetName()
				outcome, err := applier.Apply(ctx, owner, o)
				if kind := o.GetObjectKind().GroupVersionKind(); kind == desired.PodMonitorKind {
					Expect(err).To(Equal(&apply.MissingKindError{Kind: kind}))
					continue
				}
				Expect(err).NotTo(HaveOccurred(), title)
				Expect(outcome).To(Equal(want), "%s in round %d", title, round)
			}
		}
	},
		Entry(nil, "defaults"), Entry(nil, "everything"), Entry(nil, "external-redis"), Entry(nil, "anonymous"),
	)

	var (
		owner   *v1alpha1.RealtimeCluster
		applier *apply.Applier
		writes  int
		service *corev1.Service
	)
	BeforeEach(func(ctx SpecContext) {
		owner = newOwner(ctx, v1alpha1.RealtimeClusterSpec{})
		writes = 0
		applier = newApplier(&writes)
		service = desired.ClientService(owner, map[string]string{"a": "1", "b": "2"})
		Expect(applier.Apply(ctx, owner, service)).To(Equal(apply.Created))
	})
	live := func(ctx SpecContext) *corev1.Service {
		var got corev1.Service
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(service), &got)).To(Succeed())
		return &got
	}

	It("makes the owner the controller", func(ctx SpecContext) {
		got := live(ctx)
		Expect(metav1.IsControlledBy(got, owner)).To(BeTrue())
		Expect(*got.OwnerReferences[0].BlockOwnerDeletion).To(BeTrue())
	})

	It("keeps fields of other owners", func(ctx SpecContext) {
		got := live(ctx)
		got.Labels["mine"], got.Annotations["mine"] = "yes", "yes"
		got.Spec.Ports = append(got.Spec.Ports, corev1.ServicePort{Name: "extra", Port: 81})
		Expect(k8s.Update(ctx, got)).To(Succeed())
		Expect(applier.Apply(ctx, owner, service)).To(Equal(apply.Unchanged))
		Expect(live(ctx).Labels).To(HaveKeyWithValue("mine", "yes"))
	})

	DescribeTable("undoes what others change", func(ctx SpecContext, change func(*corev1.Service)) {
		got := live(ctx)
		change(got)
		Expect(k8s.Update(ctx, got)).To(Succeed())
		Expect(applier.Apply(ctx, owner, service)).To(Equal(apply.Updated))
		Expect(live(ctx).Annotations).To(HaveKeyWithValue("a", "1"))
		Expect(applier.Apply(ctx, owner, service)).To(Equal(apply.Unchanged))
	},
		Entry("a value", func(s *corev1.Service) { s.Annotations["a"] = "other" }),
		Entry("a removed key", func(s *corev1.Service) { delete(s.Annotations, "a") }),
		Entry("an item of a list", func(s *corev1.Service) { s.Spec.Ports[0].TargetPort.StrVal = "elsewhere" }),
		Entry("the selector", func(s *corev1.Service) { s.Spec.Selector["app.kubernetes.io/name"] = "other" }),
		Entry("the owner", func(s *corev1.Service) {
			s.OwnerReferences = append(s.OwnerReferences, metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: "x", UID: "x"})
			s.OwnerReferences[0].BlockOwnerDeletion = nil
		}),
	)

	It("removes fields that are no longer desired", func(ctx SpecContext) {
		delete(service.Annotations, "b")
		Expect(applier.Apply(ctx, owner, service)).To(Equal(apply.Updated))
		Expect(live(ctx).Annotations).To(And(HaveLen(2), HaveKeyWithValue("a", "1"), HaveKey(desired.AnnotationApplied)))
		Expect(applier.Apply(ctx, owner, service)).To(Equal(apply.Unchanged))
	})

	It("reverts an addition to an atomic list", func(ctx SpecContext) {
		policy, err := desired.NetworkPolicy(owner)
		Expect(err).NotTo(HaveOccurred())
		Expect(applier.Apply(ctx, owner, policy)).To(Equal(apply.Created))
		var got networkingv1.NetworkPolicy
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(policy), &got)).To(Succeed())
		got.Spec.Ingress = append(got.Spec.Ingress, networkingv1.NetworkPolicyIngressRule{})
		Expect(k8s.Update(ctx, &got)).To(Succeed())
		Expect(applier.Apply(ctx, owner, policy)).To(Equal(apply.Updated))
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(policy), &got)).To(Succeed())
		Expect(got.Spec.Ingress).To(HaveLen(len(policy.Spec.Ingress)))
	})

	It("removes a field from an item of an atomic list", func(ctx SpecContext) {
		owner.Spec.NetworkPolicy.ClientsFrom = []v1alpha1.NetworkPeer{{PodSelector: &v1alpha1.LabelSelector{}}}
		policy, err := desired.NetworkPolicy(owner)
		Expect(err).NotTo(HaveOccurred())
		Expect(applier.Apply(ctx, owner, policy)).To(Equal(apply.Created))
		owner.Spec.NetworkPolicy.ClientsFrom = nil
		policy, err = desired.NetworkPolicy(owner)
		Expect(err).NotTo(HaveOccurred())
		Expect(applier.Apply(ctx, owner, policy)).To(Equal(apply.Updated))
		var got networkingv1.NetworkPolicy
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(policy), &got)).To(Succeed())
		Expect(got.Spec.Ingress[0].From).To(BeEmpty())
		Expect(applier.Apply(ctx, owner, policy)).To(Equal(apply.Unchanged))
	})

	It("writes an object once that was applied without a hash", func(ctx SpecContext) {
		var old corev1.Service
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(service), &old)).To(Succeed())
		service.OwnerReferences = old.OwnerReferences
		fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(service)
		Expect(err).NotTo(HaveOccurred())
		unmarked := client.ApplyConfigurationFromUnstructured(&unstructured.Unstructured{Object: fields})
		Expect(k8s.Apply(ctx, unmarked, client.FieldOwner(apply.FieldOwner), client.ForceOwnership)).To(Succeed())
		Expect(live(ctx).Annotations).NotTo(HaveKey(desired.AnnotationApplied))
		Expect(applier.Apply(ctx, owner, service)).To(Equal(apply.Updated))
		Expect(live(ctx).Annotations).To(HaveKey(desired.AnnotationApplied))
		Expect(applier.Apply(ctx, owner, service)).To(Equal(apply.Unchanged))
	})

	It("writes no hash of a Secret", func(ctx SpecContext) {
		secret := desired.RedisUsersSecret(owner, []string{desired.RedisPasswordHash("x")})
		Expect(applier.Apply(ctx, owner, secret)).To(Equal(apply.Created))
		var got corev1.Secret
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(secret), &got)).To(Succeed())
		Expect(got.Annotations).To(BeEmpty())
	})

	It("refuses an object with another controller", func(ctx SpecContext) {
		stranger := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: owner.Namespace, Name: desired.RuntimeConfigMapName(owner)}}
		Expect(k8s.Create(ctx, stranger)).To(Succeed())
		wanted, err := desired.RuntimeConfigMap(owner)
		Expect(err).NotTo(HaveOccurred())
		before := writes
		_, err = applier.Apply(ctx, owner, wanted)
		Expect(err).To(BeAssignableToTypeOf(&apply.ForeignError{}))
		Expect(err).To(MatchError(ContainSubstring(`ConfigMap "arena-runtime" is there already`)))
		Expect(writes).To(Equal(before))
	})

	It("prunes only the owner's objects that are no longer desired", func(ctx SpecContext) {
		other := desired.PeerService(owner)
		other.Name = "stranger"
		Expect(k8s.Create(ctx, other)).To(Succeed())
		Expect(applier.Apply(ctx, owner, desired.PeerService(owner))).To(Equal(apply.Created))
		kinds := []schema.GroupVersionKind{{Version: "v1", Kind: "Service"}, desired.PodMonitorKind}
		gone, err := applier.Prune(ctx, owner, desired.Labels(owner, desired.ComponentServer), kinds, []desired.Object{service})
		Expect(err).NotTo(HaveOccurred())
		Expect(gone).To(Equal([]string{"Service arena-peers"}))
	})

	It("creates a Secret once and leaves its values to the user", func(ctx SpecContext) {
		wanted := desired.Generated{Name: "arena-api", Key: "token", Component: desired.ComponentServer}
		makes := func() (*corev1.Secret, error) { return desired.GeneratedSecret(owner, wanted, "first"), nil }
		_, outcome, err := applier.Secret(ctx, owner, wanted.Name, makes)
		Expect(err).NotTo(HaveOccurred())
		Expect(outcome).To(Equal(apply.Created))
		var got corev1.Secret
		Expect(k8s.Get(ctx, client.ObjectKey{Namespace: owner.Namespace, Name: wanted.Name}, &got)).To(Succeed())
		got.Data["token"] = []byte("rotated")
		Expect(k8s.Update(ctx, &got)).To(Succeed())
		secret, outcome, err := applier.Secret(ctx, owner, wanted.Name, makes)
		Expect(err).NotTo(HaveOccurred())
		Expect(outcome).To(Equal(apply.Unchanged))
		Expect(string(secret.Data["token"])).To(Equal("rotated"))
	})
})
