package manager_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/envtest/komega"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

var _ = Describe("Exposure", func() {
	It("keeps the old Ingress until the new route is accepted", func(ctx SpecContext) {
		cluster := newCluster(ctx, newNamespace(ctx), `{exposure: {type: Ingress, hosts: [rt.example.com], ingress: {controller: Traefik}}}`)
		ingress := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "arena"}}
		Eventually(komega.Get(ingress)).Should(Succeed())
		Eventually(komega.Update(cluster, func() { cluster.Spec.Exposure.Ingress.Controller = v1alpha1.IngressContour })).Should(Succeed())
		Eventually(conditionOf(cluster, v1alpha1.ConditionExposureReady)).WithContext(ctx).Should(Equal("False/KindNotInstalled"))
		Consistently(komega.Get(ingress)).Should(Succeed())

		By("no way in at all, which needs nothing to be there first")
		Eventually(komega.Update(cluster, func() { cluster.Spec.Exposure.Type = v1alpha1.ExposureNone })).Should(Succeed())
		Eventually(komega.Get(ingress)).ShouldNot(Succeed())
	})

	It("writes no lines of the controller's configuration, and leaves existing objects unchanged", func(ctx SpecContext) {
		cluster := newCluster(ctx, newNamespace(ctx), `{exposure: {type: Ingress, hosts: [rt.example.com], ingress: {controller: Custom, annotations: {nginx.org/server-snippets: "return 200;", fine: "1"}}}}`)
		refused := conditionOf(cluster, v1alpha1.ConditionExposureReady)
		Eventually(refused).WithContext(ctx).Should(Equal("False/AnnotationRefused"))
		Expect(komega.Object(cluster)()).To(HaveField("Status.Conditions", ContainElement(HaveField("Message", And(ContainSubstring("nginx.org/server-snippets of exposure.ingress"), ContainSubstring("--allow-snippets"))))))
		ingress := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "arena"}}
		Expect(komega.Get(ingress)()).NotTo(Succeed())
		Eventually(komega.Update(cluster, func() { delete(cluster.Spec.Exposure.Ingress.Annotations, "nginx.org/server-snippets") })).Should(Succeed())
		Eventually(komega.Object(ingress)).Should(HaveField("ObjectMeta.Annotations", HaveKeyWithValue("fine", "1")))

		By("adding a snippet to an existing Ingress")
		Eventually(komega.Update(cluster, func() {
			cluster.Spec.Exposure.Ingress.Annotations = map[string]string{"fine": "2"}
			cluster.Spec.Exposure.Ingress.ServiceAnnotations = map[string]string{"haproxy.org/backend-config-snippet": "http-request deny"}
		})).Should(Succeed())
		Eventually(refused).WithContext(ctx).Should(Equal("False/AnnotationRefused"))
		Consistently(komega.Object(ingress)).WithTimeout(time.Second).Should(HaveField("ObjectMeta.Annotations", HaveKeyWithValue("fine", "1")))
		service := &corev1.Service{ObjectMeta: ingress.ObjectMeta}
		service.ObjectMeta = metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "arena"}
		Expect(komega.Object(service)()).To(HaveField("ObjectMeta.Annotations", Not(HaveKey("haproxy.org/backend-config-snippet"))))
	})
})
