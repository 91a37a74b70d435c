package manager_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest/komega"
	"sigs.k8s.io/yaml"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
)

// policySet returns the PolicySet in the ConfigMap of the cluster's servers.
func policySet(cluster *v1alpha1.RealtimeCluster) func(Gomega, SpecContext) configv1.PolicySet {
	return func(g Gomega, ctx SpecContext) configv1.PolicySet {
		var m corev1.ConfigMap
		var set configv1.PolicySet
		g.Expect(k8s.Get(ctx, client.ObjectKey{Namespace: cluster.Namespace, Name: "arena-policies"}, &m)).To(Succeed())
		g.Expect(yaml.UnmarshalStrict([]byte(m.Data[desired.KeyPolicies]), &set)).To(Succeed())
		return set
	}
}

// accepted reads the condition of a policy or queue as "Status/Reason".
func accepted(object client.Object) func(Gomega, SpecContext) string {
	return func(g Gomega, ctx SpecContext) string {
		g.Expect(k8s.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed())
		switch o := object.(type) {
		case *v1alpha1.LobbyPolicy:
			return find(o.Status.Conditions, v1alpha1.ConditionAccepted, o.Generation)
		case *v1alpha1.MatchmakingQueue:
			return find(o.Status.Conditions, v1alpha1.ConditionAccepted, o.Generation)
		}
		return ""
	}
}

// newPolicy creates a LobbyPolicy of the cluster, whose name is its lobby type too.
func newPolicy(ctx SpecContext, cluster *v1alpha1.RealtimeCluster, name, spec string) *v1alpha1.LobbyPolicy {
	GinkgoHelper()
	p := &v1alpha1.LobbyPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: name}}
	Expect(yaml.Unmarshal([]byte(spec), &p.Spec)).To(Succeed())
	p.Spec.ClusterRef.Name, p.Spec.LobbyType = cluster.Name, name
	Expect(k8s.Create(ctx, p)).To(Succeed())
	return p
}

var _ = Describe("A reference of a policy", func() {
	It("is reported when missing, does not affect other policies, and reaches the pods once it exists", func(ctx SpecContext) {
		cluster := newCluster(ctx, newNamespace(ctx), `{}`)
		named := metav1.ObjectMeta{Namespace: cluster.Namespace}
		worded := newPolicy(ctx, cluster, "worded", `{chat: {filters: [{type: WordList, words: [darn], wordsConfigMapRef: {name: rude, key: en}}]}}`)
		asked := newPolicy(ctx, cluster, "asked", `{chat: {filters: [{type: Webhook, url: "https://example.com/check", secretRef: {name: keys, key: hmac}}]}}`)
		plain := newPolicy(ctx, cluster, "plain", `{}`)
		queue := &v1alpha1.MatchmakingQueue{ObjectMeta: named}
		queue.Name = "q"
		queue.Spec.ClusterRef.Name, queue.Spec.Teams = "arena", []v1alpha1.MatchTeam{{Name: "all", Min: 2, Max: 4}}
		queue.Spec.Handoff = v1alpha1.HandoffSpec{Type: v1alpha1.HandoffWebhook, URL: "https://example.com", SecretRef: &v1alpha1.KeyReference{Name: "games", Key: "hmac"}}
		Expect(k8s.Create(ctx, queue)).To(Succeed())
		for _, object := range []client.Object{worded, asked, queue} {
			Eventually(accepted(object)).WithContext(ctx).Should(Equal("False/ReferenceNotFound"), object.GetName())
		}
		Expect(asked.Status.Conditions).To(ContainElement(HaveField("Message", Equal(`spec.chat.filters[0].secretRef: there is no Secret "keys": create it with key "hmac"`))))
		Eventually(accepted(plain)).WithContext(ctx).Should(Equal("True/Accepted"))
		Eventually(policySet(cluster)).WithContext(ctx).Should(HaveField("Lobbies", HaveExactElements(HaveField("Name", "plain"))))

		By("making it")
		rude := &corev1.ConfigMap{ObjectMeta: named, Data: map[string]string{"en": "heck\nshoot\n"}}
		rude.Name = "rude"
		Expect(k8s.Create(ctx, rude)).To(Succeed())
		for name, value := range map[string]string{"keys": "sesame", "games": "thyme"} {
			secret := &corev1.Secret{ObjectMeta: named, StringData: map[string]string{"hmac": value}}
			secret.Name, secret.Labels = name, map[string]string{v1alpha1.LabelAllowPolicies: "true"}
			Expect(k8s.Create(ctx, secret)).To(Succeed())
		}
		for _, object := range []client.Object{worded, asked, queue} {
			Eventually(accepted(object)).WithContext(ctx).Should(Equal("True/Accepted"), object.GetName())
		}
		filters := func(words ...string) types.GomegaMatcher {
			return HaveField("Lobbies", ContainElement(HaveField("Spec.Chat.Filters", ContainElement(HaveField("Words", words)))))
		}
		Eventually(policySet(cluster)).WithContext(ctx).Should(And(filters("darn", "heck", "shoot"), HaveField("Queues", HaveLen(1))))
		copies := &corev1.Secret{ObjectMeta: named}
		copies.Name = "arena-policy-secrets"
		Eventually(komega.Object(copies)).Should(HaveField("Data", Equal(map[string][]byte{"keys_hmac": []byte("sesame"), "games_hmac": []byte("thyme")})))
		text, err := yaml.Marshal(policySet(cluster)(NewWithT(GinkgoT()), ctx))
		Expect(err).NotTo(HaveOccurred())
		Expect(string(text)).NotTo(Or(ContainSubstring("sesame"), ContainSubstring("thyme")), "a secret is in a ConfigMap")

		By("changing it")
		Eventually(komega.Update(rude, func() { rude.Data["en"] = "blast" })).Should(Succeed())
		Eventually(policySet(cluster)).WithContext(ctx).Should(filters("darn", "blast"))
		Expect(k8s.Delete(ctx, rude)).To(Succeed())
		Eventually(accepted(worded)).WithContext(ctx).Should(Equal("False/ReferenceNotFound"))
		Eventually(komega.Update(queue, func() { queue.Spec.Handoff.SecretRef = nil })).Should(Succeed())
		Eventually(komega.Object(copies)).Should(HaveField("Data", Equal(map[string][]byte{"keys_hmac": []byte("sesame")})))
	})

	It("may be a Secret only with its label; a key in force stays, with a warning", func(ctx SpecContext) {
		cluster := newCluster(ctx, newNamespace(ctx), `{}`)
		filter := func(secret string) string {
			return `{chat: {filters: [{type: Webhook, url: "https://example.com/check", secretRef: {name: ` + secret + `, key: hmac}}]}}`
		}
		secrets := map[string]*corev1.Secret{}
		for name, labels := range map[string]map[string]string{"keys": {v1alpha1.LabelAllowPolicies: "true"}, "database": nil} {
			secrets[name] = &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: name, Labels: labels}, StringData: map[string]string{"hmac": name}}
			Expect(k8s.Create(ctx, secrets[name])).To(Succeed())
		}
		asked, thief := newPolicy(ctx, cluster, "asked", filter("keys")), newPolicy(ctx, cluster, "thief", filter("database"))
		Eventually(accepted(asked)).WithContext(ctx).Should(Equal("True/Accepted"))
		Eventually(accepted(thief)).WithContext(ctx).Should(Equal("False/SecretNotLabelled"))
		Expect(thief.Status.Conditions).To(ContainElement(HaveField("Message", ContainSubstring("kubectl label secret database realtime.anteroom.dev/allow-policies=true"))))
		copies := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "arena-policy-secrets"}}
		Eventually(komega.Object(copies)).Should(HaveField("Data", Equal(map[string][]byte{"keys_hmac": []byte("keys")})))

		By("removing the label, as if the Secret had been named before labels were required")
		Eventually(komega.Update(secrets["keys"], func() { secrets["keys"].Labels = nil })).Should(Succeed())
		Eventually(accepted(asked)).WithContext(ctx).Should(Equal("True/SecretNotLabelled"))
		Consistently(komega.Object(copies)).WithTimeout(time.Second).Should(HaveField("Data", HaveKey("keys_hmac")))

		By("forbidding it")
		Eventually(komega.Update(secrets["keys"], func() { secrets["keys"].Labels = map[string]string{v1alpha1.LabelAllowPolicies: "false"} })).Should(Succeed())
		Eventually(accepted(asked)).WithContext(ctx).Should(Equal("False/SecretNotLabelled"))
		Eventually(komega.Object(copies)).Should(HaveField("Data", BeEmpty()))

		By("allowing both")
		for _, secret := range secrets {
			Eventually(komega.Update(secret, func() { secret.Labels = map[string]string{v1alpha1.LabelAllowPolicies: "true"} })).Should(Succeed())
		}
		for _, policy := range []client.Object{asked, thief} {
			Eventually(accepted(policy)).WithContext(ctx).Should(Equal("True/Accepted"))
		}
	})

	It("is left out with its policy when it exceeds the servers' ConfigMap, and the status reports it", func(ctx SpecContext) {
		cluster := newCluster(ctx, newNamespace(ctx), `{}`)
		long := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "long"}, Data: map[string]string{"words": longWords()}}
		Expect(k8s.Create(ctx, long)).To(Succeed())
		first := newPolicy(ctx, cluster, "a", `{chat: {filters: [{type: WordList, wordsConfigMapRef: {name: long, key: words}}]}}`)
		Eventually(accepted(first)).WithContext(ctx).Should(Equal("True/Accepted"))
		second := newPolicy(ctx, cluster, "b", `{chat: {filters: [{type: WordList, wordsConfigMapRef: {name: long, key: words}}]}}`)
		Eventually(accepted(second)).WithContext(ctx).Should(Equal("False/TooLarge"))
		third := newPolicy(ctx, cluster, "c", `{}`)
		Eventually(accepted(third)).WithContext(ctx).Should(Equal("True/Accepted"))
		Eventually(policySet(cluster)).WithContext(ctx).Should(HaveField("Lobbies", HaveExactElements(HaveField("Name", "a"), HaveField("Name", "c"))))
	})

	It("is ignored when the cluster's selector is invalid, which both statuses report", func(ctx SpecContext) {
		cluster := newCluster(ctx, newNamespace(ctx), `{policySelector: {matchLabels: {"not a key": x}}}`)
		policy := newPolicy(ctx, cluster, "duel", `{}`)
		Eventually(accepted(policy)).WithContext(ctx).Should(Equal("False/InvalidSelector"))
		Eventually(conditionOf(cluster, v1alpha1.ConditionPoliciesPropagated)).WithContext(ctx).Should(Equal("False/InvalidSelector"))
	})
})

// longWords are so many that two lists of them do not fit.
func longWords() string {
	var all []byte
	for i := range 9900 {
		all = append(all, []byte("a-rather-long-word-that-nobody-says-")...)
		for d := i; d >= 0; d = d/26 - 1 {
			all = append(all, byte('a'+d%26))
		}
		all = append(all, '\n')
	}
	return string(all)
}
