package socketio

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
)

// Packet types of Socket.IO v5.
const (
	packetConnect      = '0'
	packetDisconnect   = '1'
	packetEvent        = '2'
	packetAck          = '3'
	packetConnectError = '4'
	packetBinaryEvent  = '5'
	packetBinaryAck    = '6'
)

const (
	maxNamespace = 128 // bytes
	maxIDDigits  = 15  // so that an id is exact in a client's JavaScript
	maxEventName = 128 // bytes, as JSON
	// maxAttachments bounds the attachments of an event that is refused, which are read over.
	maxAttachments = 16
	// maxArgs bounds the decoded arguments of an event. A request has a single argument, so that
	// two are enough to detect too many.
	maxArgs = 4
)

// What is wrong with a packet. Each of them ends the connection, unless an event asks for an
// acknowledgement, which then says so.
var (
	errEmpty     = errors.New("empty packet")
	errBinary    = errors.New("binary packets are not accepted")
	errType      = errors.New("packet type is not for clients")
	errNamespace = errors.New("namespace is too long")
	errID        = errors.New("packet id is too long")
	errPayload   = errors.New("payload does not fit the packet type")
	errReserved  = errors.New("event name is reserved")
	errName      = errors.New("event name must be a text of at most 126 bytes")
	errTooMany   = errors.New("too many attachments")
)

// reserved are event names that mean something to Socket.IO itself.
var reserved = map[string]bool{
	"connect": true, "connect_error": true, "disconnect": true, "disconnecting": true,
	"newListener": true, "removeListener": true,
}

// packet is a Socket.IO packet from a client. Its parts alias the message.
type packet struct {
	kind      byte
	namespace string
	// id is that of the acknowledgement a client wants, if hasID.
	id    uint64
	hasID bool
	// attachments is how many binary messages follow a binary packet.
	attachments int
	// data is JSON: an object or nothing for CONNECT, an array for EVENT.
	data []byte
}

// parsePacket reads the text of a packet, which is valid UTF-8: the type, the namespace and a comma if
// it is not "/", the id, and the data.
func parsePacket(text []byte) (packet, error) {
	if len(text) == 0 {
		return packet{}, errEmpty
	}
	p := packet{kind: text[0], namespace: "/"}
	switch p.kind {
	case packetConnect, packetDisconnect, packetEvent, packetAck:
	case packetBinaryEvent:
		// The packet is decoded as far as its id, so that the refusal can be acknowledged.
	case packetBinaryAck:
		return packet{}, errBinary
	default:
		return packet{}, errType
	}
	if err := p.readHead(text[1:]); err != nil {
		return packet{}, err
	}
	return p, p.check()
}

// readHead reads what comes before the data: the attachments, the namespace and the id.
func (p *packet) readHead(rest []byte) (err error) {
	if p.kind == packetBinaryEvent {
		if rest, err = p.readAttachments(rest); err != nil {
			return err
		}
	}
	if rest, err = p.readNamespace(rest); err != nil {
		return err
	}
	p.data, err = p.readID(rest)
	return err
}

// readAttachments reads the number of attachments and the dash after it.
func (p *packet) readAttachments(rest []byte) ([]byte, error) {
	count, after, found := bytes.Cut(rest[:min(len(rest), 8)], []byte{'-'})
	n, err := strconv.ParseUint(string(count), 10, 16)
	switch {
	case !found || err != nil:
		return nil, errBinary
	case n > maxAttachments:
		return nil, errTooMany
	}
	p.attachments = int(n)
	return rest[len(rest[:min(len(rest), 8)])-len(after):], nil
}

func (p *packet) readNamespace(rest []byte) ([]byte, error) {
	if len(rest) == 0 || rest[0] != '/' {
		return rest, nil
	}
	name, after, _ := bytes.Cut(rest, []byte{','})
	if len(name) > maxNamespace {
		return nil, errNamespace
	}
	p.namespace = string(name)
	return after, nil
}

func (p *packet) readID(rest []byte) ([]byte, error) {
	digits := 0
	for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
		digits++
	}
	if digits == 0 {
		return rest, nil
	}
	if digits > maxIDDigits {
		return nil, errID
	}
	id, err := strconv.ParseUint(string(rest[:digits]), 10, 64)
	if err != nil {
		return nil, errID
	}
	p.id, p.hasID = id, true
	return rest[digits:], nil
}

// check reports whether the data is what the type needs.
func (p *packet) check() error {
	first := byte(0)
	if len(p.data) > 0 {
		first = p.data[0]
		if !json.Valid(p.data) {
			return errPayload
		}
	}
	fits := false
	switch p.kind {
	case packetConnect:
		fits = first == 0 || first == '{'
	case packetDisconnect:
		fits = first == 0
	case packetEvent, packetBinaryEvent, packetAck:
		fits = first == '['
	}
	if !fits {
		return errPayload
	}
	return nil
}

// event splits the data of an EVENT packet into its name and its arguments, of
// which at most maxArgs are given.
func (p *packet) event() (name string, args []json.RawMessage, err error) {
	elements := splitArray(p.data, maxArgs+1)
	if len(elements) == 0 || len(elements[0]) > maxEventName || elements[0][0] != '"' {
		return "", nil, errName
	}
	if err := json.Unmarshal(elements[0], &name); err != nil {
		return "", nil, errName
	}
	if reserved[name] {
		return "", nil, errReserved
	}
	return name, elements[1:], nil
}

// splitArray gives the first elements, at most limit, of a valid JSON array,
// without copying them.
func splitArray(array []byte, limit int) []json.RawMessage {
	var elements []json.RawMessage
	depth, start, inString := 0, 0, false
	for i := 0; i < len(array) && len(elements) < limit; i++ {
		switch c := array[i]; {
		case inString:
			if c == '\\' {
				i++
			} else if c == '"' {
				inString = false
			}
		case c == '"':
			inString = true
		case c == '[' || c == '{':
			if depth++; depth == 1 {
				start = i + 1
			}
		case c == ']' || c == '}':
			if depth--; depth == 0 {
				elements = appendElement(elements, array[start:i])
			}
		case c == ',' && depth == 1:
			elements = appendElement(elements, array[start:i])
			start = i + 1
		}
	}
	return elements
}

// appendElement leaves out the nothing between the brackets of an empty array.
func appendElement(elements []json.RawMessage, raw []byte) []json.RawMessage {
	if raw = bytes.TrimSpace(raw); len(raw) == 0 {
		return elements
	}
	return append(elements, raw)
}
