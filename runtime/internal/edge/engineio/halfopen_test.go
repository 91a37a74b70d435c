package engineio

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// A client that closes its sending direction has ended its session; bytes already queued for it
// still arrive.
func TestHalfClosedWebSocket(t *testing.T) {
	modes(t, func(t *testing.T, portable bool) {
		h := newHost(t, calm(portable), nil)
		c := h.open()
		receive(t, h.handler.opened, "open")
		c.send("4last")
		c.want("4last")
		if err := c.conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		h.wantClosed(TransportClose)
		c.wantEnd()
		eventually(t, "nothing left", func() bool { return h.Stats().Conns == 0 })
	})
}

// A client that is cut off without a word answers no ping.
func TestSilentClients(t *testing.T) {
	modes(t, func(t *testing.T, portable bool) {
		h := newHost(t, brisk(portable), nil)
		h.open()
		h.wantClosed(PingTimeout)
		h.startPolling()
		h.wantClosed(PingTimeout)
		eventually(t, "nothing left", func() bool { return h.Stats().Sessions == 0 })
	})
}

// A POST whose client goes away in the middle of it ends the session, with a length
// and in chunks.
func TestHalfSentPost(t *testing.T) {
	for name, head := range map[string]string{
		"length": "Content-Length: 100\r\n\r\n4half",
		"chunks": "Transfer-Encoding: chunked\r\n\r\n5\r\n4half\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t, calm(false), nil)
			q := h.startPolling()
			c := h.dialRaw("POST /engine.io/?" + q + " HTTP/1.1\r\nHost: x\r\n" + head)
			_ = c.conn.Close()
			h.wantClosed(TransportError)
		})
	}
}

// Chunks of a POST are put together, however they are cut.
func TestChunkedPost(t *testing.T) {
	h := newHost(t, calm(false), nil)
	q := h.startPolling()
	c := h.dialRaw("POST /engine.io/?" + q + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n")
	for _, chunk := range []string{"3\r\n4he\r\n", "4\r\nllo\x1e\r\n", "2\r\n4b\r\n", "0\r\n\r\n"} {
		c.raw([]byte(chunk))
	}
	_ = c.conn.SetReadDeadline(time.Now().Add(patience))
	if answer, err := io.ReadAll(c.in); err != nil || !strings.HasSuffix(string(answer), "\r\n\r\nok") {
		t.Errorf("%s %v", answer, err)
	}
	h.want("GET", q, "", 200, "4hello\x1e4b")
}
