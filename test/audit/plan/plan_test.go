package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The same seed gives the same plan, and all plans are within their bounds.
func TestNew(t *testing.T) {
	for seed := range int64(50) {
		p := New(seed)
		if d := cmp.Diff(p, New(seed)); d != "" {
			t.Fatalf("seed %d: got two plans:\n%s", seed, d)
		}
		if n := len(p.Users); n < minUsers || n > maxUsers || p.Servers < 2 || p.Servers > 3 || len(p.Faults) == 0 {
			t.Errorf("seed %d: %d users, %d servers, %d faults", seed, n, p.Servers, len(p.Faults))
		}
		for _, s := range p.Steps {
			if s.Lane() == "" || s.Device >= len(p.Users[s.User].Devices) {
				t.Errorf("seed %d: got invalid step %+v", seed, s)
			}
		}
	}
}
