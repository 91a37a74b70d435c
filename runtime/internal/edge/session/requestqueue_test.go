package session

import "testing"

// TestInboxBounds: what waits is bounded by its number, and by what it keeps alive, be that
// spaces between its arguments; one of any size may wait.
func TestInboxBounds(t *testing.T) {
	for name, tc := range map[string]struct {
		request Request
		fit     int
	}{
		"small ones":    {Request{Size: 2}, queuedRequests},
		"large ones":    {Request{Size: queuedBytes / 4}, 4},
		"hollow ones":   {Request{Size: 2, Held: queuedBytes / 4}, 4},
		"too large one": {Request{Size: 2 * queuedBytes}, 1},
	} {
		var b requestQueue
		fit := 0
		for b.put(tc.request) {
			fit++
		}
		if fit != tc.fit {
			t.Errorf("%s: %d fit, want %d", name, fit, tc.fit)
		}
		for range fit {
			if _, some := b.take(); !some {
				t.Errorf("%s: one is missing", name)
			}
		}
		if b.bytes != 0 || !b.put(tc.request) {
			t.Errorf("%s: %d bytes are left", name, b.bytes)
		}
	}
}
