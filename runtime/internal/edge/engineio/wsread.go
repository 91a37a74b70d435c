package engineio

import "errors"

// errStop ends the decoding of what was read: the session is over.
var errStop = errors.New("session is closed")

// errDirection: clients do not ping servers in this revision of the protocol.
var errDirection = errors.New("invalid heartbeat direction")

// received decodes what was read. The owner's callbacks are made within.
func (c *wsConn) received(b []byte) {
	s := c.socket
	s.events.Lock()
	defer s.release()
	c.mu.Lock()
	c.decoder.skip = c.phase != phaseOpen
	c.mu.Unlock()
	c.decoder.limit, c.decoder.most = s.payloadLimit(), 0
	if s.ws.Load() == c {
		c.decoder.most = s.readLimit()
		c.decoder.discard = &s.discard
	}
	if err := c.decoder.feed(b, c); err != nil {
		c.decoder.broken = true
		c.fault(err)
	}
}

// message takes a whole message from the decoder. What is wrong with a packet does
// not keep the frames behind it from being read.
func (c *wsConn) message(binary bool, payload []byte) error {
	if err := c.packet(binary, payload); err != nil {
		c.decoder.skip = true
		c.fault(err)
	}
	return nil
}

func (c *wsConn) packet(binary bool, payload []byte) error {
	p := packet{kind: packetMessage, binary: true, data: payload}
	if !binary {
		var err error
		if p, err = parseText(payload); err != nil {
			return err
		}
	}
	if c.socket.ws.Load() == c {
		return c.socket.handle(p)
	}
	return c.socket.probed(c, p)
}

// control takes a control frame from the decoder.
func (c *wsConn) control(op byte, payload []byte) error {
	switch op {
	case opPing:
		if c.push(controlFrame(opPong, payload)) == pushFull {
			c.socket.overflow()
		}
	case opClose:
		return c.closeReceived(payload)
	}
	return nil
}

// closeReceived answers a close frame, or takes it as the answer to ours.
func (c *wsConn) closeReceived(payload []byte) error {
	code, err := parseClose(payload)
	if err != nil {
		return err
	}
	c.mu.Lock()
	switch c.phase {
	case phaseLast:
		c.phase = phaseHangup
	case phaseClosing:
		c.kill(false)
	}
	c.mu.Unlock()
	c.end(code, "", true, true)
	c.socket.lost(c, TransportClose)
	return errStop
}

// oversized takes the beginning of a text that was read over.
func (c *wsConn) oversized(head []byte) error {
	if c.socket.ws.Load() != c {
		return errTooBig
	}
	if err := c.socket.oversized(head); err != nil {
		c.decoder.skip = true
		c.fault(err)
	}
	return nil
}

// fault ends the connection for what the client sent.
func (c *wsConn) fault(err error) {
	if errors.Is(err, errStop) {
		return
	}
	if c.socket.ws.Load() == c {
		c.socket.fault(err)
	}
	reason, e := TransportError, ending{code: CodeProtocol, text: err.Error(), cut: true}
	var frame *frameError
	switch {
	case errors.As(err, &frame):
		e.code = frame.code
	case errors.Is(err, errPacket):
		reason = ParseError
	}
	c.end(e.code, e.text, e.cut, false)
	c.socket.lost(c, reason)
}
