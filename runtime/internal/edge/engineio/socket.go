package engineio

import (
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// Socket is one session, whatever carries it. Its methods may be called from
// anywhere, the [Handler]'s calls included, and do not block.
type Socket struct {
	server     *Server
	id, remote string
	// ws carries the session; nil while it is polling.
	ws atomic.Pointer[wsConn]
	// events serialises calls of the owner. told: Close was called. discard: the number of binary
	// messages to drop; it is guarded by events.
	events  sync.Mutex
	discard int
	told    atomic.Bool
	closed  atomic.Bool
	// lagging: more than half of the outbox's bound was waiting, and not yet less than
	// a quarter of it.
	lagging atomic.Bool
	// trusted by the owner.
	trusted atomic.Bool
	// awaiting is the state of the heartbeat.
	awaiting atomic.Uint32

	mu sync.Mutex
	// polling is the session's state while it is polled, nil if it is a WebSocket's.
	polling *polling
	// probe is a WebSocket that may take over.
	probe  *wsConn
	beat   entry
	reason Reason
	data   any
}

// pushed is what became of a frame.
type pushed uint8

const (
	pushOK pushed = iota
	pushHalf
	pushFull
	pushClosed
)

// ending says how to close a session's transport.
type ending struct {
	code Code
	text string
	// cut drops what is queued. noop ends a poll without a close packet. now does not
	// wait for another poll.
	cut, noop, now bool
}

// ID is the session id. Whoever knows it can speak for the client: keep it from others.
func (s *Socket) ID() string { return s.id }

// RemoteAddr is the address of the client's first connection, as host:port.
func (s *Socket) RemoteAddr() string { return s.remote }

// Transport is "websocket" or "polling".
func (s *Socket) Transport() string {
	if s.ws.Load() != nil {
		return websocketName
	}
	return pollingName
}

// Open reports whether the session has not been closed by either side.
func (s *Socket) Open() bool { return !s.closed.Load() }

// Data is what SetData was given last.
func (s *Socket) Data() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data
}

// SetData keeps a value of the owner's with the socket.
func (s *Socket) SetData(data any) {
	s.mu.Lock()
	s.data = data
	s.mu.Unlock()
}

// Send queues a frame. It is false if the session is closed, or is closed now
// because the frame would exceed the bound of its outbox.
func (s *Socket) Send(f *Frame) bool {
	switch s.push(f) {
	case pushOK:
		return true
	case pushHalf:
		if backlog := s.server.options.Backlog; backlog != nil {
			backlog(s)
		}
		return true
	case pushFull:
		s.overflow()
		return false
	default:
		return false
	}
}

func (s *Socket) push(f *Frame) pushed {
	if c := s.ws.Load(); c != nil {
		return c.push(f)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// It may have been upgraded before the lock was had.
	if c := s.ws.Load(); c != nil {
		return c.push(f)
	}
	if s.closed.Load() {
		return pushClosed
	}
	return s.polling.push(s, f, s.server.options.bound())
}

// Writable reports whether a message sent now would go out at once.
func (s *Socket) Writable() bool {
	if c := s.ws.Load(); c != nil {
		return c.idle()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.closed.Load() && s.polling != nil && s.polling.waiting && s.polling.out.empty()
}

// Lagging reports whether the client is slow to read: from the call of Options.Backlog
// to that of Options.Relief.
func (s *Socket) Lagging() bool { return s.lagging.Load() }

// relieve ends lagging.
func (s *Socket) relieve() {
	s.lagging.Store(false)
	if relief := s.server.options.Relief; relief != nil {
		go relief(s)
	}
}

// Trust lets the client send messages of the full size from now on.
func (s *Socket) Trust() { s.trusted.Store(true) }

// payloadLimit is the largest message, and the largest POST, that is read now.
func (s *Socket) payloadLimit() int {
	o := &s.server.options
	if o.EarlyPayload > 0 && !s.trusted.Load() {
		return min(o.EarlyPayload, o.MaxPayload)
	}
	return o.MaxPayload
}

// Close ends the session once what is queued has been sent. The code and the text,
// at most 120 bytes, go into the close frame of a WebSocket.
func (s *Socket) Close(code Code, text string) {
	s.shut(ForcedClose, ending{code: code, text: text})
}

// overflow ends a session whose outbox is full.
func (s *Socket) overflow() {
	s.server.slow.Add(1)
	s.shut(SlowConsumer, ending{code: SlowConsumer.code(), text: string(SlowConsumer), cut: true})
}

// lost ends what depends on a connection: the session, or an upgrade.
func (s *Socket) lost(c *wsConn, reason Reason) {
	if !s.endProbe(c) {
		s.shut(reason, ending{code: reason.code()})
	}
}

// shut ends the session for the first reason given.
func (s *Socket) shut(reason Reason, e ending) {
	s.mu.Lock()
	if s.closed.Load() {
		s.mu.Unlock()
		return
	}
	s.reason = reason
	s.closed.Store(true)
	lines := s.server.lines
	awaited := s.polling != nil && s.polling.finish(e)
	if awaited {
		lines.last.move(&s.beat)
	} else {
		lines.set.drop(&s.beat)
		s.server.forget(s)
	}
	// A client that is about to complete its upgrade polls no more: the WebSocket brings
	// it the rest, and the close.
	if !awaited || e.now || !s.polling.probing {
		s.dropProbe()
	}
	c := s.ws.Load()
	s.mu.Unlock()
	if c != nil {
		c.end(e.code, e.text, e.cut, false)
	}
	if s.events.TryLock() {
		go s.release()
	}
}

// release gives up the right to call the owner, after telling of a close that
// has come meanwhile. Whoever closes a socket while another holds the right
// leaves it to that one, so the check is repeated once the right is given up.
func (s *Socket) release() {
	for {
		if s.closed.Load() && !s.told.Swap(true) {
			s.tellClose()
		}
		s.events.Unlock()
		if !s.closed.Load() || s.told.Load() || !s.events.TryLock() {
			return
		}
	}
}

func (s *Socket) tellClose() {
	defer s.guard()
	s.server.handler.Close(s, s.reason)
}

// handle takes a packet of the session; the caller holds events.
func (s *Socket) handle(p packet) error {
	if s.closed.Load() {
		return errStop
	}
	switch p.kind {
	case packetMessage:
		return s.deliver(p)
	case packetPong:
		s.pong()
	case packetPing:
		return errDirection
	case packetClose:
		s.shut(TransportClose, ending{code: CodeNormal, noop: true})
		return errStop
	}
	return nil
}

func (s *Socket) deliver(p packet) error {
	kind := Text
	if p.binary {
		if s.discard > 0 {
			s.discard--
			return nil
		}
		if !s.server.options.Binary {
			return errBinary
		}
		kind = Binary
	}
	defer s.guard()
	s.server.handler.Message(s, kind, p.data)
	return nil
}

// guard ends a session whose handler has panicked, as net/http ends the request.
func (s *Socket) guard() {
	v := recover()
	if v == nil {
		return
	}
	s.server.options.Log.Error("engineio: handler panicked", "panic", v, "stack", string(debug.Stack()))
	s.shut(ForcedClose, ending{code: CodeInternal, text: "internal error", cut: true})
}
