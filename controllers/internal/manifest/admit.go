package manifest

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// admit does to a document what the API server would on create, in place:
// unknown fields, defaults, status, metadata, schema and rules. The namespace is
// filled in when the document has none.
func (k *kindSchema) admit(ctx context.Context, doc document, namespace string) Problems {
	var problems Problems
	delete(doc.value, "status")
	for _, path := range k.complete(doc.value) {
		problems = append(problems, doc.problem(path, "unknown field"+k.suggest(path)))
	}
	problems = append(problems, admitMetadata(doc, namespace)...)
	for _, err := range k.validate(ctx, doc.value) {
		problems = append(problems, doc.problem(fieldOf(err), err.ErrorBody()))
	}
	return problems
}

// fieldOf is the path of an error; empty for the object as a whole.
func fieldOf(err *field.Error) string {
	if err.Field == "<nil>" {
		return ""
	}
	return err.Field
}

// admitMetadata checks the metadata and fills in the namespace.
func admitMetadata(doc document, namespace string) Problems {
	raw, ok := doc.value["metadata"].(map[string]any)
	if !ok {
		return Problems{doc.problem("metadata", "Required value: write metadata with a name")}
	}
	var metadata metav1.ObjectMeta
	err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(raw, &metadata, true)
	if runtime.IsStrictDecodingError(err) {
		text := strings.TrimPrefix(err.Error(), "strict decoding error: ")
		return Problems{doc.problem("metadata", text)}
	} else if err != nil {
		return Problems{doc.problem("metadata", err.Error())}
	}
	if metadata.Namespace == "" {
		metadata.Namespace = namespace
		raw["namespace"] = namespace
	}
	var problems Problems
	if metadata.Name == "" {
		return Problems{doc.problem("metadata.name", "Required value: give the object a name")}
	}
	for _, err := range validation.ValidateObjectMeta(&metadata, true, validation.NameIsDNSSubdomain, field.NewPath("metadata")) {
		problems = append(problems, doc.problem(err.Field, err.ErrorBody()))
	}
	return problems
}

// suggest finds the field that may have been meant by an unknown one.
func (k *kindSchema) suggest(path string) string {
	at := k.structural
	all := segments(path)
	for _, segment := range all[:len(all)-1] {
		if next, ok := at.Properties[segment]; ok {
			at = &next
		} else if at.Items != nil {
			at = at.Items
		} else {
			return ""
		}
	}
	best, distance := "", 3
	for name := range at.Properties {
		if d := editDistance(strings.ToLower(all[len(all)-1]), strings.ToLower(name)); d < distance || d == distance && name < best {
			best, distance = name, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(": did you mean %q?", best)
}

// editDistance is how many letters must be put in, taken out or exchanged to
// turn a into b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
