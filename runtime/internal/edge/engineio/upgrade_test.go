package engineio

import (
	"os"
	"runtime"
	"strings"
	"testing"
)

// probing starts a session that polls and tries a WebSocket.
func (h *host) probing() (*Socket, *wsConn, *client) {
	h.t.Helper()
	q := h.startPolling()
	s := receive(h.t, h.handler.opened, "open")
	c := h.dial(strings.Replace(q, "polling", "websocket", 1))
	c.send("2probe")
	c.want("3probe")
	s.mu.Lock()
	defer s.mu.Unlock()
	return s, s.probe, c
}

// The time for an upgrade may be over at the moment at which it is completed.
func TestUpgradeTimeoutAfterTheUpgrade(t *testing.T) {
	h := newHost(t, calm(false), nil)
	s, probe, c := h.probing()
	c.send("5")
	eventually(t, "the upgrade", func() bool { return s.Transport() == "websocket" })
	h.lines.upgrade.fire(&probe.deadline)
	c.send("4hello")
	c.want("4hello")
	if !s.Open() {
		t.Error("the session is closed")
	}
}

// A WebSocket may be lost at the moment at which it becomes the session's.
func TestLostWhileUpgraded(t *testing.T) {
	h := newHost(t, calm(false), nil)
	s, probe, _ := h.probing()
	s.mu.Lock()
	begun := make(chan struct{})
	go func() {
		close(begun)
		probe.gone(os.ErrClosed)
	}()
	<-begun
	runtime.Gosched() // most likely it comes to the lock
	p := s.polling
	s.probe, s.polling = nil, nil
	s.ws.Store(probe)
	p.upgraded = true
	s.mu.Unlock()
	h.wantClosed(TransportError)
}
