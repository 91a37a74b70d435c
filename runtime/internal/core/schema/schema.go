// Package schema decodes JSON requests into Go structs, checks their validate tags and puts
// their texts into normal form. A refusal names the field.
package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/go-playground/validator/v10"

	"github.com/anteroom/anteroom/runtime/internal/core/text"
	"github.com/anteroom/anteroom/runtime/wire"
)

// embedded replaces the name of an embedded struct in a validator's path; no JSON member has it.
const embedded = "\x00"

// Schema checks requests against the validate tags of their types. It is safe for
// concurrent use.
type Schema struct{ *validator.Validate }

// New makes a Schema.
func New() *Schema {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(jsonName)
	for tag := range texts {
		// The error says that a tag has no name.
		_ = v.RegisterValidation(tag, func(f validator.FieldLevel) bool { return normalise(tag, f.Field()) == "" })
	}
	return &Schema{v}
}

// texts are the tags of text that other users are shown: one line, several, or the strings
// among the values of an object.
var texts = map[string]text.Rule{
	"line":  {Blank: true},
	"lines": {Blank: true, Lines: true},
	"texts": {Blank: true, Lines: true},
}

// normalise puts a field's text into its normal form, in place, so that no handler receives
// another form. It returns the fault of a text that is not allowed, "" for none.
func normalise(tag string, field reflect.Value) string {
	field = reflect.Indirect(field)
	if field.Kind() != reflect.Map {
		clean, fault := texts[tag].Clean(field.String())
		if fault == "" && field.CanSet() {
			field.SetString(clean)
		}
		return fault
	}
	for _, key := range field.MapKeys() {
		value := field.MapIndex(key)
		if value.Kind() == reflect.Interface {
			value = value.Elem()
		}
		if value.Kind() != reflect.String {
			continue
		}
		clean, fault := texts[tag].Clean(value.String())
		if fault != "" {
			return "has a value that " + fault
		}
		field.SetMapIndex(key, reflect.ValueOf(clean))
	}
	return ""
}

// jsonName makes the validator name fields as clients do.
func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "" && f.Anonymous {
		return embedded
	}
	return name
}

// Decode reads a request's payload: at most one argument, a JSON object. No
// argument, and null, are read as an empty object. What readers of JSON understand
// differently is refused: see [Exact]. Errors are *wire.Error with invalid_argument that
// name the field.
func Decode[Req any](s *Schema, args []json.RawMessage) (*Req, error) {
	if len(args) > 1 {
		return nil, wire.Invalid("", "a request has one argument, a JSON object")
	}
	req := new(Req)
	if len(args) == 1 {
		if err := Exact(args[0], reflect.TypeFor[Req]()); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(args[0], req); err != nil {
			return nil, misfit(err, reflect.TypeFor[Req]())
		}
	}
	return req, s.check(req)
}

// check names the first field that breaks its rule.
func (s *Schema) check(req any) error {
	err := s.Struct(req)
	var broken validator.ValidationErrors
	if !errors.As(err, &broken) || len(broken) == 0 {
		return err
	}
	_, path, _ := strings.Cut(strings.ReplaceAll(broken[0].Namespace(), embedded+".", ""), ".")
	return wire.Invalid(path, broken[0].Field()+" "+rule(broken[0]))
}

// misfit converts an error of encoding/json into an error with the field.
func misfit(err error, req reflect.Type) error {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return wire.Invalid("", "the payload cannot be read as JSON of this request")
	}
	if wrong.Field == "" {
		return wire.Invalid("", "the payload must be a JSON object, not "+wrong.Value)
	}
	path := memberPath(req, wrong.Field)
	return wire.Invalid(path, path+" must be "+kindName(wrong.Type)+", not "+wrong.Value)
}

// memberPath takes the names of embedded structs out of a path of encoding/json.
func memberPath(t reflect.Type, path string) string {
	first, rest, _ := strings.Cut(path, ".")
	if t.Kind() == reflect.Struct && rest != "" {
		if f, ok := t.FieldByName(first); ok && f.Anonymous {
			return rest
		}
	}
	return path
}

func kindName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "an array"
	case reflect.Map, reflect.Struct:
		return "an object"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number of at least 0"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "a whole number"
	}
	return "a number"
}

// rule says in words what a field has to be.
func rule(f validator.FieldError) string {
	if _, is := texts[f.Tag()]; is {
		return normalise(f.Tag(), reflect.ValueOf(f.Value()))
	}
	switch f.Tag() {
	case "required":
		return "is required"
	case "required_without":
		return "is required without " + lowerFirst(f.Param())
	case "excluded_with":
		return "may not be given together with " + lowerFirst(f.Param())
	case "oneof":
		return "must be one of " + strings.Join(strings.Fields(f.Param()), ", ")
	case "min":
		return fmt.Sprintf("must %s at least %s%s", have(f.Kind()), f.Param(), unit(f.Type()))
	case "max":
		return fmt.Sprintf("may %s at most %s%s", have(f.Kind()), f.Param(), unit(f.Type()))
	}
	return "is not allowed"
}

func have(k reflect.Kind) string {
	switch k {
	case reflect.String, reflect.Slice, reflect.Array, reflect.Map:
		return "have"
	}
	return "be"
}

func unit(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return " code points"
	case reflect.Map:
		return " entries"
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return " bytes"
		}
		return " entries"
	}
	return ""
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
