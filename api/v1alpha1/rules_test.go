package v1alpha1_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// rule is one rule of the API server with objects it takes and objects it
// refuses. The objects are YAML, laid over the smallest object of the kind.
type rule struct {
	name string
	// before is the object that accept and reject update, for rules about changes.
	before string
	accept []string
	reject []string
	// text is what every refusal must say, and where.
	text, field string
}

// rules are all rules by kind; the tables are in files of their own.
var rules = map[string][]rule{
	v1alpha1.KindRealtimeCluster:  slices.Concat(clusterRules, clusterRuntimeRules, webhookRules, networkPolicyRules(), referenceRules(v1alpha1.KindRealtimeCluster)),
	v1alpha1.KindLobbyPolicy:      slices.Concat(lobbyPolicyRules, referenceRules(v1alpha1.KindLobbyPolicy)),
	v1alpha1.KindMatchmakingQueue: slices.Concat(queueRules, referenceRules(v1alpha1.KindMatchmakingQueue)),
}

var _ = Describe("Rules", func() {
	for kind, table := range rules {
		for _, r := range table {
			Context(kind+": "+r.name, func() {
				for i, changes := range r.accept {
					It(fmt.Sprintf("accepts %d", i+1), func(ctx SpecContext) {
						Expect(try(ctx, kind, r.before, changes)).To(Succeed())
					})
				}
				for i, changes := range r.reject {
					It(fmt.Sprintf("rejects %d", i+1), func(ctx SpecContext) {
						err := try(ctx, kind, r.before, changes)
						Expect(apierrors.IsInvalid(err)).To(BeTrue(), "want Invalid, got: %v", err)
						Expect(err).To(MatchError(ContainSubstring(r.text)))
						Expect(err).To(MatchError(ContainSubstring(r.field + ":")))
					})
				}
			})
		}
	}

	It("are all in these tables, each with an accepted and a rejected object", func() {
		for kind, table := range rules {
			covered := map[string]bool{}
			for _, r := range table {
				Expect(r.accept).NotTo(BeEmpty(), "%s: %s", kind, r.name)
				Expect(r.reject).NotTo(BeEmpty(), "%s: %s", kind, r.name)
				covered[index.ReplaceAllString(r.field, "[]")+": "+r.text] = true
			}
			for _, refusal := range refusals(kind) {
				Expect(covered).To(HaveKey(refusal), "%s: no object is rejected with this", kind)
			}
		}
	})
})

// try creates an object, or creates before and updates it, and undoes it.
func try(ctx SpecContext, kind, before, changes string) error {
	if before == "" {
		return k8s.Create(ctx, object(kind, changes), client.DryRunAll)
	}
	old := object(kind, before)
	Expect(k8s.Create(ctx, old)).To(Succeed())
	defer func() { Expect(k8s.Delete(ctx, old)).To(Succeed()) }()
	changed := object(kind, changes)
	changed.SetName(old.GetName())
	changed.SetResourceVersion(old.GetResourceVersion())
	return k8s.Update(ctx, changed, client.DryRunAll)
}

const durationMessage = "must be a positive duration such as 500ms, 20s, 5m or 1h30m"

var _ = Describe("Durations", func() {
	It("are positive and written as Go writes them, in every field", func(ctx SpecContext) {
		count := 0
		for _, full := range fullObjects() {
			full.SetName("")
			full.SetGenerateName("t-")
			paths := durationPaths(full)
			count += len(paths)
			for _, path := range paths {
				for _, wrong := range []string{"0s", "-5s", "5", "soon", "1d", "9999999h"} {
					changed := full.DeepCopy()
					set(changed.Object, path, wrong)
					err := k8s.Create(ctx, changed, client.DryRunAll)
					Expect(apierrors.IsInvalid(err)).To(BeTrue(), "%v = %s: %v", path, wrong, err)
					Expect(err).To(MatchError(ContainSubstring(fieldName(path) + ": Invalid value")))
					Expect(err).To(MatchError(ContainSubstring(durationMessage)))
				}
			}
		}
		Expect(count).To(BeNumerically(">", 40))
	})

	DescribeTable("may be written in these ways", func(ctx SpecContext, text string) {
		changes := fmt.Sprintf("spec: {recovery: {historyTTL: %q}}", text)
		Expect(k8s.Create(ctx, object(v1alpha1.KindRealtimeCluster, changes), client.DryRunAll)).To(Succeed())
	},
		Entry(nil, "500ms"), Entry(nil, "1.5s"), Entry(nil, "20s"), Entry(nil, "5m"),
		Entry(nil, "1h30m"), Entry(nil, "720h0m0s"), Entry(nil, "999999h999999h99999h"),
	)
})

// index is the index of a list item in a field's name.
var index = regexp.MustCompile(`\[\d+\]`)

// refusals returns, for every CEL rule of a kind's CRD, the field it names and its
// message, sorted. The one of durations is not among them; it has a test of its own.
func refusals(kind string) []string {
	var all []string
	walkSchema(schemaOf(kind), func(path string, schema map[string]any) {
		validations, _, err := unstructured.NestedSlice(schema, "x-kubernetes-validations")
		Expect(err).NotTo(HaveOccurred())
		for _, v := range validations {
			validation := v.(map[string]any)
			message, _ := validation["message"].(string)
			Expect(message).NotTo(BeEmpty(), "%s has a rule without a message", path)
			below, _ := validation["fieldPath"].(string)
			if message != durationMessage {
				all = append(all, strings.TrimPrefix(path+below, ".")+": "+message)
			}
		}
	})
	slices.Sort(all)
	return all
}

// durationPaths returns the paths of all fields of an object that hold durations.
func durationPaths(u *unstructured.Unstructured) [][]any {
	isDuration := map[string]bool{}
	walkSchema(schemaOf(u.GetKind()), func(path string, schema map[string]any) {
		isDuration[path] = strings.Contains(fmt.Sprint(schema["x-kubernetes-validations"]), durationMessage)
	})
	var found [][]any
	walkValue(u.Object, nil, func(path []any) {
		if isDuration[schemaPath(path)] {
			found = append(found, path)
		}
	})
	return found
}
