//go:build e2e

package cluster

import (
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/anteroom/anteroom/test/crowd"
)

var _ = Describe("A new image", Label("rollout"), func() {
	It("rolls out under load: no acknowledged data is lost, and clients move one by one", func() {
		a := newArena("")
		c := a.gather()
		a.patch("realtimecluster/arena", `{"spec":{"image":"`+serverImage(given.next)+`"}}`)
		// Until the last old pod has moved its clients and is deleted.
		Eventually(func(g Gomega) {
			pods := a.list("pods", servers)
			g.Expect(pods).To(HaveLen(2))
			for _, pod := range pods {
				g.Expect(pod.Spec.Containers[0].Image).To(Equal(serverImage(given.next)))
			}
		}).Should(Succeed())
		a.awaitReady()
		for _, pod := range a.pods(servers) {
			Expect(a.statusOf(pod).Version).To(Equal(given.next))
		}
		c.GoesOn(patience)
		c.Settle()
		paced(c.Cuts())
	})
})

// paced checks that connections did not end all at once: a drain closes them evenly over
// its window.
func paced(cuts []crowd.Cut) {
	GinkgoHelper()
	slices.SortFunc(cuts, func(a, b crowd.Cut) int { return a.At.Compare(b.At) })
	for _, cut := range cuts {
		GinkgoWriter.Printf("%s %s\n", cut.At.Format("15:04:05.000"), cut.Why)
	}
	const atOnce, within = 8, time.Second // of the twelve
	for i := range cuts[:max(0, len(cuts)-atOnce)] {
		Expect(cuts[i+atOnce].At.Sub(cuts[i].At)).To(BeNumerically(">", within), "%d connections ended in a second", atOnce+1)
	}
	Expect(cuts).NotTo(BeEmpty())
}
