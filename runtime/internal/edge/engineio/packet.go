package engineio

import (
	"bytes"
	"encoding/base64"
	"errors"
	"unicode/utf8"
)

// Packet types, as the first byte of a text.
const (
	packetOpen    = '0'
	packetClose   = '1'
	packetPing    = '2'
	packetPong    = '3'
	packetMessage = '4'
	packetUpgrade = '5'
	packetNoop    = '6'

	// packetBinary marks base64 in a polling payload.
	packetBinary = 'b'
	// separator separates the packets of a polling payload.
	separator = '\x1e'
)

const probe = "probe"

var (
	pingFrame  = packetFrame("2")
	closePoll  = packetFrame("1")
	noopFrame  = packetFrame("6")
	probeFrame = packetFrame("3probe")
)

var errPacket = errors.New("invalid packet")

// packet is a received packet. Data is only valid during its handling.
type packet struct {
	kind byte
	// binary is meant for messages only.
	binary bool
	data   []byte
}

// parseText reads a packet from a text.
func parseText(text []byte) (packet, error) {
	if len(text) == 0 || text[0] < packetOpen || text[0] > packetNoop {
		return packet{}, errPacket
	}
	return packet{kind: text[0], data: text[1:]}, nil
}

// parsePayload hands each packet of a polling payload to handle, until the first
// error, its own or handle's. Base64 is decoded in place.
func parsePayload(payload []byte, handle func(packet) error) error {
	if !utf8.Valid(payload) {
		return errPacket
	}
	for more := true; more; {
		var part []byte
		part, payload, more = bytes.Cut(payload, []byte{separator})
		p, err := parsePart(part)
		if err == nil {
			err = handle(p)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func parsePart(part []byte) (packet, error) {
	if len(part) == 0 || part[0] != packetBinary {
		return parseText(part)
	}
	n, err := base64.StdEncoding.Decode(part, part[1:])
	if err != nil {
		return packet{}, errPacket
	}
	return packet{kind: packetMessage, binary: true, data: part[:n]}, nil
}

// appendPayload adds a frame to a polling payload.
func appendPayload(b []byte, f *Frame) []byte {
	if len(b) > 0 {
		b = append(b, separator)
	}
	if f.binary {
		return base64.StdEncoding.AppendEncode(append(b, packetBinary), f.wire[f.body:])
	}
	return append(b, f.wire[f.body:]...)
}
