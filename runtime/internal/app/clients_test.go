package app

import (
	"net/http"
	"testing"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
)

func TestThePlaygroundIsServedWhereItIsSwitchedOn(t *testing.T) {
	for on, want := range map[bool]int{true: http.StatusOK, false: http.StatusNotFound} {
		r := startReady(t, func(c *v1alpha1.RuntimeConfig) { c.Observability.Playground = on }, "casual")
		if code, body := r.get(r.client + v1alpha1.PlaygroundPath); code != want {
			t.Errorf("switched on %t: %d %s", on, code, body)
		}
		connect(t, r.client, "Ada")
	}
}
