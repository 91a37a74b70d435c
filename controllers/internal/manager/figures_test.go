package manager_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest/komega"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/api/v1alpha1"
)

// newQueue creates a queue for one-on-one matches in lobbies of a policy.
func newQueue(ctx SpecContext, cluster *v1alpha1.RealtimeCluster, policy string) *v1alpha1.MatchmakingQueue {
	GinkgoHelper()
	q := &v1alpha1.MatchmakingQueue{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "ranked"}}
	q.Spec.ClusterRef.Name = cluster.Name
	q.Spec.Teams = []v1alpha1.MatchTeam{{Name: "red", Min: 1, Max: 1}, {Name: "blue", Min: 1, Max: 1}}
	q.Spec.Handoff = v1alpha1.HandoffSpec{Type: v1alpha1.HandoffLobby, LobbyPolicyRef: &v1alpha1.LocalReference{Name: policy}}
	Expect(k8s.Create(ctx, q)).To(Succeed())
	return q
}

// queueStatus reads a queue's figures.
func queueStatus(ctx SpecContext, q *v1alpha1.MatchmakingQueue) func(Gomega) v1alpha1.MatchmakingQueueStatus {
	return func(g Gomega) v1alpha1.MatchmakingQueueStatus {
		var now v1alpha1.MatchmakingQueue
		g.Expect(k8s.Get(ctx, client.ObjectKeyFromObject(q), &now)).To(Succeed())
		s := now.Status
		return v1alpha1.MatchmakingQueueStatus{
			Depth: s.Depth, OldestTicketSeconds: s.OldestTicketSeconds, WaitSecondsP50: s.WaitSecondsP50,
			WaitSecondsP95: s.WaitSecondsP95, MatchesPerMinute: s.MatchesPerMinute, Matcher: s.Matcher,
		}
	}
}

var _ = Describe("The figures of the pods", func() {
	It("are in the status of policies and queues until no pod reports them", func(ctx SpecContext) {
		cluster := newCluster(ctx, newNamespace(ctx), `{}`)
		newPod(ctx, cluster, "arena-a")
		newPod(ctx, cluster, "arena-b")
		policy := &v1alpha1.LobbyPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "duel"}}
		policy.Spec.ClusterRef.Name, policy.Spec.LobbyType = "arena", "duel"
		Expect(k8s.Create(ctx, policy)).To(Succeed())
		q := newQueue(ctx, cluster, "duel")

		servers.say(cluster.Namespace, "arena-a", configv1.ServerStatus{Lobbies: map[string]int32{"duel": 3, "other": 9}})
		servers.say(cluster.Namespace, "arena-b", configv1.ServerStatus{
			Lobbies: map[string]int32{"duel": 4},
			Queues: map[string]configv1.QueueStatus{"ranked": {
				Depth: 7, OldestTicketSeconds: 12, WaitSecondsP50: 5, WaitSecondsP95: 30, MatchesPerMinute: 2,
			}},
		})
		Eventually(komega.Object(policy)).WithContext(ctx).Should(HaveField("Status.ActiveLobbies", HaveValue(BeEquivalentTo(3))))
		Eventually(queueStatus(ctx, q)).WithContext(ctx).Should(Equal(v1alpha1.MatchmakingQueueStatus{
			Depth: ptr.To(int32(7)), OldestTicketSeconds: ptr.To(int64(12)), WaitSecondsP50: ptr.To(int64(5)),
			WaitSecondsP95: ptr.To(int64(30)), MatchesPerMinute: "2", Matcher: "arena-b",
		}))

		By("another pod becoming the matcher")
		servers.say(cluster.Namespace, "arena-b", configv1.ServerStatus{})
		servers.say(cluster.Namespace, "arena-a", configv1.ServerStatus{
			Lobbies: map[string]int32{"duel": 0}, Queues: map[string]configv1.QueueStatus{"ranked": {}},
		})
		Eventually(queueStatus(ctx, q)).WithContext(ctx).Should(And(HaveField("Matcher", "arena-a"), HaveField("Depth", HaveValue(BeZero()))))
		Eventually(komega.Object(policy)).WithContext(ctx).Should(HaveField("Status.ActiveLobbies", HaveValue(BeZero())))

		By("no pod that can count")
		servers.say(cluster.Namespace, "arena-a", configv1.ServerStatus{})
		Eventually(komega.Object(policy)).WithContext(ctx).Should(HaveField("Status.ActiveLobbies", BeNil()))
		Eventually(queueStatus(ctx, q)).WithContext(ctx).Should(Equal(v1alpha1.MatchmakingQueueStatus{}))
	})

	It("come from running servers", func(ctx SpecContext) {
		cluster, k, policy := newLive(ctx)
		q := newQueue(ctx, cluster, policy.Name)
		Eventually(komega.Object(q)).WithContext(ctx).Should(HaveField("Status.Pods", HaveField("Applied", BeEquivalentTo(2))))
		ada := join(k.pods["arena-a"].client, "Ada")
		Expect(ada.ask("lobby:create", map[string]any{"type": "casual"}).OK).To(BeTrue())
		Eventually(komega.Object(policy)).WithContext(ctx).Should(HaveField("Status.ActiveLobbies", HaveValue(BeEquivalentTo(1))))

		bob := join(k.pods["arena-b"].client, "Bob")
		Expect(bob.ask("mm:enqueue", map[string]any{"queue": "ranked"}).OK).To(BeTrue())
		Eventually(queueStatus(ctx, q)).WithContext(ctx).Should(And(
			HaveField("Depth", HaveValue(BeEquivalentTo(1))), HaveField("Matcher", BeElementOf("arena-a", "arena-b")),
		))
		eve := join(k.pods["arena-a"].client, "Eve")
		Expect(eve.ask("mm:enqueue", map[string]any{"queue": "ranked"}).OK).To(BeTrue())
		Eventually(queueStatus(ctx, q)).WithContext(ctx).Should(And(
			HaveField("Depth", HaveValue(BeZero())), HaveField("MatchesPerMinute", BeEquivalentTo("1")),
		))
		Eventually(komega.Object(policy)).WithContext(ctx).Should(HaveField("Status.ActiveLobbies", HaveValue(BeEquivalentTo(2))))
	})
})
