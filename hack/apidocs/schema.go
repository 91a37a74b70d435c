package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

// definition is the documented part of a CustomResourceDefinition.
type definition struct {
	Spec struct {
		Names struct {
			Kind       string   `json:"kind"`
			Plural     string   `json:"plural"`
			ShortNames []string `json:"shortNames"`
		} `json:"names"`
		Versions []struct {
			Schema struct {
				OpenAPIV3Schema schema `json:"openAPIV3Schema"`
			} `json:"schema"`
		} `json:"versions"`
	} `json:"spec"`
}

// schema is the documented part of an OpenAPI schema.
type schema struct {
	Description          string             `json:"description"`
	Type                 string             `json:"type"`
	Format               string             `json:"format"`
	Pattern              string             `json:"pattern"`
	IntOrString          bool               `json:"x-kubernetes-int-or-string"`
	Default              json.RawMessage    `json:"default"`
	Enum                 []string           `json:"enum"`
	Required             []string           `json:"required"`
	Properties           map[string]*schema `json:"properties"`
	Items                *schema            `json:"items"`
	AdditionalProperties *schema            `json:"additionalProperties"`
	ListMapKeys          []string           `json:"x-kubernetes-list-map-keys"`
	ListType             string             `json:"x-kubernetes-list-type"`
	Minimum              *float64           `json:"minimum"`
	Maximum              *float64           `json:"maximum"`
	MinLength            *int64             `json:"minLength"`
	MaxLength            *int64             `json:"maxLength"`
	MinItems             *int64             `json:"minItems"`
	MaxItems             *int64             `json:"maxItems"`
	MaxProperties        *int64             `json:"maxProperties"`
	Validations          []struct {
		Message string `json:"message"`
	} `json:"x-kubernetes-validations"`
}

// typeName returns the name of the type for users.
func (s *schema) typeName() string {
	switch {
	case s.Type == "array":
		return "[]" + s.Items.typeName()
	case s.AdditionalProperties != nil:
		return "map of " + s.AdditionalProperties.typeName()
	case s.isDuration():
		return "duration"
	case s.isCondition():
		return "Condition"
	case s.isSelector():
		return "label selector"
	case s.IntOrString && strings.Contains(s.Pattern, "Ki"):
		return "quantity"
	case s.IntOrString && s.Pattern != "":
		return "decimal"
	case s.IntOrString:
		return "integer or string"
	}
	return s.Type
}

func (s *schema) isDuration() bool {
	return len(s.Validations) > 0 && strings.Contains(s.Validations[0].Message, "positive duration")
}

func (s *schema) isCondition() bool { return s.Properties["lastTransitionTime"] != nil }

func (s *schema) isSelector() bool {
	return len(s.Properties) == 2 && s.Properties["matchLabels"] != nil && s.Properties["matchExpressions"] != nil
}

// fields returns the properties with rows of their own below this one.
func (s *schema) fields() map[string]*schema {
	switch {
	case s.Items != nil:
		return s.Items.fields()
	case s.isCondition() || s.isSelector():
		return nil
	}
	return s.Properties
}

// defaultText returns the default as YAML on one line; a struct's default shows in its
// fields.
func (s *schema) defaultText() string {
	text := string(s.Default)
	if text == "" || text == "{}" {
		return ""
	}
	return "`" + strings.Trim(text, `"`) + "`"
}

// constraints returns the constraints of a value, as a list of short phrases.
func (s *schema) constraints(required bool) []string {
	var all []string
	if required {
		all = append(all, "required")
	}
	of := s
	if s.Items != nil {
		all = append(all, span("items", s.MinItems, s.MaxItems)...)
		if s.ListType == "set" {
			all = append(all, "no duplicates")
		}
		if len(s.ListMapKeys) > 0 {
			all = append(all, "unique by "+strings.Join(s.ListMapKeys, ", "))
		}
		of = s.Items
	}
	if s.MaxProperties != nil {
		all = append(all, span("entries", nil, s.MaxProperties)...)
	}
	if len(of.Enum) > 0 {
		all = append(all, "one of "+strings.Join(of.Enum, ", "))
	}
	all = append(all, span("", of.Minimum, of.Maximum)...)
	if !of.isDuration() && !of.IntOrString {
		all = append(all, span("characters", of.MinLength, of.MaxLength)...)
	}
	return append(all, append(s.rules(), itemRules(s)...)...)
}

// rules returns the texts of the CEL rules, except the rule of durations.
func (s *schema) rules() []string {
	var all []string
	for _, v := range s.Validations {
		if !s.isDuration() {
			all = append(all, v.Message)
		}
	}
	return all
}

func itemRules(s *schema) []string {
	if s.Items == nil {
		return nil
	}
	return s.Items.rules()
}

// span returns bounds in words, such as "1 to 16 items".
func span[N int64 | float64](unit string, low, high *N) []string {
	unit = strings.TrimSuffix(" "+unit, " ")
	switch {
	case low != nil && high != nil:
		return []string{fmt.Sprintf("%d to %d%s", int64(*low), int64(*high), unit)}
	case high != nil:
		return []string{fmt.Sprintf("at most %d%s", int64(*high), unit)}
	case low != nil:
		return []string{fmt.Sprintf("at least %d%s", int64(*low), unit)}
	}
	return nil
}
