package apply

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Current reports whether an apply of want would change nothing: FieldOwner owns exactly the
// fields of want in the live object, and they have the desired values. Fields of other owners do
// not count.
func Current(want, live *unstructured.Unstructured) bool {
	owned := ownedFields(live.GetManagedFields())
	if owned == nil {
		return false
	}
	wanted := withoutIdentity(want.Object)
	return holds(wanted, live.Object, owned)
}

// ownedFields is the field set that server-side apply keeps for FieldOwner.
func ownedFields(entries []metav1.ManagedFieldsEntry) map[string]any {
	for _, e := range entries {
		if !applied(e) {
			continue
		}
		var fields map[string]any
		if json.Unmarshal(e.FieldsV1.GetRawBytes(), &fields) == nil {
			return fields
		}
	}
	return nil
}

// applied reports whether an entry of managed fields comes from an apply of this operator.
func applied(e metav1.ManagedFieldsEntry) bool {
	return e.Manager == FieldOwner && e.Operation == metav1.ManagedFieldsOperationApply && e.Subresource == "" && e.FieldsV1 != nil
}

// withoutIdentity leaves out what names the object and is owned by nobody.
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
func holds(want, live any, owned map[string]any) bool {
	switch want := want.(type) {
	case map[string]any:
		return holdsMap(want, live, owned)
	case []any:
		return holdsList(want, live, owned)
	}
	return same(want, live)
}

func holdsMap(want map[string]any, live any, owned map[string]any) bool {
	got, ok := live.(map[string]any)
	if len(want) == 0 {
		return !ownsParts(owned)
	}
	if !ok {
		return false
	}
	if !ownsParts(owned) { // one piece
		return within(want, got)
	}
	for name := range owned {
		if field, is := strings.CutPrefix(name, "f:"); is {
			if _, wanted := want[field]; !wanted {
				return false
			}
		}
	}
	for field, value := range want {
		part, is := owned["f:"+field].(map[string]any)
		if !is || !holds(value, got[field], part) {
			return false
		}
	}
	return true
}

func ownsParts(owned map[string]any) bool {
	for name := range owned {
		if name != "." {
			return true
		}
	}
	return false
}

// holdsList compares a list that is one piece, a list of items with keys, or a set.
func holdsList(want []any, live any, owned map[string]any) bool {
	got, ok := live.([]any)
	if !ok {
		return len(want) == 0
	}
	if !ownsParts(owned) {
		return within(want, got)
	}
	items := 0
	for name, part := range owned {
		if name == "." {
			continue
		}
		items++
		fields, _ := part.(map[string]any)
		if !holdsItem(name, want, got, fields) {
			return false
		}
	}
	return items == len(want)
}

// holdsItem compares the item that an owned name such as k:{"name":"x"} or v:"x"
// is about.
func holdsItem(name string, want, got []any, owned map[string]any) bool {
	var key any
	if len(name) < 2 || json.Unmarshal([]byte(name[2:]), &key) != nil {
		return false
	}
	if strings.HasPrefix(name, "v:") {
		return find(want, key) != nil && find(got, key) != nil
	}
	wanted, live := find(want, key), find(got, key)
	return wanted != nil && live != nil && holds(wanted, live, owned)
}

// find returns the item with the key's fields, or that equals it.
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
