package apply

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// Current reports whether an apply of want would change nothing: FieldOwner owns exactly the
// fields of want in the live object, and they have the desired values. Fields of other owners do
// not count.
func Current(want, live *unstructured.Unstructured) bool {
	owned := ownedFields(live.GetManagedFields())
	if owned == nil {
		return false
	}
	return holds(withoutIdentity(want.Object), live.Object, owned)
}

// ownedFields returns the field set that server-side apply keeps for FieldOwner; nil for none.
func ownedFields(entries []metav1.ManagedFieldsEntry) *fieldpath.Set {
	for _, e := range entries {
		if !applied(e) {
			continue
		}
		fields := &fieldpath.Set{}
		if fields.FromJSON(bytes.NewReader(e.FieldsV1.GetRawBytes())) == nil {
			return fields
		}
	}
	return nil
}

// applied reports whether an entry of managed fields comes from an apply of this operator.
func applied(e metav1.ManagedFieldsEntry) bool {
	return e.Manager == FieldOwner && e.Operation == metav1.ManagedFieldsOperationApply && e.Subresource == "" && e.FieldsV1 != nil
}

// withoutIdentity removes the fields that identify the object, which have no owner.
func withoutIdentity(object map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range object {
		if k != "apiVersion" && k != "kind" {
			out[k] = v
		}
	}
	metadata := map[string]any{}
	if m, ok := object["metadata"].(map[string]any); ok {
		for k, v := range m {
			if k != "name" && k != "namespace" && k != "uid" {
				metadata[k] = v
			}
		}
	}
	out["metadata"] = metadata
	return out
}

// holds compares a desired value with the live value, as far as the operator owns it.
func holds(want, live any, owned *fieldpath.Set) bool {
	switch want := want.(type) {
	case map[string]any:
		return holdsMap(want, live, owned)
	case []any:
		return holdsList(want, live, owned)
	}
	return same(want, live)
}

// holdsMap compares a map. A map without owned parts is atomic.
func holdsMap(want map[string]any, live any, owned *fieldpath.Set) bool {
	got, ok := live.(map[string]any)
	if len(want) == 0 {
		return owned.Empty()
	}
	if !ok {
		return false
	}
	if owned.Empty() {
		return within(want, got)
	}
	parts := ownedParts(owned)
	for _, p := range parts {
		if p.element.FieldName != nil {
			if _, wanted := want[*p.element.FieldName]; !wanted {
				return false
			}
		}
	}
	for field, value := range want {
		i := slices.IndexFunc(parts, func(p ownedPart) bool { return p.element.FieldName != nil && *p.element.FieldName == field })
		if i < 0 || !holds(value, got[field], parts[i].below) {
			return false
		}
	}
	return true
}

// ownedPart is an owned field or item with the owned fields below it.
type ownedPart struct {
	element fieldpath.PathElement
	below   *fieldpath.Set
}

// ownedParts returns the parts at the top of a set. A field with owned parts is a child, and a
// member as well if the operator owns the field itself.
func ownedParts(owned *fieldpath.Set) []ownedPart {
	var parts []ownedPart
	for element := range owned.Children.All() {
		below, _ := owned.Children.Get(element)
		parts = append(parts, ownedPart{element, below})
	}
	for element := range owned.Members.All() {
		if _, child := owned.Children.Get(element); !child {
			parts = append(parts, ownedPart{element, fieldpath.NewSet()})
		}
	}
	return parts
}

// holdsList compares a list that is atomic, a list of items with keys, or a set.
func holdsList(want []any, live any, owned *fieldpath.Set) bool {
	got, ok := live.([]any)
	if !ok {
		return len(want) == 0
	}
	if owned.Empty() {
		return within(want, got)
	}
	parts := ownedParts(owned)
	return len(parts) == len(want) && !slices.ContainsFunc(parts, func(p ownedPart) bool { return !holdsItem(p, want, got) })
}

// holdsItem compares the item with the keys or the value of an owned part.
func holdsItem(part ownedPart, want, got []any) bool {
	switch {
	case part.element.Value != nil:
		value := (*part.element.Value).Unstructured()
		return find(want, value) != nil && find(got, value) != nil
	case part.element.Key != nil:
		key := map[string]any{}
		for _, field := range *part.element.Key {
			key[field.Name] = field.Value.Unstructured()
		}
		wanted, live := find(want, key), find(got, key)
		return wanted != nil && live != nil && holds(wanted, live, part.below)
	}
	return false
}

// find returns the item with the key's fields, or the item equal to the key.
func find(list []any, key any) any {
	for _, item := range list {
		if within(key, item) {
			return item
		}
	}
	return nil
}

// within reports whether a desired value is part of a live value: every field of a map, and lists
// of the same length item by item. The API server adds defaults, so the live value may have more
// fields. The hash detects additional fields that an earlier desired value had.
func within(want, live any) bool {
	switch want := want.(type) {
	case map[string]any:
		got, ok := live.(map[string]any)
		for k, v := range want {
			if !within(v, got[k]) {
				return false
			}
		}
		return ok || len(want) == 0
	case []any:
		got, ok := live.([]any)
		if !ok || len(got) != len(want) {
			return len(want) == 0 && len(got) == 0
		}
		for i := range want {
			if !within(want[i], got[i]) {
				return false
			}
		}
		return true
	}
	return same(want, live)
}

// same compares scalars. Numbers are int64 or float64, depending on the decoder.
func same(a, b any) bool {
	if reflect.DeepEqual(a, b) {
		return true
	}
	return number(a) && number(b) && fmt.Sprint(a) == fmt.Sprint(b)
}

func number(v any) bool {
	switch v.(type) {
	case int64, int32, int, float64:
		return true
	}
	return false
}
