package desired

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

func words(configMap, key string, own ...string) v1alpha1.ChatFilter {
	return v1alpha1.ChatFilter{Type: v1alpha1.FilterWordList, Words: own, WordsConfigMapRef: &v1alpha1.KeyReference{Name: configMap, Key: key}}
}

func webhook(secret, key string) v1alpha1.ChatFilter {
	return v1alpha1.ChatFilter{Type: v1alpha1.FilterWebhook, URL: "https://example.com", SecretRef: &v1alpha1.KeyReference{Name: secret, Key: key}}
}

func filtered(filters ...v1alpha1.ChatFilter) v1alpha1.LobbyPolicy {
	return policy("a", "one", func(p *v1alpha1.LobbyPolicy) { p.Spec.Chat.Filters = filters })
}

func signed(secret string) v1alpha1.MatchmakingQueue {
	q := queue("q", "")
	q.Spec.Handoff = v1alpha1.HandoffSpec{Type: v1alpha1.HandoffWebhook, URL: "https://example.com", SecretRef: &v1alpha1.KeyReference{Name: secret, Key: "key"}}
	return q
}

func TestWordsAreFilledIn(t *testing.T) {
	p := filtered(words("rude", "en", "darn", "heck"))
	found := &References{ConfigMaps: map[string]map[string]string{"rude": {"en": "heck\r\n\n  shoot \nblast"}}}
	set, problems := PolicySet(cluster(), []v1alpha1.LobbyPolicy{p}, nil, found)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if diff := cmp.Diff([]string{"darn", "heck", "shoot", "blast"}, set.Lobbies[0].Spec.Chat.Filters[0].Words); diff != "" {
		t.Errorf("words (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"darn", "heck"}, p.Spec.Chat.Filters[0].Words); diff != "" {
		t.Errorf("the object was changed (-want +got):\n%s", diff)
	}
	offline, problems := PolicySet(cluster(), []v1alpha1.LobbyPolicy{filtered(words("rude", "en"), webhook("gone", "key"))}, []v1alpha1.MatchmakingQueue{signed("gone")}, nil)
	if len(problems) > 0 || len(offline.Lobbies) != 1 || len(offline.Queues) != 1 {
		t.Errorf("offline rendering: got %v, want no missing reference", problems)
	}
}

func TestReferencesAtFault(t *testing.T) {
	found := &References{
		ConfigMaps: map[string]map[string]string{
			"rude": {"empty": " \n\n", "long": "ok\n" + strings.Repeat("é", 65), "many": "1\n" + manyWords(MaxFilterWords)},
		},
		Secrets: map[string]map[string][]byte{"keys": {"key": []byte("secret"), "none": nil, "huge": make([]byte, maxPolicySecret+1), strings.Repeat("k", 253): []byte("x")}},
	}
	for name, tc := range map[string]struct {
		policy *v1alpha1.ChatFilter
		queue  string
		reason string
		field  string
		text   string
	}{
		"no ConfigMap":            {policy: new(words("gone", "en")), reason: ReasonReferenceMissing, field: "spec.chat.filters[1].wordsConfigMapRef", text: `there is no ConfigMap "gone": create it with key "en"`},
		"no key of a ConfigMap":   {policy: new(words("rude", "fr")), reason: ReasonReferenceMissing, field: "spec.chat.filters[1].wordsConfigMapRef", text: `ConfigMap "rude" has nothing under key "fr"`},
		"no words":                {policy: new(words("rude", "empty")), reason: ReasonReferenceInvalid, field: "spec.chat.filters[1].wordsConfigMapRef", text: "has no words"},
		"a long word":             {policy: new(words("rude", "long")), reason: ReasonReferenceInvalid, field: "spec.chat.filters[1].wordsConfigMapRef", text: "line 2 of"},
		"too many words":          {policy: new(words("rude", "many")), reason: ReasonReferenceInvalid, field: "spec.chat.filters[1].wordsConfigMapRef", text: "a filter takes 10000"},
		"no Secret":               {policy: new(webhook("gone", "key")), reason: ReasonReferenceMissing, field: "spec.chat.filters[1].secretRef", text: `there is no Secret "gone": create it with key "key"`},
		"no value":                {policy: new(webhook("keys", "none")), reason: ReasonReferenceMissing, field: "spec.chat.filters[1].secretRef", text: `Secret "keys" has nothing under key "none"`},
		"a huge value":            {policy: new(webhook("keys", "huge")), reason: ReasonReferenceInvalid, field: "spec.chat.filters[1].secretRef", text: "65536 are the most"},
		"names that are too long": {policy: new(webhook("keys", strings.Repeat("k", 253))), reason: ReasonReferenceInvalid, field: "spec.chat.filters[1].secretRef", text: "252 characters"},
		"no Secret of a queue":    {queue: "gone", reason: ReasonReferenceMissing, field: "spec.handoff.secretRef", text: `there is no Secret "gone"`},
		"all is there":            {policy: new(webhook("keys", "key")), queue: "keys"},
	} {
		t.Run(name, func(t *testing.T) {
			policies := []v1alpha1.LobbyPolicy{policy("other", "other")}
			queues := []v1alpha1.MatchmakingQueue{queue("z", "")}
			if tc.policy != nil {
				policies = append(policies, filtered(webhook("keys", "key"), *tc.policy))
			}
			if tc.queue != "" {
				queues = append(queues, signed(tc.queue))
			}
			set, problems := PolicySet(cluster(), policies, queues, found)
			if set.Lobbies[len(set.Lobbies)-1].Name != "other" || set.Queues[len(set.Queues)-1].Name != "z" {
				t.Error("a valid object was left out")
			}
			if tc.reason == "" {
				if len(problems) > 0 {
					t.Errorf("problems: %v", problems)
				}
				return
			}
			if len(problems) != 1 || problems[0].Reason != tc.reason || problems[0].Field != tc.field || !strings.Contains(problems[0].Message, tc.text) {
				t.Fatalf("problems: %+v", problems)
			}
			if strings.Contains(problems[0].Message, "secret\"") {
				t.Errorf("the message contains a value: %s", problems[0].Message)
			}
		})
	}
}

func manyWords(n int) string {
	var out strings.Builder
	for i := range n {
		for d := i; ; d /= 26 {
			out.WriteByte(byte('a' + d%26))
			if d < 26 {
				break
			}
		}
		out.WriteByte('\n')
	}
	return out.String()
}

func TestPolicySecrets(t *testing.T) {
	found := &References{Secrets: map[string]map[string][]byte{"keys": {"key": []byte("sesame"), "other": []byte("no")}, "games": {"key": []byte("thyme")}}}
	set, _ := PolicySet(cluster(), []v1alpha1.LobbyPolicy{filtered(webhook("keys", "key"))}, []v1alpha1.MatchmakingQueue{signed("games")}, found)
	want := map[string][]byte{"keys_key": []byte("sesame"), "games_key": []byte("thyme")}
	if diff := cmp.Diff(want, PolicySecret(cluster(), set, found).Data); diff != "" {
		t.Errorf("the Secret (-want +got):\n%s", diff)
	}
	text, err := PoliciesConfigMap(cluster(), set)
	if err != nil || strings.Contains(text.Data[KeyPolicies], "sesame") || strings.Contains(text.Data[KeyPolicies], "thyme") {
		t.Errorf("a secret is in the ConfigMap (%v):\n%s", err, text.Data[KeyPolicies])
	}
}

func TestPolicyReferences(t *testing.T) {
	elsewhere := filtered(webhook("not", "key"))
	elsewhere.Spec.ClusterRef.Name = "other"
	configMaps, secrets := PolicyReferences(cluster(), []v1alpha1.LobbyPolicy{filtered(words("rude", "en"), webhook("keys", "key")), elsewhere}, []v1alpha1.MatchmakingQueue{signed("games")})
	if diff := cmp.Diff([][]string{{"rude"}, {"games", "keys"}}, [][]string{configMaps, secrets}); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

// TestPolicySetFits fills a set with large policies. The ConfigMap must have room left, the
// policy that does not fit must have a problem, and later small policies must apply.
func TestPolicySetFits(t *testing.T) {
	list := manyWords(MaxFilterWords)
	found := &References{ConfigMaps: map[string]map[string]string{"rude": {"en": list}}}
	var policies []v1alpha1.LobbyPolicy
	for i := range 20 {
		name := string(rune('a' + i))
		policies = append(policies, policy(name, name, func(p *v1alpha1.LobbyPolicy) {
			if i < 19 {
				p.Spec.Chat.Filters = []v1alpha1.ChatFilter{words("rude", "en")}
			}
		}))
	}
	set, problems := PolicySet(cluster(), policies, []v1alpha1.MatchmakingQueue{queue("q", "")}, found)
	if len(problems) == 0 || len(set.Lobbies)+len(problems) != len(policies) || len(set.Queues) != 1 {
		t.Fatalf("%d lobbies, %d queues, problems: %v", len(set.Lobbies), len(set.Queues), problems)
	}
	for _, p := range problems {
		if p.Reason != ReasonTooLarge || p.Name == "t" {
			t.Errorf("problem: %+v", p)
		}
	}
	configMap, err := PoliciesConfigMap(cluster(), set)
	if err != nil {
		t.Fatal(err)
	}
	if size := len(configMap.Data[KeyPolicies]); size > MaxPolicySetBytes+4096 || size < MaxPolicySetBytes*3/4 {
		t.Errorf("the set has %d bytes, the bound is %d", size, MaxPolicySetBytes)
	}
}
