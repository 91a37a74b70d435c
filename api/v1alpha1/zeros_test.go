package v1alpha1_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// eachField visits the fields of a struct's JSON by their schema's path.
func eachField(path string, of reflect.Type, visit func(path string, field reflect.StructField)) {
	switch of.Kind() {
	case reflect.Pointer:
		eachField(path, of.Elem(), visit)
	case reflect.Slice:
		eachField(path+"[]", of.Elem(), visit)
	case reflect.Map:
		eachField(path+"{}", of.Elem(), visit)
	case reflect.Struct:
		if isNumber(of) || of == reflect.TypeFor[metav1.Time]() {
			return
		}
		for i := range of.NumField() {
			field := of.Field(i)
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if name == "" || name == "-" || field.Type == reflect.TypeFor[metav1.ObjectMeta]() {
				continue
			}
			at := strings.TrimPrefix(path+"."+name, ".")
			visit(at, field)
			eachField(at, field.Type, visit)
		}
	}
}

// isNumber reports whether a zero of the type can be a meaningful value.
func isNumber(of reflect.Type) bool {
	switch of {
	case reflect.TypeFor[resource.Quantity](), reflect.TypeFor[v1alpha1.Duration](), reflect.TypeFor[v1alpha1.Decimal]():
		return true
	}
	switch of.Kind() {
	case reflect.Bool, reflect.Int32, reflect.Int64, reflect.Int, reflect.Float64:
		return true
	}
	return false
}

// confused describes how a zero that a typed client leaves unset would be read as an absent
// field, or an absent field as zero; "" when neither can happen. A pointer and a Decimal, which
// is text, distinguish zero from absence, and a Duration refuses zero. Other types need a default
// of zero, or a rule that refuses zero.
func confused(kind, path string, of reflect.Type, schema map[string]any) string {
	switch {
	case of.Kind() == reflect.Bool && schema["default"] != true:
		return ""
	case of == reflect.TypeFor[v1alpha1.Duration](), of == reflect.TypeFor[v1alpha1.Decimal]():
		return ""
	case of == reflect.TypeFor[resource.Quantity]():
		return acceptsZero(kind, path)
	}
	minimum, bounded := schema["minimum"]
	switch zero, defaulted := schema["default"]; {
	case bounded && fmt.Sprint(minimum) != "0" && !strings.HasPrefix(fmt.Sprint(minimum), "-"):
		return ""
	case defaulted && fmt.Sprint(zero) == "0":
		return ""
	}
	return "zero is allowed, and is not what its absence means: make it a pointer"
}

// acceptsZero tells that the API server takes a quantity of zero.
func acceptsZero(kind, path string) string {
	text := "{" + strings.ReplaceAll(path, ".", ": {") + `: "0"` + strings.Repeat("}", strings.Count(path, ".")+1)
	if err := k8s.Create(context.Background(), object(kind, text[1:len(text)-1]), client.DryRunAll); err != nil && strings.Contains(err.Error(), path) {
		return ""
	}
	return "a quantity of zero is accepted, and a typed client cannot write it: make it a pointer, or refuse it"
}

var _ = Describe("Zeros", func() {
	for kind, of := range map[string]reflect.Type{
		v1alpha1.KindRealtimeCluster:  reflect.TypeFor[v1alpha1.RealtimeCluster](),
		v1alpha1.KindLobbyPolicy:      reflect.TypeFor[v1alpha1.LobbyPolicy](),
		v1alpha1.KindMatchmakingQueue: reflect.TypeFor[v1alpha1.MatchmakingQueue](),
	} {
		It("are not taken for absence in "+kind, func() {
			schemas := map[string]map[string]any{}
			walkSchema(schemaOf(kind), func(path string, schema map[string]any) { schemas[path] = schema })
			seen := 0
			eachField("", of, func(path string, field reflect.StructField) {
				_, options, _ := strings.Cut(field.Tag.Get("json"), ",")
				if !strings.HasPrefix(path, "spec") || !isNumber(field.Type) || options == "" {
					return // the status is the operator's, and what is required is written always
				}
				seen++
				Expect(schemas).To(HaveKey(path))
				if fault := confused(kind, path, field.Type, schemas[path]); fault != "" {
					Fail(path + ": " + fault)
				}
			})
			Expect(seen).To(BeNumerically(">", 8))
		})
	}

	DescribeTable("are found where they would be", func(of reflect.Type, schema map[string]any, fine bool) {
		Expect(confused("", "", of, schema) == "").To(Equal(fine))
	},
		Entry("a switch that is on by default", reflect.TypeFor[bool](), map[string]any{"default": true}, false),
		Entry("a switch that is off by default", reflect.TypeFor[bool](), map[string]any{"default": false}, true),
		Entry("a number with another default", reflect.TypeFor[int32](), map[string]any{"default": int64(5)}, false),
		Entry("a number with a minimum of zero and another default", reflect.TypeFor[int32](), map[string]any{"default": int64(5), "minimum": int64(0)}, false),
		Entry("a number without a default", reflect.TypeFor[int32](), map[string]any{"minimum": int64(0)}, false),
		Entry("a number that may be negative", reflect.TypeFor[int32](), map[string]any{"default": int64(5), "minimum": int64(-1)}, false),
		Entry("a number that refuses zero", reflect.TypeFor[int64](), map[string]any{"default": int64(5), "minimum": int64(1)}, true),
		Entry("a number that is zero by default", reflect.TypeFor[int32](), map[string]any{"default": int64(0), "minimum": int64(0)}, true),
	)
})
