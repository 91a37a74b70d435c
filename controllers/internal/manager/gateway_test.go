package manager_test

import (
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/envtest/komega"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired/exposure"
	"github.com/anteroom/anteroom/controllers/internal/envtesting"
)

var _ = Describe("Gateway", Ordered, func() {
	It("waits for the Gateway API, and continues when it is installed", func(ctx SpecContext) {
		cluster := newCluster(ctx, newNamespace(ctx),
			`{exposure: {type: Gateway, hosts: [rt.example.com], gateway: {parentRefs: [{name: edge}]}}}`)
		ready := conditionOf(cluster, v1alpha1.ConditionExposureReady)
		Eventually(ready).WithContext(ctx).Should(Equal("False/KindNotInstalled"))

		module, err := envtesting.ModuleDir("sigs.k8s.io/gateway-api", "v1.6.3")
		Expect(err).NotTo(HaveOccurred())
		crd := filepath.Join(module, "config/crd/experimental/gateway.networking.k8s.io_httproutes.yaml")
		_, err = envtest.InstallCRDs(config, envtest.CRDInstallOptions{Paths: []string{crd}, ErrorIfPathMissing: true})
		Expect(err).NotTo(HaveOccurred())
		Eventually(ready).WithContext(ctx).Should(Equal("False/NotYetAdmitted"))
		route := &unstructured.Unstructured{}
		route.SetGroupVersionKind(exposure.HTTPRouteKind)
		route.SetNamespace(cluster.Namespace)
		route.SetName("arena")
		Eventually(komega.Get(route)).Should(Succeed())
		rules, _, _ := unstructured.NestedSlice(route.Object, "spec", "rules")
		Expect(rules[0]).To(HaveKeyWithValue("sessionPersistence", HaveKeyWithValue("sessionName", "anteroom")))

		By("a Gateway that accepts the route")
		accepted := map[string]any{"type": "Accepted", "status": "True", "reason": "Accepted", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"}
		parent := map[string]any{"parentRef": map[string]any{"name": "edge"}, "controllerName": "example.com/gateway", "conditions": []any{accepted}}
		Expect(unstructured.SetNestedSlice(route.Object, []any{parent}, "status", "parents")).To(Succeed())
		Expect(k8s.Status().Update(ctx, route)).To(Succeed())
		Eventually(ready).WithContext(ctx).Should(Equal("True/PartiallySupported"))
		Eventually(komega.Object(cluster)).Should(HaveField("Status.URL", "https://rt.example.com/socket.io/"))

		By("a route that is altered or deleted")
		Eventually(komega.Update(route, func() {
			_ = unstructured.SetNestedStringSlice(route.Object, []string{"other.example.com"}, "spec", "hostnames")
		})).Should(Succeed())
		Eventually(komega.Object(route)).Should(WithTransform(func(u *unstructured.Unstructured) []string {
			hosts, _, _ := unstructured.NestedStringSlice(u.Object, "spec", "hostnames")
			return hosts
		}, Equal([]string{"rt.example.com"})))
		Expect(k8s.Delete(ctx, route)).To(Succeed())
		Eventually(komega.Get(route)).Should(Succeed())

		By("a cluster that is no longer exposed")
		Eventually(komega.Update(cluster, func() { cluster.Spec.Exposure.Type = v1alpha1.ExposureNone })).Should(Succeed())
		Eventually(func() error { return client.IgnoreNotFound(komega.Get(route)()) }).Should(Succeed())
		Eventually(komega.Get(route)).ShouldNot(Succeed())
	})
})
