package v1alpha1_test

import (
	"path/filepath"
	"reflect"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// fullObjects are objects that together set every field. Each has a status.
func fullObjects() []*unstructured.Unstructured {
	files, err := filepath.Glob("testdata/full/*.yaml")
	Expect(err).NotTo(HaveOccurred())
	var all []*unstructured.Unstructured
	for _, file := range files {
		for _, u := range documents(file) {
			u.SetNamespace(namespace)
			all = append(all, u)
		}
	}
	return all
}

var _ = Describe("Full objects", func() {
	It("come back as they were sent, untyped", func(ctx SpecContext) {
		for _, u := range fullObjects() {
			got := u.DeepCopy()
			Expect(k8s.Create(ctx, got)).To(Succeed())
			DeferCleanup(func(ctx SpecContext) { Expect(k8s.Delete(ctx, got)).To(Succeed()) })
			Expect(spec(got)).To(Equal(spec(u)))

			got.Object["status"] = u.Object["status"]
			Expect(k8s.Status().Update(ctx, got)).To(Succeed())
			Expect(k8s.Get(ctx, client.ObjectKeyFromObject(u), got)).To(Succeed())
			Expect(spec(got)).To(Equal(spec(u)))
			Expect(section(got, "status")).To(Equal(section(u, "status")))
		}
	})

	It("come back as they were sent, typed", func(ctx SpecContext) {
		for _, u := range fullObjects() {
			sent := typed(u)
			got := sent.DeepCopyObject().(client.Object)
			Expect(k8s.Create(ctx, got)).To(Succeed())
			DeferCleanup(func(ctx SpecContext) { Expect(k8s.Delete(ctx, got)).To(Succeed()) })
			Expect(k8s.Get(ctx, client.ObjectKeyFromObject(sent), got)).To(Succeed())
			Expect(toUnstructured(got).Object["spec"]).To(Equal(toUnstructured(sent).Object["spec"]))
		}
	})

	It("leave no field of a spec or status zero", func() {
		covered := map[string]bool{}
		for _, u := range fullObjects() {
			markCovered(reflect.ValueOf(typed(u)).Elem(), u.GetKind(), covered)
		}
		for kind, object := range map[string]any{
			v1alpha1.KindRealtimeCluster:  v1alpha1.RealtimeCluster{},
			v1alpha1.KindLobbyPolicy:      v1alpha1.LobbyPolicy{},
			v1alpha1.KindMatchmakingQueue: v1alpha1.MatchmakingQueue{},
		} {
			for _, path := range fieldPaths(reflect.TypeOf(object), kind) {
				Expect(covered).To(HaveKey(path), "no object in testdata/full sets it")
			}
		}
	})
})

// typed decodes an object into its Go type and fails on fields the type lacks.
func typed(u *unstructured.Unstructured) client.Object {
	into, err := k8s.Scheme().New(u.GroupVersionKind())
	Expect(err).NotTo(HaveOccurred())
	text, err := yaml.Marshal(u.Object)
	Expect(err).NotTo(HaveOccurred())
	Expect(yaml.UnmarshalStrict(text, into)).To(Succeed(), u.GetName())
	return into.(client.Object)
}

func toUnstructured(o client.Object) *unstructured.Unstructured {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	Expect(err).NotTo(HaveOccurred())
	return &unstructured.Unstructured{Object: content}
}

// leaves are struct types that are one value to a user.
var leaves = map[reflect.Type]bool{
	reflect.TypeFor[v1alpha1.Duration]():  true,
	reflect.TypeFor[resource.Quantity]():  true,
	reflect.TypeFor[intstr.IntOrString](): true,
	reflect.TypeFor[metav1.TypeMeta]():    true,
	reflect.TypeFor[metav1.ObjectMeta]():  true,
	reflect.TypeFor[metav1.Condition]():   true,
}

// fieldPaths returns the paths of all fields below a type, those of list items
// without an index.
func fieldPaths(t reflect.Type, path string) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || leaves[t] {
		return []string{path}
	}
	var all []string
	for i := range t.NumField() {
		all = append(all, fieldPaths(t.Field(i).Type, path+"."+fieldKey(t.Field(i)))...)
	}
	return all
}

// markCovered records the paths of all leaf fields that are not zero.
func markCovered(v reflect.Value, path string, covered map[string]bool) {
	switch {
	case v.Kind() == reflect.Pointer:
		if !v.IsNil() {
			markCovered(v.Elem(), path, covered)
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			markCovered(v.Index(i), path, covered)
		}
	case v.Kind() == reflect.Struct && !leaves[v.Type()]:
		for i := range v.NumField() {
			markCovered(v.Field(i), path+"."+fieldKey(v.Type().Field(i)), covered)
		}
	case !v.IsZero():
		covered[path] = true
	}
}

func fieldKey(f reflect.StructField) string {
	key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if key == "" {
		return f.Name
	}
	return key
}
