package engineio

import (
	"bytes"
	"encoding/binary"
	"math"
	"unicode/utf8"
)

// frameError ends a WebSocket connection: the code is sent to the client.
type frameError struct {
	code Code
	text string
}

func (e *frameError) Error() string { return e.text }

var (
	errReserved   = &frameError{CodeProtocol, "reserved bits"}
	errOpcode     = &frameError{CodeProtocol, "unknown opcode"}
	errUnmasked   = &frameError{CodeProtocol, "frame is not masked"}
	errControl    = &frameError{CodeProtocol, "invalid control frame"}
	errFragment   = &frameError{CodeProtocol, "unexpected fragment"}
	errCloseFrame = &frameError{CodeProtocol, "invalid close frame"}
	errTooBig     = &frameError{CodeTooBig, "message too big"}
	errUTF8       = &frameError{CodeInvalidData, "invalid UTF-8"}
	errBinary     = &frameError{CodeUnsupported, "binary messages are not accepted"}
)

// frameSink takes what a decoder has put together. Payloads are only valid
// during the call. An error ends the decoding.
type frameSink interface {
	message(binary bool, payload []byte) error
	control(op byte, payload []byte) error
	// oversized gives the beginning of a text that was larger than the limit.
	oversized(head []byte) error
}

// Sizes of frame headers, with their mask.
const (
	minMasked  = 2 + 4
	maxMasked  = maxHeader + 4
	maxControl = 125
)

// decoder reads masked WebSocket frames from the pieces in which they arrive. It
// holds no buffer while it is between messages.
type decoder struct {
	// limit is the size of the largest message accepted, in bytes.
	limit int
	// most is the size of the largest message that is read over, if it is more.
	most int
	// discard, if it is not nil, is how many binary messages are to be read over.
	discard *int
	// binary accepts binary messages.
	binary bool
	// skip reads over data frames; only control frames are handed on.
	skip bool
	// broken: an error was met, nothing more can be read.
	broken bool

	// inFrame: the header of the current frame is complete, left bytes of its payload are to come.
	inFrame bool
	fin     bool
	op      byte
	// kind is the opcode of the message being put together, 0 if there is none.
	kind  byte
	phase uint8
	mask  [4]byte
	left  int
	// seen is how many bytes the current message has so far. over: it is read over, with
	// its beginning in partial. drop: it is read over whole.
	seen       int
	over, drop bool
	header     [maxMasked]byte
	have       uint8
	// partial is what came of the current message, rest of the current control frame.
	partial []byte
	rest    []byte
}

// feed decodes b, which it changes in place, and hands each message and control
// frame to the sink.
func (d *decoder) feed(b []byte, sink frameSink) error {
	for !d.broken {
		if !d.inFrame {
			n, err := d.readHeader(b)
			if err != nil {
				return err
			}
			b = b[n:]
			if !d.inFrame {
				return nil
			}
		}
		n := min(len(b), d.left)
		part := b[:n]
		b = b[n:]
		d.left -= n
		d.unmask(part)
		if err := d.payload(part, sink); err != nil {
			return err
		}
		if d.left > 0 {
			return nil
		}
		d.inFrame = false
		if len(b) == 0 {
			return nil
		}
	}
	return nil
}

// readHeader takes as much of a header as there is, and tells how much it took.
func (d *decoder) readHeader(b []byte) (int, error) {
	old := int(d.have)
	d.have += uint8(copy(d.header[old:], b))
	if d.have < 2 {
		return len(b), nil
	}
	need := minMasked
	switch d.header[1] &^ maskBit {
	case 126:
		need += 2
	case 127:
		need += 8
	}
	if err := d.check(); err != nil {
		return 0, err
	}
	if int(d.have) < need {
		return len(b), nil
	}
	d.have = 0
	return need - old, d.begin(need)
}

// check refuses what the first two bytes of a header already tell to be wrong.
func (d *decoder) check() error {
	op, first, second := d.header[0]&0xF, d.header[0], d.header[1]
	switch {
	case first&rsvBits != 0:
		return errReserved
	case second&maskBit == 0:
		return errUnmasked
	case op >= opClose && (op > opPong || first&finBit == 0 || second&^maskBit > maxControl):
		return errControl
	case op > opBinary && op < opClose:
		return errOpcode
	case op == opContinue && d.kind == 0, (op == opText || op == opBinary) && d.kind != 0:
		return errFragment
	case op == opBinary && !d.binary && !d.skip && !d.discards():
		return errBinary
	default:
		return nil
	}
}

// begin starts a frame whose header is complete and need bytes long.
func (d *decoder) begin(need int) error {
	var size uint64
	switch need {
	case minMasked:
		size = uint64(d.header[1] &^ maskBit)
	case minMasked + 2:
		size = uint64(binary.BigEndian.Uint16(d.header[2:]))
	default:
		size = binary.BigEndian.Uint64(d.header[2:])
	}
	d.op, d.fin = d.header[0]&0xF, d.header[0]&finBit != 0
	if d.op < opClose {
		if err := d.count(size); err != nil {
			return err
		}
	}
	copy(d.mask[:], d.header[need-4:need])
	d.phase, d.left, d.inFrame = 0, int(size), true
	return nil
}

// discards reports whether the next binary message is to be read over.
func (d *decoder) discards() bool { return d.discard != nil && *d.discard > 0 }

// count begins a data frame of size bytes, and decides what to do with a message that is
// too large by it.
func (d *decoder) count(size uint64) error {
	if d.op != opContinue {
		d.kind, d.seen = d.op, 0
		d.drop = d.op == opBinary && !d.binary && !d.skip
	}
	fits := size <= math.MaxInt32 && int(size) <= d.limit-d.seen
	switch {
	case fits || d.skip && size <= math.MaxInt32:
	case size > math.MaxInt32 || int(size) > d.most-d.seen || d.kind == opBinary && !d.drop:
		return errTooBig
	default:
		d.over = true
		d.partial = bytes.Clone(d.partial[:min(len(d.partial), overHead)])
	}
	d.seen += int(size)
	return nil
}

// readOver takes a piece of a message that is not handed on.
func (d *decoder) readOver(part []byte, last bool, sink frameSink) error {
	if room := overHead - len(d.partial); d.over && !d.drop && room > 0 {
		d.partial = append(d.partial, part[:min(room, len(part))]...)
	}
	if !last {
		return nil
	}
	head, dropped := d.partial, d.drop
	d.kind, d.partial, d.over, d.drop = 0, nil, false, false
	if dropped {
		*d.discard--
		return nil
	}
	return sink.oversized(head)
}

// payload takes the next piece of the current frame's payload; left says whether it is the last.
func (d *decoder) payload(part []byte, sink frameSink) error {
	if d.op >= opClose {
		return d.controlPart(part, sink)
	}
	last := d.left == 0 && d.fin
	if d.skip {
		if last {
			d.kind, d.partial, d.over, d.drop = 0, nil, false, false
		}
		return nil
	}
	if d.over || d.drop {
		return d.readOver(part, last, sink)
	}
	if !last {
		d.partial = append(d.partial, part...)
		return nil
	}
	whole, kind := join(d.partial, part), d.kind
	d.kind, d.partial = 0, nil
	if kind == opText && !utf8.Valid(whole) {
		return errUTF8
	}
	return sink.message(kind == opBinary, whole)
}

func (d *decoder) controlPart(part []byte, sink frameSink) error {
	if d.left > 0 {
		d.rest = append(d.rest, part...)
		return nil
	}
	whole := join(d.rest, part)
	d.rest = nil
	return sink.control(d.op, whole)
}

// join appends the last piece, which is all there is in most cases.
func join(earlier, last []byte) []byte {
	if len(earlier) == 0 {
		return last
	}
	return append(earlier, last...)
}

// unmask works eight bytes at a time.
func (d *decoder) unmask(b []byte) {
	if len(b) == 0 {
		return
	}
	var key [8]byte
	for i := range key {
		key[i] = d.mask[(int(d.phase)+i)&3]
	}
	d.phase = uint8((int(d.phase) + len(b)) & 3)
	word := binary.LittleEndian.Uint64(key[:])
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^word)
		b = b[8:]
	}
	for i := range b {
		b[i] ^= key[i]
	}
}

// parseClose reads the payload of a close frame. Without a code it is codeNone.
func parseClose(payload []byte) (Code, error) {
	if len(payload) == 0 {
		return codeNone, nil
	}
	if len(payload) == 1 {
		return 0, errCloseFrame
	}
	code := Code(binary.BigEndian.Uint16(payload))
	if !code.received() {
		return 0, errCloseFrame
	}
	if !utf8.Valid(payload[2:]) {
		return 0, errUTF8
	}
	return code, nil
}
