package socketio

import (
	"net"
	"sync/atomic"
	"testing"
)

func TestHeldConn(t *testing.T) {
	client, server := net.Pipe()
	defer func() { _ = client.Close() }()
	held := &heldConn{Conn: server, ready: make(chan struct{})}
	go func() { _, _ = client.Write([]byte("early")) }()
	var ready atomic.Bool
	read := make(chan bool)
	go func() {
		b := make([]byte, 5)
		n, err := held.Read(b)
		read <- err == nil && n == 5 && ready.Load()
	}()
	ready.Store(true)
	held.release()
	if !<-read {
		t.Error("what came early was read before release, or not at all")
	}
	if err := held.Close(); err != nil {
		t.Error(err)
	}
	if _, err := (&heldConn{Conn: server, ready: held.ready}).Read(make([]byte, 1)); err == nil {
		t.Error("a closed connection is read")
	}
}
