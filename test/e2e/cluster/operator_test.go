//go:build e2e

package cluster

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("The operator", func() {
	It("is upgraded without restarting a workload", Label("operator-upgrade"), func() {
		a := newArena("")
		c := a.gather()
		before := append(uids(a.pods(servers)), uids(a.pods(redis))...)
		DeferCleanup(installOperator, given.version)
		installOperator(given.next)

		By("a new cluster has the new image: the new operator works")
		n := newNamespace()
		n.apply(`
apiVersion: realtime.anteroom.dev/v1alpha1
kind: RealtimeCluster
metadata: {name: fresh}
spec: {replicas: 1}
`)
		n.kubectl("wait", "--for=condition=Ready", "realtimecluster/fresh", "--timeout", patience.String())
		Expect(n.list("pods", servers)).To(HaveEach(HaveField("Spec.Containers", HaveEach(HaveField("Image", serverImage(given.next))))))

		By("the old cluster serves as before and accepts changes")
		a.patch("lobbypolicy/arena", `{"spec":{"chat":{"maxLength":30}}}`)
		a.propagated()
		c.GoesOn(patience)
		c.StaysConnected()
		c.Settle()
		Expect(append(uids(a.pods(servers)), uids(a.pods(redis))...)).To(ConsistOf(before))
	})

	It("is down for a while, without an effect on clients", Label("operator-down"), func() {
		a := newArena("")
		c := a.gather()
		operator := system
		namespace(operator).kubectl("scale", "deployment/anteroom-operator", "--replicas=0")
		DeferCleanup(installOperator, given.version)
		Eventually(func() []object { return namespace(operator).list("pods", "") }).Should(BeEmpty())

		By("a pod deleted meanwhile is replaced")
		victim := a.pods(servers)[0]
		a.remove(victim)
		Eventually(func() []object { return a.pods(servers) }).Should(And(HaveLen(2), HaveEach(Satisfy(func(pod object) bool {
			return pod.Metadata.UID != victim.Metadata.UID && pod.is("Ready")
		}))))
		c.GoesOn(patience)

		By("a change made meanwhile is applied once the operator is back")
		a.patch("lobbypolicy/arena", `{"spec":{"chat":{"maxLength":30}}}`)
		namespace(operator).kubectl("scale", "deployment/anteroom-operator", "--replicas=1")
		a.propagated()
		a.awaitReady()
		c.GoesOn(patience)
		c.Settle()
	})
})

// propagated waits until all pods report the policy's current generation.
func (a *arena) propagated() {
	GinkgoHelper()
	type policy struct {
		Metadata struct{ Generation int }
		Status   struct {
			ObservedGeneration int
			Conditions         []struct {
				Type, Status       string
				ObservedGeneration int
			}
		}
	}
	Eventually(func() bool {
		var p policy
		decode(a.kubectl("get", "lobbypolicy/arena", "--output", "json"), &p)
		for _, c := range p.Status.Conditions {
			if c.Type == "Propagated" {
				return c.Status == "True" && c.ObservedGeneration == p.Metadata.Generation
			}
		}
		return false
	}).Should(BeTrue())
}
