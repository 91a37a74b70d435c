package manifest

import (
	"context"
	"fmt"
	"io/fs"
	"path"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	schemaobjectmeta "k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	schemavalidation "k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"
)

// Schemas holds the known kinds with their rules.
type Schemas map[schema.GroupVersionKind]*kindSchema

// kindSchema holds the schemas that the API server compiles from a version of a CRD.
type kindSchema struct {
	structural *structuralschema.Structural
	validator  schemavalidation.SchemaValidator
	rules      *cel.Validator
}

// LoadSchemas reads the served versions of the CRDs (*.yaml) in the file system and its folders.
func LoadSchemas(crds fs.FS) (Schemas, error) {
	all := Schemas{}
	err := fs.WalkDir(crds, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".yaml" {
			return err
		}
		if err := all.load(crds, name); err != nil {
			return fmt.Errorf("read CRD %s: %w", name, err)
		}
		return nil
	})
	return all, err
}

func (s Schemas) load(crds fs.FS, name string) error {
	content, err := fs.ReadFile(crds, name)
	if err != nil {
		return err
	}
	var crd apiextensionsv1.CustomResourceDefinition
	if err := yaml.UnmarshalStrict(content, &crd); err != nil {
		return err
	}
	if crd.Kind != "CustomResourceDefinition" {
		return nil
	}
	for _, version := range crd.Spec.Versions {
		if !version.Served {
			continue
		}
		compiled, err := compile(version)
		if err != nil {
			return fmt.Errorf("version %s: %w", version.Name, err)
		}
		gvk := schema.GroupVersionKind{Group: crd.Spec.Group, Version: version.Name, Kind: crd.Spec.Names.Kind}
		s[gvk] = compiled
	}
	return nil
}

func compile(version apiextensionsv1.CustomResourceDefinitionVersion) (*kindSchema, error) {
	var internal apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(
		version.Schema.OpenAPIV3Schema, &internal, nil); err != nil {
		return nil, err
	}
	structural, err := structuralschema.NewStructural(&internal)
	if err != nil {
		return nil, err
	}
	if err := defaulting.PruneDefaults(structural); err != nil {
		return nil, err
	}
	validator, _, err := schemavalidation.NewSchemaValidator(&internal)
	if err != nil {
		return nil, err
	}
	return &kindSchema{
		structural: structural,
		validator:  validator,
		rules:      cel.NewValidator(structural, true, celconfig.PerCallLimit),
	}, nil
}

// complete removes unknown fields, returns their paths, and sets the defaults, in the order of the
// API server.
func (k *kindSchema) complete(object map[string]any) (unknown []string) {
	unknown = pruning.PruneWithOptions(object, k.structural, true,
		structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	defaulting.PruneNonNullableNullsWithoutDefaults(object, k.structural)
	defaulting.Default(object, k.structural)
	return unknown
}

// validate checks the schema and then the CEL rules. Complete is false when the rules could not
// run, because the object does not match its schema or has no name, which rules may read.
func (k *kindSchema) validate(ctx context.Context, object map[string]any) (problems field.ErrorList, complete bool) {
	problems = schemavalidation.ValidateCustomResource(nil, object, k.validator)
	problems = append(problems, schemaobjectmeta.Validate(ctx, nil, object, k.structural, false)...)
	problems = append(problems, listtype.ValidateListSetsAndMaps(nil, k.structural, object)...)
	if blocks(problems) || !named(object) {
		return problems, false
	}
	broken, _ := k.rules.Validate(ctx, nil, k.structural, object, nil, celconfig.RuntimeCELCostBudget)
	return append(problems, broken...), true
}

func named(object map[string]any) bool {
	metadata, _ := object["metadata"].(map[string]any)
	name, _ := metadata["name"].(string)
	return name != ""
}

// blocks reports whether CEL rules cannot run because the object does not match its schema; the
// API server skips them in the same cases.
func blocks(problems field.ErrorList) bool {
	for _, p := range problems {
		switch p.Type {
		case field.ErrorTypeNotSupported, field.ErrorTypeRequired, field.ErrorTypeTooLong,
			field.ErrorTypeTooMany, field.ErrorTypeTypeInvalid:
			return true
		}
	}
	return false
}
