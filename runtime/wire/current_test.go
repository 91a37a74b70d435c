package wire_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/anteroom/anteroom/runtime/internal/core/bombs"
	"github.com/anteroom/anteroom/runtime/wire"
)

func TestCurrentIsANumberOrIDs(t *testing.T) {
	for name, tc := range map[string]struct {
		current wire.Current
		version uint64
		ids     []string
		member  string
	}{
		"a version":    {wire.CurrentVersion(7), 7, nil, `,"current":7`},
		"ids":          {wire.CurrentIDs("b", "a"), 0, []string{"b", "a"}, `,"current":["b","a"]`},
		"an odd id":    {wire.CurrentIDs("\"\u2028<"), 0, []string{"\"\u2028<"}, `,"current":["\"\u2028\u003c"]`},
		"no ids":       {wire.CurrentIDs(), 0, nil, ""},
		"version zero": {wire.CurrentVersion(0), 0, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			refusal := wire.Error{Code: "c", Message: "m", Current: tc.current}
			text, err := json.Marshal(refusal)
			if want := `{"code":"c","message":"m","retryable":false` + tc.member + `}`; err != nil || string(text) != want {
				t.Errorf("got %s, %v, want %s", text, err, want)
			}
			var read wire.Error
			if err := json.Unmarshal(text, &read); err != nil || read != refusal {
				t.Errorf("read back as %+v, %v", read, err)
			}
			if got := read.Current; got.Version() != tc.version || !slices.Equal(got.IDs(), tc.ids) {
				t.Errorf("version %d, ids %q", got.Version(), got.IDs())
			}
		})
	}
}

func TestCurrentAcceptsOnlyItsTwoShapes(t *testing.T) {
	for _, text := range []string{`"7"`, `-1`, `1.5`, `[1]`, `{}`, `true`, `[`, ``} {
		var c wire.Current
		if err := json.Unmarshal([]byte(text), &c); err == nil || !c.IsZero() {
			t.Errorf("%q is read as %+v, %v", text, c, err)
		}
	}
	c := wire.CurrentVersion(7)
	if err := json.Unmarshal([]byte("null"), &c); err != nil {
		t.Error(err)
	}
}

func FuzzCurrent(f *testing.F) {
	for _, text := range []string{`7`, `["a"]`, `[]`, `null`, `[null]`, `1e3`} {
		f.Add([]byte(text))
	}
	for _, bomb := range bombs.JSON() {
		f.Add([]byte(bomb))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var c, again wire.Current
		if json.Unmarshal(text, &c) != nil {
			return
		}
		written, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(written, &again); err != nil || again != c {
			t.Errorf("%s is written as %s and read as %+v, %v", text, written, again, err)
		}
	})
}
