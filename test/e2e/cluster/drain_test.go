//go:build e2e

package cluster

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("A drained node", Label("drain"), func() {
	It("evicts one pod at a time, without lost data", func() {
		a := newArena("")
		c := a.gather()
		before := a.pods(servers)
		node := a.kubectl("get", "pod", before[0].Metadata.Name, "--output", "jsonpath={.spec.nodeName}")
		drain := func(timeout string) (string, error) {
			return a.try("drain", node, "--pod-selector", servers, "--delete-emptydir-data", "--ignore-daemonsets", "--timeout", timeout)
		}
		DeferCleanup(func() { a.kubectl("uncordon", node) })

		By("without another node, the disruption budget keeps the last pod")
		out, err := drain("30s")
		Expect(err).To(HaveOccurred())
		Expect(out).To(ContainSubstring("disruption budget"))
		left := a.pods(servers)
		Expect(left).To(ContainElement(HaveField("Metadata.UID", BeElementOf(uids(before)))))
		c.GoesOn(patience)

		By("with another node, the evicted pods run again")
		a.kubectl("uncordon", node)
		Eventually(func() []object { return a.pods(servers) }).Should(And(HaveLen(2), HaveEach(Satisfy(func(pod object) bool { return pod.is("Ready") }))))
		c.GoesOn(patience)
		remaining := strings.Join(uids(before), " ")
		for _, pod := range a.pods(servers) {
			if strings.Contains(remaining, pod.Metadata.UID) {
				a.kubectl("wait", "--for=jsonpath={.status.disruptionsAllowed}=1", "pdb/arena", "--timeout", patience.String())
				a.evict(pod)
			}
		}
		Eventually(func() []object { return a.pods(servers) }).Should(And(HaveLen(2), HaveEach(Satisfy(func(pod object) bool { return pod.is("Ready") }))))
		a.awaitReady()
		c.GoesOn(patience)
		c.Settle()
	})
})

// evict requests a pod's eviction and waits until the pod is deleted.
func (a *arena) evict(pod object) {
	GinkgoHelper()
	path := "/api/v1/namespaces/" + string(a.namespace) + "/pods/" + pod.Metadata.Name + "/eviction"
	a.create(path, `{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"`+pod.Metadata.Name+`"}}`)
	a.kubectl("wait", "--for=delete", "pod/"+pod.Metadata.Name, "--timeout", patience.String())
}
