// Package websocket implements the part of RFC 6455 for a client under a load generator:
// it makes masked frames, and splits the server's data into messages without copying
// them.
package websocket

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Opcode is the kind of a frame.
type Opcode byte

// The opcodes.
const (
	Continuation Opcode = 0
	Text         Opcode = 1
	Binary       Opcode = 2
	Close        Opcode = 8
	Ping         Opcode = 9
	Pong         Opcode = 10
)

const (
	finBit      = 0x80
	reserved    = 0x70
	maskBit     = 0x80
	maxSmall    = 125
	size16      = 126
	size64      = 127
	maxMessage  = 64 << 20 // far above the messages of any server here
	maskingByte = 0x5a     // any mask works: no proxy is involved
)

// ErrFrame is the error for a frame that no server may send.
var ErrFrame = errors.New("bad WebSocket frame")

// AppendFrame appends a final, masked frame to dst.
func AppendFrame(dst []byte, op Opcode, payload []byte) []byte {
	dst = append(dst, finBit|byte(op))
	switch n := len(payload); {
	case n <= maxSmall:
		dst = append(dst, maskBit|byte(n))
	case n < 1<<16:
		dst = binary.BigEndian.AppendUint16(append(dst, maskBit|size16), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, maskBit|size64), uint64(n))
	}
	dst = append(dst, maskingByte, maskingByte, maskingByte, maskingByte)
	for _, b := range payload {
		dst = append(dst, b^maskingByte)
	}
	return dst
}

// Decoder splits a stream of unmasked frames. The zero Decoder is ready.
type Decoder struct {
	// rest is the beginning of an incomplete frame.
	rest []byte
	// whole is the beginning of a fragmented message.
	whole []byte
	kind  Opcode
}

// Feed passes each message and control frame that b completes to receive; the payload is
// valid only until receive returns. It stops at the first error.
func (d *Decoder) Feed(b []byte, receive func(op Opcode, payload []byte) error) error {
	if len(d.rest) > 0 {
		d.rest = append(d.rest, b...)
		b = d.rest
	}
	for {
		head, size, err := header(b)
		if err != nil {
			return err
		}
		if head == 0 || len(b) < head+size {
			d.keep(b, head+size)
			return nil
		}
		if err := d.frame(b[0], b[head:head+size], receive); err != nil {
			return err
		}
		b = b[head+size:]
	}
}

// keep stores the remainder, with room for the whole frame.
func (d *Decoder) keep(b []byte, frame int) {
	if len(b) == 0 {
		d.rest = d.rest[:0]
		return
	}
	if cap(d.rest) < frame {
		d.rest = append(make([]byte, 0, frame), b...)
		return
	}
	d.rest = append(d.rest[:0], b...)
}

// frame joins fragments.
func (d *Decoder) frame(first byte, payload []byte, receive func(Opcode, []byte) error) error {
	op, final := Opcode(first&0x0f), first&finBit != 0
	switch {
	case op >= Close:
		return receive(op, payload)
	case final && op != Continuation:
		return receive(op, payload)
	case op != Continuation:
		d.kind, d.whole = op, d.whole[:0]
	}
	d.whole = append(d.whole, payload...)
	if len(d.whole) > maxMessage {
		return fmt.Errorf("%w: a message of more than %d bytes", ErrFrame, maxMessage)
	}
	if !final {
		return nil
	}
	return receive(d.kind, d.whole)
}

// header reads the size of a frame's header and payload. A head of zero means that more
// data is needed.
func header(b []byte) (head, size int, err error) {
	if len(b) < 2 {
		return 0, 0, nil
	}
	if b[0]&reserved != 0 || b[1]&maskBit != 0 {
		return 0, 0, fmt.Errorf("%w: header %x", ErrFrame, b[:2])
	}
	switch size = int(b[1]); size {
	case size16:
		if len(b) < 4 {
			return 0, 0, nil
		}
		return 4, int(binary.BigEndian.Uint16(b[2:])), nil
	case size64:
		if len(b) < 10 {
			return 0, 0, nil
		}
		n := binary.BigEndian.Uint64(b[2:])
		if n > maxMessage {
			return 0, 0, fmt.Errorf("%w: %d bytes", ErrFrame, n)
		}
		return 10, int(n), nil
	default:
		return 2, size, nil
	}
}
