//go:build e2e

package cluster

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// own is the object that every namespace has by default.
const own = "configmap/kube-root-ca.crt"

var _ = Describe("An uninstall", Label("uninstall"), func() {
	It("leaves only the volume claim, even when the operator is deleted first", func() {
		a := newArena(persistent)
		DeferCleanup(installOperator, given.version)
		uninstallOperator()
		a.kubectl("delete", "realtimecluster/arena", "lobbypolicy/arena", "--timeout", patience.String())
		a.kubectl("delete", "rolebinding/anteroom-operator-namespace")
		Eventually(a.everything).Should(ConsistOf(own, "persistentvolumeclaim/data-arena-redis-0", "serviceaccount/default"))
		Eventually(namespace(system).everything).Should(ConsistOf(own, "serviceaccount/default"))
		left := a.kubectl("get", "clusterroles,clusterrolebindings,priorityclasses", "--selector", "app.kubernetes.io/instance="+release, "--output", "name")
		Expect(left).To(BeEmpty())
	})

	It("leaves only the volume claim when a cluster is deleted under the operator", func() {
		a := newArena(persistent)
		a.kubectl("delete", "realtimecluster/arena", "lobbypolicy/arena", "--timeout", patience.String())
		a.kubectl("delete", "rolebinding/anteroom-operator-namespace")
		Eventually(a.everything).Should(ConsistOf(own, "persistentvolumeclaim/data-arena-redis-0", "serviceaccount/default"))
	})
})

// everything lists all objects in a namespace except events, which expire by themselves.
func (n namespace) everything() []string {
	GinkgoHelper()
	kinds := strings.Fields(n.kubectl("api-resources", "--namespaced", "--verbs=list", "--output", "name"))
	kinds = withoutEvents(kinds)
	var all []string
	for name := range strings.FieldsSeq(n.kubectl("get", strings.Join(kinds, ","), "--output", "name", "--ignore-not-found")) {
		if !strings.HasPrefix(name, "podmetrics") {
			all = append(all, name)
		}
	}
	return all
}

func withoutEvents(kinds []string) []string {
	var all []string
	for _, kind := range kinds {
		if !strings.HasPrefix(kind, "events") {
			all = append(all, kind)
		}
	}
	return all
}
