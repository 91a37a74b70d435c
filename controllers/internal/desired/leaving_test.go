package desired

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestLeaving(t *testing.T) {
	idle := Candidate{Name: "idle", Serves: true}
	busy := Candidate{Name: "busy", Serves: true, Connections: 90}
	busier := Candidate{Name: "busier", Serves: true, Connections: 100}
	broken := Candidate{Name: "broken"}
	picked := Candidate{Name: "picked", Serves: true, Leaving: true, Connections: 95}
	for name, tc := range map[string]struct {
		pods []Candidate
		n    int
		want string
	}{
		"fewest connections":         {[]Candidate{busier, busy, idle}, 2, "busy idle"},
		"broken before idle":         {[]Candidate{busy, idle, broken}, 1, "broken"},
		"picked before stays picked": {[]Candidate{idle, broken, picked}, 1, "picked"},
		"one more":                   {[]Candidate{idle, busy, picked}, 2, "idle picked"},
		"by name when alike":         {[]Candidate{{Name: "b"}, {Name: "a"}}, 1, "a"},
		"none":                       {[]Candidate{idle}, 0, ""},
		"fewer than none":            {[]Candidate{idle}, -3, ""},
		"all":                        {[]Candidate{idle, busy}, 5, "busy idle"},
	} {
		t.Run(name, func(t *testing.T) {
			got := strings.Join(slices.Sorted(maps.Keys(Leaving(tc.pods, tc.n))), " ")
			if got != tc.want {
				t.Errorf("%q leave, want %q", got, tc.want)
			}
		})
	}
}
