package siotest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// packetType is the type of a Socket.IO packet (protocol v5).
type packetType byte

// The known types; 5 and 6 are events and acknowledgements with binary attachments.
const (
	packetConnect      packetType = '0'
	packetDisconnect   packetType = '1'
	packetEvent        packetType = '2'
	packetAck          packetType = '3'
	packetConnectError packetType = '4'
)

// packet is a Socket.IO packet.
type packet struct {
	kind      packetType
	namespace string
	// id is the number of the acknowledgement that the packet requests or answers.
	id   *uint64
	data json.RawMessage
}

// encode writes <type>[<namespace>,][<id>][<data>].
func (p packet) encode() string {
	var b strings.Builder
	b.WriteByte(byte(p.kind))
	if p.namespace != "/" {
		b.WriteString(p.namespace)
		b.WriteByte(',')
	}
	if p.id != nil {
		b.WriteString(strconv.FormatUint(*p.id, 10))
	}
	b.Write(p.data)
	return b.String()
}

func decodePacket(text string) (packet, error) {
	if text == "" {
		return packet{}, fmt.Errorf("an empty packet")
	}
	p := packet{kind: packetType(text[0]), namespace: "/"}
	if p.kind == '5' || p.kind == '6' {
		return packet{}, errBinary
	}
	if p.kind < packetConnect || p.kind > packetConnectError {
		return packet{}, fmt.Errorf("a packet of unknown type: %q", text)
	}
	rest := text[1:]
	if strings.HasPrefix(rest, "/") {
		p.namespace, rest, _ = strings.Cut(rest, ",")
	}
	digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
	if digits > 0 && p.kind != packetConnectError {
		id, err := strconv.ParseUint(rest[:digits], 10, 64)
		if err != nil {
			return packet{}, fmt.Errorf("bad packet %q: %w", text, err)
		}
		p.id, rest = &id, rest[digits:]
	}
	p.data = json.RawMessage(rest)
	if rest != "" && !json.Valid(p.data) {
		return packet{}, fmt.Errorf("bad packet %q: its data is not JSON", text)
	}
	return p, nil
}

// decodeEvent reads the data of an event: its name, then its arguments.
func decodeEvent(data json.RawMessage) (name string, args []json.RawMessage, err error) {
	if err := json.Unmarshal(data, &args); err != nil || len(args) == 0 {
		return "", nil, fmt.Errorf("bad event %s", data)
	}
	if err := json.Unmarshal(args[0], &name); err != nil {
		return "", nil, fmt.Errorf("bad event %s: its name is not a string", data)
	}
	return name, args[1:], nil
}
