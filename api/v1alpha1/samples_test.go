package v1alpha1_test

import (
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

const sampleDir = "../../config/samples"

var _ = Describe("Samples", func() {
	files, err := filepath.Glob(filepath.Join(sampleDir, "*.yaml"))
	if err != nil {
		panic(err)
	}
	for _, file := range files {
		It("apply as they are: "+filepath.Base(file), func(ctx SpecContext) {
			samples := documents(file)
			Expect(samples).NotTo(BeEmpty())
			for _, u := range samples {
				u.SetNamespace(namespace)
				Expect(k8s.Create(ctx, u, client.FieldValidation("Strict"))).To(Succeed(), u.GetName())
				DeferCleanup(func(ctx SpecContext) { Expect(k8s.Delete(ctx, u)).To(Succeed()) })
			}
		})
	}

	It("hold a cluster, a policy and a queue that name each other in quickstart.yaml", func() {
		samples := documents(filepath.Join(sampleDir, "quickstart.yaml"))
		Expect(samples).To(HaveLen(3))
		cluster := typed(samples[0]).(*v1alpha1.RealtimeCluster)
		policy := typed(samples[1]).(*v1alpha1.LobbyPolicy)
		queue := typed(samples[2]).(*v1alpha1.MatchmakingQueue)
		Expect(policy.Spec.ClusterRef.Name).To(Equal(cluster.Name))
		Expect(queue.Spec.ClusterRef.Name).To(Equal(cluster.Name))
		Expect(queue.Spec.Handoff.LobbyPolicyRef.Name).To(Equal(policy.Name))
	})
})
