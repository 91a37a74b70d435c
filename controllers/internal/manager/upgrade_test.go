package manager_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/envtest/komega"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
	"github.com/anteroom/anteroom/controllers/internal/desired/stack"
)

var _ = Describe("An upgrade of the operator", func() {
	It("restarts no pod, and new clusters get the new images", func(ctx SpecContext) {
		cluster := newCluster(ctx, newNamespace(ctx), `{}`)
		deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "arena"}}
		redis := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "arena-redis"}}
		Eventually(komega.Get(deployment)).Should(Succeed())
		Eventually(komega.Get(redis)).Should(Succeed())
		servers, store := deployment.Generation, redis.Generation
		stopMain()
		DeferCleanup(startMain)
		o := options()
		o.Images = stack.Images{Server: "server:2", Redis: "redis:8"}
		startManager(as(operatorUser), o)

		By("a new cluster, which shows that the new operator works")
		other := newCluster(ctx, newNamespace(ctx), `{}`)
		image := func(name string) types.GomegaMatcher {
			return HaveField("Spec.Template.Spec.Containers", ContainElement(HaveField("Image", name)))
		}
		fresh := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: other.Namespace, Name: "arena"}}
		Eventually(komega.Object(fresh)).Should(image("server:2"))

		By("the old one, whose change is made and whose pods are as they were")
		Eventually(komega.Update(cluster, func() { replicas := int32(3); cluster.Spec.Replicas = &replicas })).Should(Succeed())
		Eventually(komega.Object(deployment)).Should(HaveField("Spec.Replicas", HaveValue(BeEquivalentTo(3))))
		Expect(deployment.Generation).To(Equal(servers+1), "only the replicas changed")
		Expect(deployment).To(image("server:1"))
		Consistently(komega.Object(redis)).Should(HaveField("Generation", store))
		run(ctx, cluster, 3)
		Eventually(komega.Object(cluster)).Should(HaveField("Status.Conditions", ContainElement(And(
			HaveField("Type", v1alpha1.ConditionProgressing), HaveField("Reason", v1alpha1.ReasonRolloutComplete), HaveField("Message", ContainSubstring(`"server:2"`))))))

		By("the user, who asks for the new ones")
		Eventually(komega.Update(deployment, func() { delete(deployment.Annotations, desired.AnnotationDefaultImage) })).Should(Succeed())
		Eventually(komega.Object(deployment)).Should(image("server:2"))
		Eventually(komega.Update(cluster, func() { cluster.Spec.Redis.Managed.Image = "redis:8" })).Should(Succeed())
		Eventually(komega.Object(redis)).Should(And(image("redis:8"), HaveField("Annotations", Not(HaveKey(desired.AnnotationDefaultImage)))))
	})
})
