package operator_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/envtest/komega"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

var _ = Describe("Exposure", func() {
	It("keeps the old way in until the new one is taken up", func(ctx SpecContext) {
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
})
