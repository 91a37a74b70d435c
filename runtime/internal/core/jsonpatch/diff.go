// Package jsonpatch computes JSON Patches (RFC 6902) between two values, for small
// documents that change rarely.
package jsonpatch

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/anteroom/anteroom/runtime/wire"
)

// Diff returns the patch from the JSON of one value to the JSON of another, in a fixed
// order. It compares objects member by member, and any other value as a whole.
func Diff(from, to any) ([]wire.PatchOp, error) {
	a, err := plain(from)
	if err != nil {
		return nil, err
	}
	b, err := plain(to)
	if err != nil {
		return nil, err
	}
	return diff(make([]wire.PatchOp, 0, 4), "", a, b), nil
}

func plain(v any) (any, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("compare as JSON: %w", err)
	}
	var out any
	if err := json.Unmarshal(data, &out); err != nil {
		return nil, fmt.Errorf("compare as JSON: %w", err)
	}
	return out, nil
}

func diff(ops []wire.PatchOp, path string, from, to any) []wire.PatchOp {
	was, object := from.(map[string]any)
	is, still := to.(map[string]any)
	switch {
	case object && still:
	case reflect.DeepEqual(from, to):
		return ops
	default:
		return append(ops, wire.PatchOp{Op: "replace", Path: path, Value: to})
	}
	for _, key := range slices.Sorted(maps.Keys(was)) {
		if _, stays := is[key]; !stays {
			ops = append(ops, wire.PatchOp{Op: "remove", Path: path + "/" + escape(key)})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(is)) {
		if before, known := was[key]; known {
			ops = diff(ops, path+"/"+escape(key), before, is[key])
		} else {
			ops = append(ops, wire.PatchOp{Op: "add", Path: path + "/" + escape(key), Value: is[key]})
		}
	}
	return ops
}

var escaper = strings.NewReplacer("~", "~0", "/", "~1")

// escape escapes a reference token of a JSON Pointer (RFC 6901).
func escape(token string) string { return escaper.Replace(token) }
