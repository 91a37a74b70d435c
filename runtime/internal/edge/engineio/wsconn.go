package engineio

import (
	"errors"
	"os"
	"sync"
)

// phase of a WebSocket connection. It only goes up.
type phase uint8

const (
	// phaseOpen: frames go both ways.
	phaseOpen phase = iota
	// phaseLast: the last frame is queued; when it is written, phaseClosing follows.
	phaseLast
	// phaseClosing: our close frame is out, the client's is awaited.
	phaseClosing
	// phaseHangup: the connection is ended as soon as the outbox is written.
	phaseHangup
	// phaseDead: the connection is ended.
	phaseDead
)

// wsConn is a WebSocket connection of a session, or a probe of an upgrade.
type wsConn struct {
	socket  *Socket
	stream  stream
	flusher *flusher
	// next is the flusher's.
	next *wsConn
	// deadline is for the upgrade, a stalled write, or the close, whichever is on.
	deadline entry
	decoder  decoder
	// early is what came together with the handshake; it is gone when reading begins.
	early []byte

	mu    sync.Mutex
	out   outbox
	phase phase
	// queued: on the flusher's list. writing: a write is under way. again: it may
	// go on at once. stalled: wait for the stream to be writable. timed: the deadline
	// is for that. warned: half full.
	queued, writing, again, stalled, timed, warned bool
}

// push queues a frame. It tells what became of it.
func (c *wsConn) push(f *Frame) pushed {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.phase != phaseOpen {
		return pushClosed
	}
	bound := c.socket.server.options.bound()
	if !c.out.room(f, bound) {
		return pushFull
	}
	c.put(f)
	if !c.warned && c.out.bytes > bound/2 {
		c.warned = true
		c.socket.lagging.Store(true)
		return pushHalf
	}
	return pushOK
}

// put queues a frame and has it flushed; c is locked.
func (c *wsConn) put(f *Frame) {
	c.out.push(f)
	c.schedule()
}

func (c *wsConn) schedule() {
	if !c.queued && !c.stalled && !c.writing {
		c.queued = true
		c.flusher.add(c)
	}
}

// flush writes until the outbox is empty, the stream takes no more, or a batch is
// written and others may be waiting. Only the connection's flusher calls it.
func (c *wsConn) flush(f *flusher) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queued = false
	if c.phase == phaseDead || c.out.empty() {
		return
	}
	batch := c.out.batch(f.scratch)
	heartbeat := c.out.inflightHolds(pingFrame)
	if heartbeat {
		c.socket.pingOnWire()
	}
	c.writing, c.again = true, false
	c.mu.Unlock()
	n, err := c.stream.write(batch)
	c.mu.Lock()
	c.writing = false
	if c.phase == phaseDead {
		return
	}
	f.frames.Add(uint64(c.out.advance(n)))
	f.writes.Add(1)
	f.bytes.Add(uint64(n))
	if heartbeat && c.out.holds(pingFrame) {
		c.socket.pingHeld()
	}
	if err != nil {
		go c.gone(err)
		return
	}
	c.wrote(n, n < len(batch) && !c.again)
}

// wrote decides what comes after a write of n bytes; c is locked.
func (c *wsConn) wrote(n int, stalled bool) {
	lines := c.socket.server.lines
	if stalled {
		c.stalled = true
		if c.phase == phaseOpen && (n > 0 || !c.timed) && c.socket.ws.Load() == c {
			c.timed = true
			lines.write.move(&c.deadline)
		}
		return
	}
	if c.timed && c.phase == phaseOpen {
		lines.set.drop(&c.deadline)
	}
	c.timed = false
	if c.warned && c.out.bytes < c.socket.server.options.bound()/4 {
		c.warned = false
		c.socket.relieve()
	}
	if !c.out.empty() {
		c.schedule()
		return
	}
	switch c.phase {
	case phaseLast:
		c.phase = phaseClosing
		c.stream.finish()
	case phaseHangup:
		c.kill(false)
	}
}

// writable resumes a stalled connection.
func (c *wsConn) writable() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.again = true
	c.stalled = false
	if !c.out.empty() {
		c.schedule()
	}
}

// end sends what is queued, or nothing of it if cut, then a close frame, and
// waits a while for the client's. Hangup does not wait for it.
func (c *wsConn) end(code Code, text string, cut, hangup bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.phase != phaseOpen {
		return
	}
	if cut {
		c.out.cut()
	}
	c.phase = phaseLast
	if hangup {
		c.phase = phaseHangup
	}
	c.put(closeFrame(code, text))
	c.socket.server.lines.linger.move(&c.deadline)
}

// abort ends the connection without a word.
func (c *wsConn) abort() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kill(true)
}

// kill ends the stream; c is locked.
func (c *wsConn) kill(hard bool) {
	if c.phase == phaseDead {
		return
	}
	c.phase = phaseDead
	c.out = outbox{}
	c.socket.server.lines.set.drop(&c.deadline)
	// Streams call back when they are closed, maybe at once.
	go c.stream.close(hard)
}

// gone: the stream has ended or failed.
func (c *wsConn) gone(err error) {
	reason := TransportClose
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		reason = SlowConsumer
	case err != nil:
		reason = TransportError
	}
	c.abort()
	c.socket.lost(c, reason)
}

// overdue ends a session whose client has read nothing for the write timeout.
func (c *wsConn) overdue() {
	c.mu.Lock()
	stuck := c.stalled && c.timed && c.phase == phaseOpen
	c.mu.Unlock()
	if stuck {
		c.socket.shut(SlowConsumer, ending{code: SlowConsumer.code(), text: string(SlowConsumer), cut: true})
	}
}

// closed: the stream has let go of everything.
func (c *wsConn) closed() { c.socket.server.connClosed() }

// idle reports whether nothing is queued.
func (c *wsConn) idle() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.phase == phaseOpen && c.out.empty()
}
