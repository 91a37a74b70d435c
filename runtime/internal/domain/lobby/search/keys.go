package search

import (
	"fmt"
	"math"
	"strings"

	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
)

// keyLength is the longest prefix of a text that the index compares.
const keyLength = 128

// attributePrefix begins the names of fields that are attributes.
const attributePrefix = "attributes."

// builtinFields are the fields of every lobby, with their types.
var builtinFields = map[string]rules.AttributeType{
	"name": rules.AttributeString, "status": rules.AttributeString, "hasPassword": rules.AttributeBoolean,
	"players": rules.AttributeNumber, "free": rules.AttributeNumber, "maxMembers": rules.AttributeNumber, "createdAt": rules.AttributeNumber,
}

// fieldType returns the type of a searchable field; false when the field cannot be searched.
func fieldType(p rules.Policy, field string) (rules.AttributeType, bool) {
	if t, ok := builtinFields[field]; ok {
		return t, true
	}
	key, ok := strings.CutPrefix(field, attributePrefix)
	for _, r := range p.Attributes {
		if ok && r.Key == key && r.Indexed() {
			return r.Type, true
		}
	}
	return "", false
}

// keysOf returns the keys of a lobby's searchable fields.
func keysOf(l rules.Lobby) map[string]string {
	players := l.Players()
	keys := map[string]string{
		"name": textKey(l.Name), "status": textKey(string(l.Status)), "hasPassword": boolKey(l.PasswordHash != ""),
		"players": numberKey(float64(players)), "free": numberKey(float64(l.MaxMembers - players)),
		"maxMembers": numberKey(float64(l.MaxMembers)), "createdAt": numberKey(float64(l.CreatedAt)),
	}
	for _, r := range l.Policy.Attributes {
		value, set := l.Attributes[r.Key]
		if !set || !r.Indexed() {
			continue
		}
		if key, ok := keyOf(value, r.Type); ok {
			keys[attributePrefix+r.Key] = key
		}
	}
	return keys
}

// keyOf gives a value in a form that sorts as the values do.
func keyOf(value any, t rules.AttributeType) (string, bool) {
	switch v := value.(type) {
	case string:
		return textKey(v), t == rules.AttributeString
	case bool:
		return boolKey(v), t == rules.AttributeBoolean
	case float64:
		return numberKey(v), t == rules.AttributeNumber
	}
	return "", false
}

func boolKey(v bool) string {
	if v {
		return "1"
	}
	return "0"
}

// numberKey is the number's bits, turned so that their order is that of the numbers.
func numberKey(v float64) string {
	if v == 0 {
		v = 0 // there is a negative one
	}
	bits := math.Float64bits(v)
	if bits>>63 == 1 {
		bits = ^bits
	} else {
		bits |= 1 << 63
	}
	return fmt.Sprintf("%016x", bits)
}

// textKey has no control characters, which the index uses for itself.
func textKey(v string) string {
	v = strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, v)
	return v[:min(len(v), keyLength)]
}
