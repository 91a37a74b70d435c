package socketio

import (
	"encoding/json"
	"strconv"

	"github.com/anteroom/anteroom/runtime/internal/edge/engineio"
)

// Encoder makes frames of events; it implements session.Encoder.
type Encoder struct{}

// Encode makes the frame of an event, a *[engineio.Frame]. The name is one of
// package wire's, which need no escapes.
func (Encoder) Encode(event string, payload json.RawMessage) any {
	return encodeEvent(event, payload)
}

func encodeEvent(event string, payload json.RawMessage) *engineio.Frame {
	return engineio.Message(engineio.Text, eventText(event, payload))
}

func encodeAck(id uint64, answer json.RawMessage) *engineio.Frame {
	return engineio.Message(engineio.Text, ackText(id, answer))
}

func eventText(event string, payload json.RawMessage) []byte {
	text := make([]byte, 0, len(event)+len(payload)+6)
	text = append(text, packetEvent, '[')
	text = strconv.AppendQuote(text, event)
	if len(payload) > 0 {
		text = append(text, ',')
		text = append(text, payload...)
	}
	return append(text, ']')
}

func ackText(id uint64, answer json.RawMessage) []byte {
	text := make([]byte, 0, len(answer)+20)
	text = append(text, packetAck)
	text = strconv.AppendUint(text, id, 10)
	text = append(text, '[')
	text = append(text, answer...)
	return append(text, ']')
}

// encodeNoNamespace refuses a CONNECT to a namespace that does not exist. The
// name is as the client sent it.
func encodeNoNamespace(namespace string) *engineio.Frame {
	return engineio.Message(engineio.Text, string(packetConnectError)+namespace+`,{"message":"Invalid namespace"}`)
}
