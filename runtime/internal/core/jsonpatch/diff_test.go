package jsonpatch

import (
	"encoding/json"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/anteroom/anteroom/runtime/wire"
)

func TestDiff(t *testing.T) {
	type member struct {
		Ready bool   `json:"ready"`
		Name  string `json:"name,omitempty"`
	}
	type doc struct {
		Version int               `json:"version"`
		Members map[string]member `json:"members"`
		Tags    []string          `json:"tags,omitempty"`
	}
	from := doc{Version: 1, Members: map[string]member{"a/b": {}, "gone": {}}, Tags: []string{"x"}}
	to := doc{Version: 2, Members: map[string]member{"a/b": {Ready: true}, "new": {Name: "N"}}}
	got, err := Diff(from, to)
	if err != nil {
		t.Fatal(err)
	}
	want := []wire.PatchOp{
		{Op: "remove", Path: "/tags"},
		{Op: "remove", Path: "/members/gone"},
		{Op: "replace", Path: "/members/a~1b/ready", Value: true},
		{Op: "add", Path: "/members/new", Value: map[string]any{"ready": false, "name": "N"}},
		{Op: "replace", Path: "/version", Value: 2.0},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if _, err := Diff(from, make(chan int)); err == nil {
		t.Error("Diff accepted a channel")
	}
}

// An independent library that applies the patch gets the other value.
func TestDiffApplies(t *testing.T) {
	value := rapid.Deferred(func() *rapid.Generator[any] { return object(3) })
	rapid.Check(t, func(t *rapid.T) {
		from, to := value.Draw(t, "from"), value.Draw(t, "to")
		ops, err := Diff(from, to)
		if err != nil {
			t.Fatal(err)
		}
		doc, _ := json.Marshal(from)
		encoded, _ := json.Marshal(ops)
		patch, err := jsonpatch.DecodePatch(encoded)
		if err != nil {
			t.Fatal(err)
		}
		got, err := patch.Apply(doc)
		if err != nil {
			t.Fatalf("%s on %s: %v", encoded, doc, err)
		}
		want, _ := json.Marshal(to)
		if !jsonpatch.Equal(got, want) {
			t.Fatalf("%s on %s gives %s, not %s", encoded, doc, got, want)
		}
	})
}

func object(depth int) *rapid.Generator[any] {
	leaf := rapid.OneOf(
		rapid.Map(rapid.IntRange(0, 3), func(n int) any { return n }),
		rapid.Map(rapid.SampledFrom([]string{"", "x", "y"}), func(s string) any { return s }),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
	)
	member := leaf
	if depth > 0 {
		member = rapid.OneOf(leaf, object(depth-1))
	}
	return rapid.Map(rapid.MapOfN(rapid.SampledFrom([]string{"a", "b", "c/d", "e~f"}), member, 0, 4),
		func(m map[string]any) any { return m })
}
