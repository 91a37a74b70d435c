package engineio

import "testing"

// TestAGetHasNoBody: the answer to a request that waits would wait for the body, too.
func TestAGetHasNoBody(t *testing.T) {
	h := newHost(t, calm(false), nil)
	bad := errGetBody.answer()
	h.want("GET", "EIO=4&transport=polling", "body", 400, bad)
	q := h.startPolling()
	h.want("GET", q, "body", 400, bad)
	if h.Stats().Sessions != 1 {
		t.Errorf("%d sessions", h.Stats().Sessions)
	}
}
