package socketio

import (
	"encoding/json"
	"strconv"
)

// frame is the text of an EVENT packet to clients. It is never written to, so
// that any number of connections can send it at the same time.
type frame []byte

// Encoder makes frames; it implements session.Encoder.
type Encoder struct{}

// Encode makes the frame of an event. The name is one of package wire's, which
// need no escapes.
func (Encoder) Encode(event string, payload json.RawMessage) any {
	return encodeEvent(event, payload)
}

func encodeEvent(event string, payload json.RawMessage) frame {
	text := make(frame, 0, len(event)+len(payload)+6)
	text = append(text, packetEvent, '[')
	text = strconv.AppendQuote(text, event)
	if len(payload) > 0 {
		text = append(text, ',')
		text = append(text, payload...)
	}
	return append(text, ']')
}

func encodeAck(id uint64, answer json.RawMessage) frame {
	text := make(frame, 0, len(answer)+20)
	text = append(text, packetAck)
	text = strconv.AppendUint(text, id, 10)
	text = append(text, '[')
	text = append(text, answer...)
	return append(text, ']')
}
