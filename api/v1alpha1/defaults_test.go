package v1alpha1_test

import (
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// updateGolden rewrites testdata/defaults instead of comparing with it.
var updateGolden = os.Getenv("UPDATE_GOLDEN") != ""

var _ = Describe("Defaults", func() {
	DescribeTable("the smallest object comes back with all its defaults",
		func(ctx SpecContext, kind string) {
			u := object(kind, "")
			Expect(k8s.Create(ctx, u)).To(Succeed())
			DeferCleanup(func(ctx SpecContext) { Expect(k8s.Delete(ctx, u)).To(Succeed()) })
			Expect(k8s.Get(ctx, client.ObjectKeyFromObject(u), u)).To(Succeed())

			golden := filepath.Join("testdata", "defaults", strings.ToLower(kind)+".yaml")
			if updateGolden {
				Expect(os.WriteFile(golden, []byte(spec(u)), 0o600)).To(Succeed())
			}
			want, err := os.ReadFile(golden)
			Expect(err).NotTo(HaveOccurred())
			Expect(spec(u)).To(Equal(string(want)), "run with UPDATE_GOLDEN=1 when the change is wanted")
		},
		Entry(nil, v1alpha1.KindRealtimeCluster),
		Entry(nil, v1alpha1.KindLobbyPolicy),
		Entry(nil, v1alpha1.KindMatchmakingQueue),
	)

	It("gives an object without a spec the same defaults", func(ctx SpecContext) {
		with, without := object(v1alpha1.KindRealtimeCluster, ""), object(v1alpha1.KindRealtimeCluster, "spec: null")
		Expect(without.Object).NotTo(HaveKey("spec"))
		Expect(k8s.Create(ctx, with, client.DryRunAll)).To(Succeed())
		Expect(k8s.Create(ctx, without, client.DryRunAll)).To(Succeed())
		Expect(spec(without)).To(Equal(spec(with)))
	})

	It("are not turned off by a typed client that leaves fields zero", func(ctx SpecContext) {
		fromTyped := &v1alpha1.RealtimeCluster{}
		fromTyped.Namespace, fromTyped.GenerateName = namespace, "typed-"
		Expect(k8s.Create(ctx, fromTyped, client.DryRunAll)).To(Succeed())

		plain := object(v1alpha1.KindRealtimeCluster, "")
		Expect(k8s.Create(ctx, plain, client.DryRunAll)).To(Succeed())
		Expect(fromTyped.Spec).To(Equal(typed(plain).(*v1alpha1.RealtimeCluster).Spec))
	})
})
