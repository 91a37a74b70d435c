package serverapi

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3gen"

	"github.com/anteroom/anteroom/runtime/wire"
)

// document is the OpenAPI description. It is generated from the routes and their types, so that
// the two cannot differ.
func (s *Server) document() (*openapi3.T, error) {
	doc := &openapi3.T{
		OpenAPI: "3.0.3",
		Info: &openapi3.Info{
			Title: "Anteroom server API", Version: s.Version,
			Description: "For back ends inside the Kubernetes cluster. Every request needs the bearer token; a refusal is " +
				"{error: {code, message, …}} with the codes that clients get.",
		},
		Paths:    openapi3.NewPaths(),
		Security: *openapi3.NewSecurityRequirements().With(openapi3.NewSecurityRequirement().Authenticate("token")),
		Components: &openapi3.Components{SecuritySchemes: openapi3.SecuritySchemes{
			"token": &openapi3.SecuritySchemeRef{Value: openapi3.NewSecurityScheme().WithType("http").WithScheme("bearer")},
		}},
	}
	for _, r := range s.routes {
		operation, err := r.operation()
		if err != nil {
			return nil, fmt.Errorf("describe %s %s: %w", r.method, r.path, err)
		}
		doc.AddOperation(r.path, r.method, operation)
	}
	return doc, nil
}

var parameter = regexp.MustCompile(`{(\w+)}`)

func (r route) operation() (*openapi3.Operation, error) {
	o := openapi3.NewOperation()
	o.Summary = r.summary
	o.OperationID = strings.Trim(regexp.MustCompile(`\W+`).ReplaceAllString(strings.ToLower(r.method)+r.path, "_"), "_")
	for _, found := range parameter.FindAllStringSubmatch(r.path, -1) {
		o.AddParameter(openapi3.NewPathParameter(found[1]).WithSchema(openapi3.NewStringSchema()))
	}
	if r.keyed {
		o.AddParameter(openapi3.NewHeaderParameter("Idempotency-Key").
			WithDescription("The same key with the same request gives the same answer and has no second effect.").
			WithSchema(openapi3.NewStringSchema().WithMaxLength(maxKey)))
	}
	if r.request != nil {
		body, err := schemaOf(r.request)
		if err != nil {
			return nil, err
		}
		o.RequestBody = &openapi3.RequestBodyRef{Value: openapi3.NewRequestBody().WithRequired(true).WithJSONSchemaRef(body)}
	}
	answer, err := schemaOf(r.response)
	if err != nil {
		return nil, err
	}
	refusal, err := schemaOf(reflect.TypeFor[failure]())
	if err != nil {
		return nil, err
	}
	o.Responses = openapi3.NewResponses(
		openapi3.WithStatus(200, &openapi3.ResponseRef{
			Value: openapi3.NewResponse().WithDescription("done").WithJSONSchemaRef(answer),
		}),
		openapi3.WithName("default", openapi3.NewResponse().WithDescription("refused").WithJSONSchemaRef(refusal)),
	)
	return o, nil
}

func schemaOf(t reflect.Type) (*openapi3.SchemaRef, error) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	ref, err := openapi3gen.NewSchemaRefForValue(reflect.Zero(t).Interface(), nil, openapi3gen.SchemaCustomizer(describe))
	return ref, err
}

// describe puts the rules of the validate tags into a schema.
func describe(_ string, t reflect.Type, tag reflect.StructTag, s *openapi3.Schema) error {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == reflect.TypeFor[json.RawMessage]() {
		*s = openapi3.Schema{}
	}
	if t.Kind() == reflect.Struct {
		s.Required = required(t)
	}
	if t == reflect.TypeFor[BatchRequest]() {
		event, err := schemaOf(reflect.TypeFor[EventRequest]())
		if err != nil {
			return err
		}
		s.Properties["events"].Value.Items = event
	}
	if t == reflect.TypeFor[wire.Code]() {
		s.Description = "one of the codes of the client contract"
	}
	constrainAll(s, strings.Split(tag.Get("validate"), ",dive,"))
	return nil
}

// constrainAll puts the first of the rules into a schema, and the others into those of its
// elements, one below the other. The generator gives a field's tag to them all.
func constrainAll(s *openapi3.Schema, rules []string) {
	s.Min, s.Max, s.MinLength, s.MaxLength, s.MinItems, s.MaxItems, s.MinProps, s.MaxProps = nil, nil, 0, nil, 0, nil, 0, nil
	constrain(s, rules[0])
	below := []string{""}
	if len(rules) > 1 {
		below = rules[1:]
	}
	for _, element := range []*openapi3.SchemaRef{s.Items, s.AdditionalProperties.Schema} {
		if element != nil && element.Value != nil {
			constrainAll(element.Value, below)
		}
	}
}

// required are the members of a struct that must be there.
func required(t reflect.Type) []string {
	var names []string
	for f := range fields(t) {
		rules, _, _ := strings.Cut(f.Tag.Get("validate"), ",dive,")
		if slices.Contains(strings.Split(rules, ","), "required") {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			names = append(names, name)
		}
	}
	return names
}

func fields(t reflect.Type) func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for _, f := range reflect.VisibleFields(t) {
			if !f.Anonymous && !yield(f) {
				return
			}
		}
	}
}

// constrain reads min, max and oneof.
func constrain(s *openapi3.Schema, rules string) {
	for rule := range strings.SplitSeq(rules, ",") {
		name, value, _ := strings.Cut(rule, "=")
		if name == "oneof" {
			for _, choice := range strings.Fields(value) {
				s.Enum = append(s.Enum, choice)
			}
		}
		bound, err := strconv.ParseUint(value, 10, 64)
		if err != nil || name != "min" && name != "max" {
			continue
		}
		limit(s, name == "max", bound)
	}
}

func limit(s *openapi3.Schema, most bool, bound uint64) {
	number := float64(bound)
	switch {
	case s.Type.Is("string") && most:
		s.MaxLength = &bound
	case s.Type.Is("string"):
		s.MinLength = bound
	case s.Type.Is("array") && most:
		s.MaxItems = &bound
	case s.Type.Is("array"):
		s.MinItems = bound
	case s.Type.Is("object") && most:
		s.MaxProps = &bound
	case s.Type.Is("object"):
		s.MinProps = bound
	case most:
		s.Max = &number
	default:
		s.Min = &number
	}
}
