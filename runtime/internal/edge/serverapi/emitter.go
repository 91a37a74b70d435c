package serverapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"

	"github.com/anteroom/anteroom/runtime/internal/core/msgpack"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/domain/room"
	"github.com/anteroom/anteroom/runtime/internal/edge/session"
	"github.com/anteroom/anteroom/runtime/wire"
)

// EmitterChannels is the pattern of the channels that the stock Socket.IO Redis emitters
// publish on for namespace "/", with their default key.
const EmitterChannels = "socket.io#/#*"

const (
	// emitterOverhead is the size that an emission may have in addition to its arguments, in
	// bytes.
	emitterOverhead = 4 << 10
	// maxEmitterRooms bounds the rooms of an emission, those to leave out included.
	maxEmitterRooms = 100
	// eventPacket is the type of an event in the emitters' packets.
	eventPacket = 2
)

// emission is what an emitter publishes: [uid, packet, options].
type emission struct {
	kind          int64
	namespace     string
	data          []any
	rooms, except []string
}

// parseEmission reads an emission by its own bytes; no length that it declares is trusted.
// Errors are *wire.Error with invalid_argument.
func parseEmission(payload []byte) (e emission, err error) {
	v, err := msgpack.Decode(payload)
	if err != nil {
		return e, wire.Invalid("", "this is no emission: "+err.Error())
	}
	whole, ok := v.([]any)
	if !ok || len(whole) != 3 {
		return e, wire.Invalid("", "this is no emission: it must be an array of uid, packet and options")
	}
	packet, ok := whole[1].(map[string]any)
	options, also := whole[2].(map[string]any)
	if !ok || !also {
		return e, wire.Invalid("", "this is no emission: packet and options must be maps")
	}
	e.kind, _ = packet["type"].(int64)
	e.namespace, _ = packet["nsp"].(string)
	e.data, _ = packet["data"].([]any)
	if e.rooms, err = names("rooms", options["rooms"]); err != nil {
		return e, err
	}
	e.except, err = names("except", options["except"])
	return e, err
}

// names reads the rooms of an emission; nil has none.
func names(field string, v any) (all []string, err error) {
	list, ok := v.([]any)
	if v == nil {
		return nil, nil
	}
	if !ok || len(list) > maxEmitterRooms {
		return nil, wire.Invalid(field, fmt.Sprintf("must be an array of %d names at most", maxEmitterRooms))
	}
	for i, of := range list {
		name, ok := of.(string)
		if !ok {
			return nil, wire.Invalid(fmt.Sprintf("%s[%d]", field, i), "must be a string")
		}
		all = append(all, name)
	}
	return all, nil
}

// Emission decodes a message of a channel of EmitterChannels and passes it to emit, for the
// sessions of this server. It is not stored: like the emitters' own messages, it reaches the
// sessions that are connected at that moment, at most once. Invalid messages are dropped and
// counted.
func (s *Server) Emission(payload []byte, emit func(session.Emission)) {
	e, err := s.readEmission(payload)
	if err == nil {
		err = s.admit(1)
	}
	if err != nil {
		s.metrics.emissions.WithLabelValues(string(session.Refusal(err).Code)).Inc()
		s.Log.Debug("emission dropped; no client gets it", "error", err)
		return
	}
	s.metrics.emissions.WithLabelValues("ok").Inc()
	emit(e)
}

func (s *Server) readEmission(payload []byte) (out session.Emission, err error) {
	if int64(len(payload)) > s.MaxData+emitterOverhead {
		return out, wire.Refuse(wire.CodePayloadTooLarge, fmt.Sprintf("an emission may have %d bytes", s.MaxData+emitterOverhead))
	}
	e, err := parseEmission(payload)
	if err != nil {
		return out, err
	}
	if e.kind != eventPacket || e.namespace != "/" || len(e.data) == 0 {
		return out, wire.Invalid("packet", "must be an event of namespace /")
	}
	name, ok := e.data[0].(string)
	if !ok || len(name) == 0 || len(name) > 64 {
		return out, wire.Invalid("event", "must be a name of 1 to 64 characters")
	}
	if err := checkName("event", name); err != nil {
		return out, err
	}
	if len(e.rooms)+len(e.except) > maxEmitterRooms {
		return out, wire.Invalid("rooms", fmt.Sprintf("may be %d at most", maxEmitterRooms))
	}
	if out.To, err = audience("rooms", e.rooms); err != nil {
		return out, err
	}
	if out.Except, err = audience("except", e.except); err != nil {
		return out, err
	}
	out.Event = name
	out.Args, err = jsonArguments(e.data[1:])
	return out, err
}

// audience finds the streams, or the single sessions, that rooms stand for: user:ID,
// lobby:ID and room:NAME are as they are; another name is that of a room, or the id of
// a session.
func audience(field string, rooms []string) (all []session.Audience, err error) {
	for i, name := range rooms {
		id := stream.ID(name)
		switch id.Kind() {
		case "user", "lobby", room.Kind:
		default:
			id = room.StreamID(name)
		}
		if id.Validate() != nil {
			return nil, wire.Invalid(fmt.Sprintf("%s[%d]", field, i), "this is neither a room nor a user")
		}
		all = append(all, session.Audience{Stream: id, Session: name})
	}
	return all, nil
}

// jsonArguments writes arguments as JSON, with commas between. Binary ones are refused,
// for this contract has none.
func jsonArguments(args []any) ([]byte, error) {
	var out bytes.Buffer
	for i, arg := range args {
		if binary(arg) {
			return nil, wire.Invalid(fmt.Sprintf("args[%d]", i), "holds binary data, which clients do not get")
		}
		arg = withoutNaN(arg)
		text, err := json.Marshal(arg)
		if err != nil {
			return nil, wire.Invalid(fmt.Sprintf("args[%d]", i), "cannot be written as JSON")
		}
		if i > 0 {
			out.WriteByte(',')
		}
		out.Write(text)
	}
	return out.Bytes(), nil
}

// withoutNaN puts null in the place of numbers that JSON cannot write (NaN and the
// infinities), as JavaScript's JSON.stringify does.
func withoutNaN(v any) any {
	switch v := v.(type) {
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
	case float32:
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return nil
		}
	case []any:
		for i := range v {
			v[i] = withoutNaN(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = withoutNaN(v[name])
		}
	}
	return v
}

// binary reports whether there are bytes anywhere in a value.
func binary(v any) bool {
	switch v := v.(type) {
	case []byte:
		return true
	case []any:
		for _, e := range v {
			if binary(e) {
				return true
			}
		}
	case map[string]any:
		for _, e := range v {
			if binary(e) {
				return true
			}
		}
	}
	return false
}
