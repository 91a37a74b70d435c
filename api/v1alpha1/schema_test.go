package v1alpha1_test

import (
	"fmt"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// schemaOf returns the OpenAPI schema of a kind, from the generated CRD.
func schemaOf(kind string) map[string]any {
	files, err := filepath.Glob(filepath.Join(crdDir, "*.yaml"))
	Expect(err).NotTo(HaveOccurred())
	for _, file := range files {
		for _, crd := range documents(file) {
			if found, _, _ := unstructured.NestedString(crd.Object, "spec", "names", "kind"); found != kind {
				continue
			}
			versions, _, err := unstructured.NestedSlice(crd.Object, "spec", "versions")
			Expect(err).NotTo(HaveOccurred())
			Expect(versions).To(HaveLen(1))
			schema, found, err := unstructured.NestedMap(versions[0].(map[string]any), "schema", "openAPIV3Schema")
			Expect(err).NotTo(HaveOccurred())
			Expect(found).To(BeTrue())
			return schema
		}
	}
	Fail("no CRD of kind " + kind)
	return nil
}

// walkSchema visits a schema and all schemas in it. Paths are like
// spec.auth.providers[].name and spec.pod.labels{}.
func walkSchema(schema map[string]any, visit func(path string, schema map[string]any)) {
	walkSchemaAt("", schema, visit)
}

func walkSchemaAt(path string, schema map[string]any, visit func(string, map[string]any)) {
	visit(path, schema)
	if properties, ok := schema["properties"].(map[string]any); ok {
		for name, property := range properties {
			walkSchemaAt(strings.TrimPrefix(path+"."+name, "."), property.(map[string]any), visit)
		}
	}
	if items, ok := schema["items"].(map[string]any); ok {
		walkSchemaAt(path+"[]", items, visit)
	}
	if values, ok := schema["additionalProperties"].(map[string]any); ok {
		walkSchemaAt(path+"{}", values, visit)
	}
}

// walkValue visits every scalar in a value; a path holds keys and indexes.
func walkValue(value any, path []any, visit func(path []any)) {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			walkValue(inner, append(path[:len(path):len(path)], key), visit)
		}
	case []any:
		for i, inner := range v {
			walkValue(inner, append(path[:len(path):len(path)], i), visit)
		}
	default:
		visit(path)
	}
}

// schemaPath is the path of the schema that the value at path follows.
func schemaPath(path []any) string {
	text := ""
	for _, step := range path {
		if key, ok := step.(string); ok {
			text += "." + key
		} else {
			text += "[]"
		}
	}
	return strings.TrimPrefix(text, ".")
}

// fieldName is the path as the API server writes it in errors.
func fieldName(path []any) string {
	text := ""
	for _, step := range path {
		if key, ok := step.(string); ok {
			text += "." + key
		} else {
			text += fmt.Sprintf("[%d]", step)
		}
	}
	return strings.TrimPrefix(text, ".")
}

// set changes the value at path.
func set(root any, path []any, value any) {
	for _, step := range path[:len(path)-1] {
		if key, ok := step.(string); ok {
			root = root.(map[string]any)[key]
		} else {
			root = root.([]any)[step.(int)]
		}
	}
	root.(map[string]any)[path[len(path)-1].(string)] = value
}

var _ = Describe("Schemas", func() {
	for _, kind := range []string{v1alpha1.KindRealtimeCluster, v1alpha1.KindLobbyPolicy, v1alpha1.KindMatchmakingQueue} {
		It("bound every list, map and text of "+kind, func() {
			var unbounded []string
			walkSchema(schemaOf(kind), func(path string, schema map[string]any) {
				if strings.HasPrefix(path, "spec") || strings.HasPrefix(path, "status") {
					if missing := missingBound(path, schema); missing != "" {
						unbounded = append(unbounded, path+" has no "+missing)
					}
				}
			})
			Expect(unbounded).To(BeEmpty())
		})

		It("describe every field of "+kind, func() {
			walkSchema(schemaOf(kind), func(path string, schema map[string]any) {
				if path != "" && path != "metadata" && !strings.HasSuffix(path, "[]") && !strings.HasSuffix(path, "{}") {
					Expect(schema).To(HaveKeyWithValue("description", Not(BeEmpty())), path)
				}
			})
		})
	}
})

// missingBound names the bound that a schema lacks, or nothing. The values of
// maps are bounded by what Kubernetes allows in labels and annotations.
func missingBound(path string, schema map[string]any) string {
	has := func(key string) bool { return schema[key] != nil }
	switch {
	case schema["type"] == "array" && !has("maxItems"):
		return "maxItems"
	case schema["type"] == "object" && has("additionalProperties") && !has("maxProperties"):
		return "maxProperties"
	case schema["type"] == "string" && !strings.HasSuffix(path, "{}") && !has("maxLength") && !has("enum") && !has("format"):
		return "maxLength"
	}
	return ""
}
