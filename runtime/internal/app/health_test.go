package app

import (
	"errors"
	"log/slog"
	"testing"
	"time"
)

type fakeProbe struct {
	err   error
	since time.Time
}

func (p *fakeProbe) LastError() error { return p.err }
func (p *fakeProbe) Since() time.Time { return p.since }

func TestRedisHealth(t *testing.T) {
	var log journal
	h := newRedisHealth(10*time.Second, slog.New(slog.NewTextHandler(&log, nil)))
	probe := &fakeProbe{}
	fault := errors.New("no answer")
	expect := func(step string, ready, healthy bool) {
		t.Helper()
		if err := h.check(); (err == nil) != ready {
			t.Errorf("%s: check %v, want ready %v", step, err, ready)
		}
		if h.healthy() != healthy || h.status().Healthy != healthy || (h.status().Error == "") != healthy {
			t.Errorf("%s: status %+v, want healthy %v", step, h.status(), healthy)
		}
	}
	expect("at the start", false, false)
	h.unreachable(fault)
	h.unreachable(errors.New("still not"))
	expect("unreachable", false, false)
	if n := log.count("Redis does not serve"); n != 1 {
		t.Errorf("logged %d times, want once", n)
	}

	probe.err, probe.since = fault, time.Now()
	h.connected(probe)
	expect("connected, but never well", false, false)
	probe.err, probe.since = nil, time.Now()
	expect("well", true, true)
	h.tell(h.last())
	h.tell(h.last())
	if n := log.count("Redis serves again"); n != 1 {
		t.Errorf("logged %d times, want once", n)
	}
	probe.err, probe.since = fault, time.Now()
	expect("a moment of trouble", true, false)
	probe.since = time.Now().Add(-11 * time.Second)
	expect("trouble", false, false)
	probe.err, probe.since = nil, time.Now()
	expect("over", true, true)
}
