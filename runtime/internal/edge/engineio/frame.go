package engineio

import "encoding/binary"

// Kind is the kind of a message.
type Kind uint8

// Kinds of messages.
const (
	Text Kind = iota
	Binary
)

// Frame is one packet, encoded once for all transports and never changed: any
// number of sockets may share it.
type Frame struct {
	// wire is the whole WebSocket frame; the packet begins at body.
	wire   []byte
	body   int
	binary bool
}

// WebSocket opcodes.
const (
	opContinue = 0x0
	opText     = 0x1
	opBinary   = 0x2
	opClose    = 0x8
	opPing     = 0x9
	opPong     = 0xA

	finBit  = 0x80
	rsvBits = 0x70
	maskBit = 0x80
)

// maxHeader is the size of the longest frame header without a mask.
const maxHeader = 10

// Message encodes a message. The payload is copied; a text has to be valid UTF-8.
func Message[T string | []byte](kind Kind, payload T) *Frame {
	if kind == Binary {
		wire := appendHeader(make([]byte, 0, maxHeader+len(payload)), opBinary, len(payload))
		return &Frame{body: len(wire), wire: append(wire, payload...), binary: true}
	}
	wire := appendHeader(make([]byte, 0, maxHeader+1+len(payload)), opText, 1+len(payload))
	body := len(wire)
	wire = append(wire, packetMessage)
	return &Frame{body: body, wire: append(wire, payload...)}
}

// Size is the number of bytes the frame takes on a WebSocket, and in an outbox.
func (f *Frame) Size() int { return len(f.wire) }

// packetFrame encodes a packet that is no message.
func packetFrame(packet string) *Frame {
	wire := appendHeader(make([]byte, 0, maxHeader+len(packet)), opText, len(packet))
	return &Frame{body: len(wire), wire: append(wire, packet...)}
}

// controlFrame encodes a WebSocket control frame; payload is at most 125 bytes.
func controlFrame(op byte, payload []byte) *Frame {
	wire := appendHeader(make([]byte, 0, 2+len(payload)), op, len(payload))
	return &Frame{body: len(wire), wire: append(wire, payload...)}
}

// closeFrame encodes a close frame. The text is cut to what fits.
func closeFrame(code Code, text string) *Frame {
	if code == codeNone {
		return controlFrame(opClose, nil)
	}
	payload := binary.BigEndian.AppendUint16(nil, uint16(code))
	return controlFrame(opClose, append(payload, text[:min(len(text), 120)]...))
}

// rawFrame carries bytes that go out as they are, ahead of any frame.
func rawFrame(wire []byte) *Frame { return &Frame{wire: wire} }

// appendHeader writes the header of an unmasked, unfragmented frame.
func appendHeader(b []byte, op byte, size int) []byte {
	switch {
	case size < 126:
		return append(b, finBit|op, byte(size))
	case size < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, finBit|op, 126), uint16(size))
	default:
		return binary.BigEndian.AppendUint64(append(b, finBit|op, 127), uint64(size))
	}
}
