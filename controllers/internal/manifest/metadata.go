package manifest

import (
	"regexp"

	"k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// metadataFields are the fields that users write.
var metadataFields = []string{"name", "namespace", "labels", "annotations", "finalizers", "ownerReferences"}

// admitMetadata checks the metadata and sets the namespace.
func admitMetadata(doc document, namespace string) Problems {
	raw, ok := doc.value["metadata"].(map[string]any)
	if !ok {
		return Problems{doc.problem("metadata", "Required value: write metadata with a name")}
	}
	if text, _ := raw["namespace"].(string); text == "" {
		raw["namespace"] = namespace
	}
	var metadata metav1.ObjectMeta
	err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(raw, &metadata, true)
	if strict, ok := runtime.AsStrictDecodingError(err); ok {
		return unknownMetadata(doc, strict.Errors())
	} else if err != nil {
		return Problems{doc.problem("metadata", err.Error())}
	}
	if metadata.Name == "" {
		return Problems{doc.problem("metadata.name", "Required value: give the object a name")}
	}
	var problems Problems
	for _, err := range validation.ValidateObjectMeta(&metadata, true, validation.NameIsDNSSubdomain, field.NewPath("metadata")) {
		problems = append(problems, doc.problem(err.Field, err.ErrorBody()))
	}
	return problems
}

var unknownField = regexp.MustCompile(`^unknown field "(.+)"$`)

func unknownMetadata(doc document, errs []error) Problems {
	var problems Problems
	for _, err := range errs {
		found := unknownField.FindStringSubmatch(err.Error())
		if found == nil {
			problems = append(problems, doc.problem("metadata", err.Error()))
			continue
		}
		problems = append(problems, doc.problem("metadata."+found[1], "unknown field"+closest(found[1], metadataFields)))
	}
	return problems
}
