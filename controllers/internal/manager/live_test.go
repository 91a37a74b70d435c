package manager_test

import (
	"encoding/json"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest/komega"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
)

// liveSpec is for anonymous users and short times.
const liveSpec = `
replicas: 2
auth: {mode: Anonymous}
redis: {probe: {interval: 500ms, unreadyAfter: 2s}}
drain: {settle: 1s, window: 1s, flushTimeout: 1s}
`

// newLive makes a cluster with a policy whose two pods are real processes, and waits
// until all is in effect.
func newLive(ctx SpecContext) (*v1alpha1.RealtimeCluster, *kubelet, *v1alpha1.LobbyPolicy) {
	GinkgoHelper()
	cluster := newCluster(ctx, newNamespace(ctx), liveSpec)
	policy := &v1alpha1.LobbyPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "casual"}}
	policy.Spec.ClusterRef.Name, policy.Spec.LobbyType = "arena", "casual"
	policy.Spec.Chat.Rate.Messages = 100
	Expect(k8s.Create(ctx, policy)).To(Succeed())
	run(ctx, cluster, 2)
	for _, name := range []string{"arena-redis-users", "arena-redis", "arena-admin", "arena-api"} {
		Eventually(komega.Get(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: name}})).Should(Succeed())
	}
	k := startKubelet(ctx, cluster, "arena-a", "arena-b")
	for _, server := range k.pods { // whose pods were called ready before they are
		Eventually(server.ready).Should(BeTrue())
	}
	Eventually(conditionOf(cluster, v1alpha1.ConditionReady)).WithContext(ctx).Should(Equal("True/AllReady"))
	return cluster, k, policy
}

// propagated reads a policy's condition.
func propagated(ctx SpecContext, policy *v1alpha1.LobbyPolicy) func(Gomega) string {
	return func(g Gomega) string {
		var now v1alpha1.LobbyPolicy
		g.Expect(k8s.Get(ctx, client.ObjectKeyFromObject(policy), &now)).To(Succeed())
		return find(now.Status.Conditions, v1alpha1.ConditionPropagated, now.Generation)
	}
}

// chatters are two players of a lobby, each on another server.
func chatters(k *kubelet) (ada, bob *player, channel string) {
	GinkgoHelper()
	ada, bob = join(k.pods["arena-a"].client, "Ada"), join(k.pods["arena-b"].client, "Bob")
	created := ada.ask("lobby:create", map[string]any{"type": "casual"})
	Expect(created.OK).To(BeTrue(), "%+v", created)
	var state struct{ Lobby struct{ ID string } }
	Expect(json.Unmarshal(created.Data, &state)).To(Succeed())
	Expect(bob.ask("lobby:join", map[string]any{"lobbyId": state.Lobby.ID}).OK).To(BeTrue())
	channel = "lobby:" + state.Lobby.ID
	for _, p := range []*player{ada, bob} {
		Expect(p.ask("chat:join", map[string]any{"channel": channel}).OK).To(BeTrue())
	}
	return ada, bob, channel
}

// talk sends messages until the test stops it, and returns the acknowledged messages.
func talk(p *player, channel string, stop <-chan struct{}) (acked []string) {
	defer GinkgoRecover()
	pace := time.NewTicker(100 * time.Millisecond)
	defer pace.Stop()
	for i := 0; ; i++ {
		text := fmt.Sprint("message ", i)
		if p.ask("chat:send", map[string]any{"channel": channel, "text": text}).OK {
			acked = append(acked, text)
		}
		select {
		case <-stop:
			return acked
		case <-pace.C:
		}
	}
}

// texts are the messages that a player was sent.
func texts(p *player) func() []string {
	return func() []string {
		var all []string
		for _, raw := range p.received("chat:message")() {
			var m struct{ Text string }
			Expect(json.Unmarshal(raw, &m)).To(Succeed())
			all = append(all, m.Text)
		}
		return all
	}
}

var _ = Describe("With running servers", func() {
	It("a policy edit is in force in all servers, and reported as propagated, within seconds", func(ctx SpecContext) {
		_, k, policy := newLive(ctx)
		ada := join(k.pods["arena-a"].client, "Ada")
		Expect(ada.ask("lobby:create", map[string]any{"type": "casual", "maxMembers": 3}).OK).To(BeTrue())
		edited := time.Now()
		Eventually(komega.Update(policy, func() { policy.Spec.Size.Max = 2 })).Should(Succeed())
		Eventually(propagated(ctx, policy)).Should(Equal("True/AllPodsCurrent"))
		took := time.Since(edited)
		AddReportEntry("from the edit to Propagated", took.String())
		// Five seconds are promised; this machine may have much to do.
		Expect(took).To(BeNumerically("<", 15*time.Second))
		for _, name := range []string{"arena-a", "arena-b"} {
			eve := join(k.pods[name].client, "Eve")
			refused := eve.ask("lobby:create", map[string]any{"type": "casual", "maxMembers": 3})
			Expect(refused.OK).To(BeFalse(), "%s does not apply the propagated policy", name)
		}
		Expect(ada.gone()).To(BeFalse())
	})

	It("a new password of Redis reaches all servers, disconnects no client, and ends the old password", func(ctx SpecContext) {
		cluster, k, _ := newLive(ctx)
		ada, bob, channel := chatters(k)
		stop, acked := make(chan struct{}), make(chan []string, 1)
		go func() { acked <- talk(ada, channel, stop) }()

		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "arena-redis"}}
		Expect(komega.Get(secret)()).To(Succeed())
		old := string(secret.Data["password"])
		login := func(password string) func() (string, error) {
			return func() (string, error) { return k.ask("AUTH " + desired.RedisUser + " " + password) }
		}
		Eventually(komega.Update(secret, func() { secret.Data["password"] = []byte("changed") })).Should(Succeed())
		Eventually(login("changed")).Should(Equal("+OK"))
		Consistently(login(old)).Should(Equal("+OK"), "servers that have not read the new one need the old")
		k.period(ctx)
		Eventually(login(old)).Should(HavePrefix("-WRONGPASS"))
		Expect(login("changed")()).To(Equal("+OK"))
		Consistently(conditionOf(cluster, v1alpha1.ConditionRedisReady)).WithContext(ctx).Should(Equal("True/RedisReachable"))

		close(stop)
		var sent []string
		Eventually(acked).Should(Receive(&sent))
		Expect(len(sent)).To(BeNumerically(">", 5))
		Eventually(texts(bob)).Should(ContainElements(sent))
		Expect(ada.gone() || bob.gone()).To(BeFalse(), "a client was disconnected")
	})

	It("a server drains before its deletion", func(ctx SpecContext) {
		cluster, k, _ := newLive(ctx)
		ada, bob, _ := chatters(k)
		join(k.pods["arena-a"].client, "Cid") // two clients on the first pod, a third on the second
		deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "arena"}}
		Eventually(komega.Object(cluster)).Should(HaveField("Status.Connections.Total", BeEquivalentTo(3)))
		Eventually(komega.Update(cluster, func() { *cluster.Spec.Replicas = 1 })).Should(Succeed())
		Eventually(bob.received("session:draining")).Should(HaveLen(1))
		Eventually(bob.gone).Should(BeTrue())
		Eventually(komega.Object(deployment)).Should(HaveField("Spec.Replicas", HaveValue(BeEquivalentTo(1))))
		Expect(ada.gone()).To(BeFalse())
		Expect(ada.received("session:draining")()).To(BeEmpty())
	})

	DescribeTable("the condition of Redis says what is wrong with it, and heals", func(ctx SpecContext, breaks func(*kubelet), reason string) {
		cluster, k, _ := newLive(ctx)
		Expect(komega.Object(cluster)()).To(HaveField("Status.Redis.Version", MatchRegexp(`^\d+\.\d+`)))
		k.leaveRedis()
		breaks(k)
		Eventually(conditionOf(cluster, v1alpha1.ConditionRedisReady)).WithContext(ctx).Should(Equal("False/" + reason))
		Eventually(conditionOf(cluster, v1alpha1.ConditionReady)).WithContext(ctx).Should(Equal("False/RedisNotReady"))
		k.stopRedis()
		k.flags = nil
		Expect(k.writeUsers(ctx)).To(Succeed())
		k.startRedis()
		Eventually(conditionOf(cluster, v1alpha1.ConditionReady)).WithContext(ctx).Should(Equal("True/AllReady"))
	},
		Entry("it does not answer", func(k *kubelet) { k.stopRedis() }, v1alpha1.ReasonRedisUnreachable),
		Entry("it knows another password", func(k *kubelet) {
			Expect(write(k.dir+"/"+desired.KeyRedisUsers, []byte("user default off\nuser probe on nopass +ping\n"))).To(Succeed())
			k.restartRedis()
		}, v1alpha1.ReasonRedisAuthFailed),
		Entry("it takes no writes", func(k *kubelet) { k.restartRedis("--replicaof", "127.0.0.1", "1") }, v1alpha1.ReasonRedisNotWritable),
		Entry("it is a cluster", func(k *kubelet) { k.restartRedis("--cluster-enabled", "yes", "--cluster-port", freePort()) }, v1alpha1.ReasonRedisWrongTopology),
	)
})
