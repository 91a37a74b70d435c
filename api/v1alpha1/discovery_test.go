package v1alpha1_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

var _ = Describe("Discovery", func() {
	It("tells short names, category and subresources", func() {
		dc, err := discovery.NewDiscoveryClientForConfig(restConfig)
		Expect(err).NotTo(HaveOccurred())
		list, err := dc.ServerResourcesForGroupVersion(v1alpha1.GroupVersion.String())
		Expect(err).NotTo(HaveOccurred())

		shortNames := map[string][]string{}
		var names []string
		for _, r := range list.APIResources {
			names = append(names, r.Name)
			if len(r.ShortNames) > 0 {
				shortNames[r.Name] = r.ShortNames
				Expect(r.Categories).To(ConsistOf("realtime"), r.Name)
				Expect(r.Namespaced).To(BeTrue(), r.Name)
			}
		}
		Expect(shortNames).To(Equal(map[string][]string{
			"realtimeclusters":  {"rtc"},
			"lobbypolicies":     {"lp"},
			"matchmakingqueues": {"mmq"},
		}))
		Expect(names).To(ConsistOf(
			"realtimeclusters", "realtimeclusters/status", "realtimeclusters/scale",
			"lobbypolicies", "lobbypolicies/status",
			"matchmakingqueues", "matchmakingqueues/status",
		))
	})

	DescribeTable("the table that kubectl prints", func(ctx SpecContext, kind, resource string, want []string, values map[string]any) {
		for _, u := range fullObjects() {
			if u.GetKind() != kind || u.GetName() != "full" {
				continue
			}
			created := u.DeepCopy()
			Expect(k8s.Create(ctx, created)).To(Succeed())
			DeferCleanup(func(ctx SpecContext) { Expect(k8s.Delete(ctx, created)).To(Succeed()) })
			created.Object["status"] = u.Object["status"]
			Expect(k8s.Status().Update(ctx, created)).To(Succeed())
		}
		table := tableOf(ctx, resource)
		var columns []string
		row := map[string]any{}
		for i, column := range table.ColumnDefinitions {
			columns = append(columns, column.Name)
			row[column.Name] = table.Rows[0].Cells[i]
		}
		Expect(columns).To(Equal(want))
		for name, value := range values {
			Expect(row[name]).To(BeEquivalentTo(value), name)
		}
	},
		Entry(nil, v1alpha1.KindRealtimeCluster, "realtimeclusters",
			[]string{"Name", "Ready", "Replicas", "Connections", "Redis", "URL", "Age"},
			map[string]any{"Ready": "True", "Replicas": 3, "Connections": 1200, "Redis": "True", "URL": "https://rt.example.com/socket.io/"}),
		Entry(nil, v1alpha1.KindLobbyPolicy, "lobbypolicies",
			[]string{"Name", "Cluster", "Type", "Accepted", "Propagated", "Lobbies", "Age"},
			map[string]any{"Cluster": "full", "Type": "ranked", "Accepted": "True", "Propagated": "False", "Lobbies": 7}),
		Entry(nil, v1alpha1.KindMatchmakingQueue, "matchmakingqueues",
			[]string{"Name", "Cluster", "Accepted", "Propagated", "Depth", "Wait P50", "Wait P95", "Age"},
			map[string]any{"Cluster": "full", "Accepted": "True", "Propagated": "True", "Depth": 42, "Wait P50": 9, "Wait P95": 31}),
	)
})

var _ = Describe("Scale", func() {
	It("reads and writes spec.replicas and reports what runs", func(ctx SpecContext) {
		cluster := &v1alpha1.RealtimeCluster{}
		cluster.Namespace, cluster.GenerateName = namespace, "scale-"
		Expect(k8s.Create(ctx, cluster)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(k8s.Delete(ctx, cluster)).To(Succeed()) })

		cluster.Status.Replicas = 2
		cluster.Status.Selector = "app.kubernetes.io/instance=demo"
		Expect(k8s.Status().Update(ctx, cluster)).To(Succeed())

		scale := &autoscalingv1.Scale{}
		Expect(k8s.SubResource("scale").Get(ctx, cluster, scale)).To(Succeed())
		Expect(scale.Spec.Replicas).To(BeEquivalentTo(2))
		Expect(scale.Status.Replicas).To(BeEquivalentTo(2))
		Expect(scale.Status.Selector).To(Equal("app.kubernetes.io/instance=demo"))

		scale.Spec.Replicas = 5
		Expect(k8s.SubResource("scale").Update(ctx, cluster, client.WithSubResourceBody(scale))).To(Succeed())
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(cluster), cluster)).To(Succeed())
		Expect(*cluster.Spec.Replicas).To(BeEquivalentTo(5))
	})
})

// tableOf asks for a resource's list in the form that kubectl prints.
func tableOf(ctx SpecContext, resource string) *metav1.Table {
	config := rest.CopyConfig(restConfig)
	config.APIPath = "/apis"
	config.GroupVersion = &v1alpha1.GroupVersion
	config.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
	rc, err := rest.RESTClientFor(config)
	Expect(err).NotTo(HaveOccurred())
	raw, err := rc.Get().Namespace(namespace).Resource(resource).
		SetHeader("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io").DoRaw(ctx)
	Expect(err).NotTo(HaveOccurred())
	table := &metav1.Table{}
	Expect(runtime.DecodeInto(scheme.Codecs.UniversalDeserializer(), raw, table)).To(Succeed())
	Expect(table.Rows).To(HaveLen(1))
	return table
}
