package session

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// withMeta puts the record's place in its stream into its payload, as the member
// "meta" at the end of the JSON object.
func withMeta(payload json.RawMessage, id stream.ID, at stream.Position, ts int64) json.RawMessage {
	open := bytes.TrimRight(payload, " \t\r\n")
	if len(open) < 2 || open[len(open)-1] != '}' {
		return payload
	}
	open = bytes.TrimRight(open[:len(open)-1], " \t\r\n")
	out := make([]byte, 0, len(open)+len(id)+len(at.Epoch)+80)
	out = append(out, open...)
	if open[len(open)-1] != '{' {
		out = append(out, ',')
	}
	out = append(out, `"meta":{"stream":`...)
	out = appendString(out, string(id))
	out = append(out, `,"epoch":`...)
	out = appendString(out, at.Epoch)
	out = append(out, `,"seq":`...)
	out = strconv.AppendUint(out, at.Seq, 10)
	out = append(out, `,"ts":`...)
	out = strconv.AppendInt(out, ts, 10)
	return append(out, "}}"...)
}

// appendString appends s as a JSON string. Stream ids and epochs are ASCII, of
// which only quote, backslash and the control characters need more than quotes.
func appendString(out []byte, s string) []byte {
	quoted, err := json.Marshal(s)
	if err != nil {
		return append(out, `""`...)
	}
	return append(out, quoted...)
}
