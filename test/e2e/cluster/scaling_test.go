//go:build e2e

package cluster

import (
	"fmt"
	"strconv"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/anteroom/anteroom/test/siotest"
)

var _ = Describe("Scaling by connections", Label("scaling"), func() {
	It("adds a pod for new clients, and drains the pod with the fewest when they leave", func() {
		a := newArena(`{"replicas":null,"scaling":{"mode":"Connections","min":2,"max":3,"targetConnectionsPerPod":10,"scaleDown":{"stabilization":"5s"}}}`)
		c := a.gather()
		Expect(a.pods(servers)).To(HaveLen(2))

		By("more clients than the target of two pods")
		var guests []*siotest.Client
		for n := range 12 {
			guests = append(guests, a.connect(fmt.Sprint("guest-", n)))
		}
		Eventually(func() []object { return a.pods(servers) }).Should(HaveLen(3))
		a.awaitReady()
		c.GoesOn(patience)

		By("the clients leave")
		for _, guest := range guests {
			guest.Close()
		}
		var leaving object
		Eventually(func() []object { return a.pods(servers) }).Should(ContainElement(Satisfy(func(pod object) bool {
			return pod.Metadata.Annotations["controller.kubernetes.io/pod-deletion-cost"] == "-1"
		}), &leaving))
		for _, pod := range a.pods(servers) {
			GinkgoWriter.Printf("%s: cost %s\n", pod.Metadata.Name, pod.Metadata.Annotations["controller.kubernetes.io/pod-deletion-cost"])
		}
		Eventually(func() []string { return uids(a.pods(servers)) }).Should(And(HaveLen(2), Not(ContainElement(leaving.Metadata.UID))))
		c.GoesOn(patience)
		c.Settle()
		Eventually(func() int {
			n, _ := strconv.Atoi(a.kubectl("get", "realtimecluster/arena", "--output", "jsonpath={.status.connections.total}"))
			return n
		}).Should(Equal(12))
	})
})
