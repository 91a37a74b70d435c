package rules

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/anteroom/anteroom/runtime/internal/core/text"
	"github.com/anteroom/anteroom/runtime/wire"
)

// AttributeType is the type of an attribute's values.
type AttributeType string

// The types of attributes.
const (
	AttributeString  AttributeType = "String"
	AttributeNumber  AttributeType = "Number"
	AttributeBoolean AttributeType = "Boolean"
)

// Writer is the writer of an attribute, and decides the owner: the lobby owns the attributes
// that Host and Server write, a member those that Member writes.
type Writer string

// The writers of attributes.
const (
	WriterHost   Writer = "Host"
	WriterMember Writer = "Member"
	WriterServer Writer = "Server"
)

// Audience is the group of users that sees an attribute.
type Audience string

// The audiences of attributes. The zero Audience is that of members.
const (
	AudiencePublic  Audience = "Public"  // every user who may see the lobby
	AudienceMembers Audience = "Members" // the members
	AudienceServer  Audience = "Server"  // no client at all
)

// AttributeRule declares one key.
type AttributeRule struct {
	Key        string        `json:"key"`
	Type       AttributeType `json:"type"`
	WritableBy Writer        `json:"writableBy"`
	Visibility Audience      `json:"visibility,omitempty"`
	// Searchable has lobbies found by it; only where it is the lobby's and public.
	Searchable bool `json:"searchable,omitempty"`
	// Enum are the values that a String may have; empty means any.
	Enum []string `json:"enum,omitempty"`
	// Min and Max bound a Number; nil means no bound.
	Min *float64 `json:"min,omitempty"`
	Max *float64 `json:"max,omitempty"`
	// MaxLength bounds a String, in code points; 0 means no bound but that of the bytes.
	MaxLength int `json:"maxLength,omitempty"`
	// Default is the value of a key that was not set; nil means none.
	Default any `json:"default,omitempty"`
}

// AttributeLimits bound the attributes of a lobby, and those of each member.
// Bytes are counted in JSON. 0 means no bound.
type AttributeLimits struct {
	Keys  int `json:"keys"`
	Bytes int `json:"bytes"`
}

// scope is whose attributes a command writes; byServer are the lobby's too, those that
// only the server writes among them.
type scope int

const (
	ofLobby scope = iota
	ofMember
	byServer
)

func (r AttributeRule) scope() scope {
	if r.WritableBy == WriterMember {
		return ofMember
	}
	return ofLobby
}

// has reports whether the scope includes the attribute.
func (s scope) has(r AttributeRule) bool { return (s == ofMember) == (r.scope() == ofMember) }

// Indexed reports whether the index holds the attribute: a searchable, public attribute of the
// lobby itself.
func (r AttributeRule) Indexed() bool {
	return r.Searchable && r.Visibility == AudiencePublic && r.scope() == ofLobby
}

// hidden are the keys that not even members see, or, to the public, that only
// members do; nil when there are none.
func (p Policy) hidden(public bool) map[string]bool {
	var keys map[string]bool
	for _, r := range p.Attributes {
		if r.Visibility == AudienceServer || public && r.Visibility != AudiencePublic {
			if keys == nil {
				keys = map[string]bool{}
			}
			keys[r.Key] = true
		}
	}
	return keys
}

// without returns the attributes without some keys. It shares the map when nothing is hidden,
// because maps of attributes are never changed in place.
func without(a wire.Attributes, hidden map[string]bool) wire.Attributes {
	if len(a) == 0 {
		return wire.Attributes{}
	}
	if len(hidden) == 0 {
		return a
	}
	shown := make(wire.Attributes, len(a))
	for key, value := range a {
		if !hidden[key] {
			shown[key] = value
		}
	}
	return shown
}

// defaults are the values that the keys of a scope have from the start; nil when none.
func (p Policy) defaults(s scope) wire.Attributes {
	var a wire.Attributes
	for _, r := range p.Attributes {
		value, ok := scalar(r.Default)
		if !ok || !s.has(r) {
			continue
		}
		if a == nil {
			a = wire.Attributes{}
		}
		a[r.Key] = value
	}
	return a
}

// write gives the attributes with some keys set and others taken back to their
// default, or away where there is none. Field is the path that errors begin with.
func (p Policy) write(a wire.Attributes, s scope, set wire.Attributes, unset []string, field string) (wire.Attributes, error) {
	if len(set) == 0 && len(unset) == 0 {
		return a, nil
	}
	next := maps.Clone(a)
	if next == nil {
		next = wire.Attributes{}
	}
	for _, key := range slices.Sorted(maps.Keys(set)) {
		value, err := p.check(key, s, set[key], field+"."+key)
		if err != nil {
			return nil, err
		}
		next[key] = value
	}
	for _, key := range unset {
		if _, err := p.rule(key, s, "unset"); err != nil {
			return nil, err
		}
		delete(next, key)
		if value, ok := p.defaults(s)[key]; ok {
			next[key] = value
		}
	}
	return next, p.Limits.check(next, field)
}

// rule finds the declaration of a key that a client writes.
func (p Policy) rule(key string, s scope, field string) (AttributeRule, error) {
	i := slices.IndexFunc(p.Attributes, func(r AttributeRule) bool { return r.Key == key })
	switch {
	case i < 0:
		return AttributeRule{}, wire.Invalid(field, fmt.Sprintf("the policy declares no attribute %q", key))
	case p.Attributes[i].WritableBy == WriterServer && s != byServer:
		return AttributeRule{}, &wire.Error{Code: wire.CodePermissionDenied, Field: field, Message: fmt.Sprintf("the attribute %q is written by the server", key)}
	case !s.has(p.Attributes[i]) && s != ofMember:
		return AttributeRule{}, wire.Invalid(field, fmt.Sprintf("the attribute %q belongs to members: set it with lobby:setMember", key))
	case !s.has(p.Attributes[i]):
		return AttributeRule{}, wire.Invalid(field, fmt.Sprintf("the attribute %q belongs to the lobby: its host sets it with lobby:update", key))
	}
	return p.Attributes[i], nil
}

// check gives the value in the form it is kept in.
func (p Policy) check(key string, s scope, value any, field string) (any, error) {
	r, err := p.rule(key, s, field)
	if err != nil {
		return nil, err
	}
	value, ok := scalar(value)
	if !ok {
		return nil, wire.Invalid(field, "must be a string, a finite number or a boolean")
	}
	if s, is := value.(string); is {
		clean, fault := text.Rule{Lines: true, Blank: true}.Clean(s)
		if fault != "" {
			return nil, wire.Invalid(field, fault)
		}
		value = clean
	}
	if fault := r.fault(value); fault != "" {
		return nil, wire.Invalid(field, fault)
	}
	return value, nil
}

// fault returns the fault of a scalar value; "" for none.
func (r AttributeRule) fault(value any) string {
	switch v := value.(type) {
	case string:
		return r.textFault(v)
	case float64:
		return r.numberFault(v)
	default:
		if r.Type != AttributeBoolean {
			return "must be a " + string(r.Type)
		}
		return ""
	}
}

func (r AttributeRule) textFault(v string) string {
	switch {
	case r.Type != AttributeString:
		return "must be a " + string(r.Type)
	case len(r.Enum) > 0 && !slices.Contains(r.Enum, v):
		return fmt.Sprintf("must be one of %q", r.Enum)
	case r.MaxLength > 0 && text.Length(v) > r.MaxLength:
		return fmt.Sprintf("must have at most %d code points", r.MaxLength)
	}
	return ""
}

func (r AttributeRule) numberFault(v float64) string {
	switch {
	case r.Type != AttributeNumber:
		return "must be a " + string(r.Type)
	case r.Min != nil && v < *r.Min:
		return fmt.Sprintf("must be at least %v", *r.Min)
	case r.Max != nil && v > *r.Max:
		return fmt.Sprintf("must be at most %v", *r.Max)
	}
	return ""
}

func (l AttributeLimits) check(a wire.Attributes, field string) error {
	refuse := func(message string) error { return wire.Exhausted(field, message) }
	if l.Keys > 0 && len(a) > l.Keys {
		return refuse(fmt.Sprintf("at most %d attributes are allowed", l.Keys))
	}
	if l.Bytes == 0 {
		return nil
	}
	data, err := json.Marshal(a)
	if err != nil {
		return wire.Invalid(field, "cannot be written as JSON")
	}
	if len(data) > l.Bytes {
		return refuse(fmt.Sprintf("the attributes take more than %d bytes", l.Bytes))
	}
	return nil
}

// equal compares attributes; absent ones are as good as none.
func equal(a, b wire.Attributes) bool {
	return maps.Equal(a, b)
}

// scalar gives a value in the form that JSON decodes it to, so that values
// compare equal after a journey through the store.
func scalar(value any) (any, bool) {
	switch v := value.(type) {
	case string, bool:
		return v, true
	case float64:
		return v, !math.IsNaN(v) && !math.IsInf(v, 0)
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	}
	return nil, false
}
