package liveness_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/liveness"
)

var t0 = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func TestLive(t *testing.T) {
	l := liveness.Through("a")
	l, added := l.Connect("b")
	if _, again := l.Connect("b"); !added || again || !l.Connected() {
		t.Errorf("two sessions: %+v", l)
	}
	before := l
	l, left := l.Disconnect("a", t0)
	if _, again := l.Disconnect("a", t0); !left || again || !l.Connected() {
		t.Errorf("one session: %+v", l)
	}
	if d := cmp.Diff(liveness.Through("a", "b"), before); d != "" {
		t.Errorf("Disconnect modified its receiver's value (-want +got):\n%s", d)
	}
	l, _ = l.Disconnect("b", t0)
	if l.Connected() || !l.AwaySince(t0) || l.AwaySince(t0.Add(-time.Millisecond)) {
		t.Errorf("no session: %+v", l)
	}
	if l, _ = l.Connect("c"); !l.Connected() || l.AwaySince(t0) {
		t.Errorf("back: %+v", l)
	}
	for i := range 2 * liveness.MaxSessions {
		l, _ = l.Connect(fmt.Sprint(i))
	}
	if n := len(l.Sessions); n != liveness.MaxSessions || l.Sessions[n-1] != fmt.Sprint(2*liveness.MaxSessions-1) {
		t.Errorf("%d sessions: %v", n, l.Sessions)
	}
}
