package manifest

import (
	"context"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// admit processes a document in place as the API server does on create: unknown fields, defaults,
// status, metadata, schema and rules. It sets the namespace when the document has none. Complete is
// false when the rules could not be checked yet.
func (k *kindSchema) admit(ctx context.Context, doc document, namespace string) (problems Problems, complete bool) {
	delete(doc.value, "status")
	for _, path := range k.complete(doc.value) {
		problems = append(problems, doc.problem(path, "unknown field"+k.suggest(path)))
	}
	problems = append(problems, admitMetadata(doc, namespace)...)
	broken, complete := k.validate(ctx, doc.value)
	for _, err := range broken {
		problems = append(problems, doc.problem(fieldOf(err), err.ErrorBody()))
	}
	return problems, complete
}

// fieldOf returns the path in an error; empty for the whole object.
func fieldOf(err *field.Error) string {
	if err.Field == "<nil>" {
		return ""
	}
	return err.Field
}
