package policystatus

import (
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	var p pace
	start := time.Unix(1000, 0)
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	const every = 10 * time.Second
	if got := p.wait("a", at(0), every); got != 0 {
		t.Errorf("an object that was never written waits %v", got)
	}
	p.wrote("a", at(0))
	if got := p.wait("a", at(4), every); got != 6*time.Second {
		t.Errorf("after 4 s it waits %v", got)
	}
	if got := p.wait("b", at(4), every); got != 0 {
		t.Errorf("another one waits %v", got)
	}
	if got := p.wait("a", at(10), every); got != 0 || len(p.times) != 0 {
		t.Errorf("after its time it waits %v, and %d are remembered", got, len(p.times))
	}
}
