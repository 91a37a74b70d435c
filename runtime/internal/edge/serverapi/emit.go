package serverapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/schema"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/domain/notify"
	"github.com/anteroom/anteroom/runtime/internal/domain/room"
	"github.com/anteroom/anteroom/runtime/internal/edge/session"
	"github.com/anteroom/anteroom/runtime/wire"
)

// emitOne reads and emits one event of a batch.
func (s *Server) emitOne(ctx context.Context, key, part string, raw json.RawMessage) (*Emitted, error) {
	req, err := schema.Decode[EventRequest](s.schema, arguments(raw))
	if err != nil {
		return nil, err
	}
	return s.emit(ctx, key, part, req)
}

// emit checks an event and commits it. Part tells the events of one request apart.
func (s *Server) emit(ctx context.Context, key, part string, req *EventRequest) (*Emitted, error) {
	kind, err := req.Target.kind()
	if err != nil {
		return nil, err
	}
	event, err := s.event(req)
	if err != nil {
		return nil, err
	}
	var out *Emitted
	switch {
	case req.Persistent || kind == toTopic:
		out, err = s.keep(ctx, key, part, kind, req, event)
	case req.TTLMs != 0 || req.CollapseKey != "":
		err = wire.Invalid("persistent", "ttlMs and collapseKey are for events that are kept: set persistent")
	default:
		out, err = s.send(ctx, kind, req.Target, event, s.single(key, part))
	}
	if err != nil {
		return nil, err
	}
	s.metrics.events.WithLabelValues(kind).Inc()
	return out, nil
}

// The kinds of targets.
const (
	toUser      = "user"
	toUsers     = "users"
	toLobby     = "lobby"
	toRoom      = "room"
	toTopic     = "topic"
	toBroadcast = "broadcast"
)

// kind is which field of the target is set, and good.
func (t Target) kind() (string, error) {
	var kinds []string
	for kind, set := range map[string]bool{
		toUser: t.User != "", toUsers: len(t.Users) > 0, toLobby: t.Lobby != "", toRoom: t.Room != "", toTopic: t.Topic != "", toBroadcast: t.Broadcast,
	} {
		if set {
			kinds = append(kinds, kind)
		}
	}
	if len(kinds) != 1 {
		return "", wire.Invalid("target", "give one of user, users, lobby, room, topic and broadcast")
	}
	switch {
	case t.User != "" && !request.ValidID(t.User):
		return "", wire.Invalid("target.user", notAUser)
	case t.Room != "" && !room.ValidName(t.Room):
		return "", wire.Invalid("target.room", notARoom)
	}
	return kinds[0], checkUsers("target.users", t.Users)
}

const (
	notAUser = "the id of a user has 1 to 128 printable ASCII characters without spaces and braces, and is not __proto__"
	notARoom = "the name of a room has letters, digits and _.:- and at most 64 of them"
)

// checkUsers refuses a list with what is no user, or with one twice.
func checkUsers(field string, users []string) error {
	seen := make(map[string]bool, len(users))
	for i, user := range users {
		switch {
		case !request.ValidID(user):
			return wire.Invalid(fmt.Sprintf("%s[%d]", field, i), notAUser)
		case seen[user]:
			return wire.Invalid(fmt.Sprintf("%s[%d]", field, i), "the user is named twice")
		}
		seen[user] = true
	}
	return nil
}

// reserved are the domains of the contract, and the names of Socket.IO's own events, in
// small letters, because clients may compare names without their case.
var reserved = map[string]bool{
	"session": true, "sync": true, "lobby": true, "chat": true, "party": true, "mm": true, "presence": true,
	"notify": true, "room": true, "topic": true, "match": true, "user": true, "broadcast": true,
	"connect": true, "connect_error": true, "connection": true, "disconnect": true, "disconnecting": true,
	"newlistener": true, "removelistener": true, "error": true,
}

// event is what clients get.
func (s *Server) event(req *EventRequest) (stream.Event, error) {
	if err := checkName("event", req.Event); err != nil {
		return stream.Event{}, err
	}
	data := bytes.TrimSpace(req.Data)
	if len(data) == 0 {
		data = []byte("{}")
	}
	if int64(len(data)) > s.MaxData {
		return stream.Event{}, wire.Invalid("data", fmt.Sprintf("may have at most %d bytes", s.MaxData))
	}
	var members map[string]json.RawMessage
	if data[0] != '{' || json.Unmarshal(data, &members) != nil {
		return stream.Event{}, wire.Invalid("data", "must be a JSON object")
	}
	if _, taken := members["meta"]; taken {
		return stream.Event{}, wire.Invalid("data.meta", "the member meta is the server's")
	}
	var line bytes.Buffer
	if err := json.Compact(&line, data); err != nil {
		return stream.Event{}, wire.Invalid("data", "must be a JSON object")
	}
	return stream.Event{Name: req.Event, Data: line.Bytes()}, nil
}

// checkName refuses a name that is not one, or is the service's own; field is where it is.
func checkName(field, name string) error {
	bad := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_.:/-", r))
	}
	if strings.ContainsFunc(name, bad) {
		return wire.Invalid(field, "has letters, digits and _.:/- only")
	}
	if domain, _, _ := strings.Cut(name, ":"); reserved[strings.ToLower(domain)] {
		return wire.Invalid(field, "the name is kept for the server's own events")
	}
	return nil
}

// keep puts an event into the inboxes of its target, as a notification whose type is the
// event's name.
func (s *Server) keep(ctx context.Context, key, part, kind string, req *EventRequest, e stream.Event) (*Emitted, error) {
	users := req.Target.Users
	switch kind {
	case toUser:
		users = []string{req.Target.User}
	case toUsers, toTopic:
	default:
		return nil, wire.Invalid("persistent", "only events to a user, to users or to a topic are kept")
	}
	out, err := s.notify(ctx, key, part, notify.Notification{
		Type: e.Name, Data: e.Data, CollapseKey: req.CollapseKey, TTL: time.Duration(req.TTLMs) * time.Millisecond,
	}, req.Target.Topic, users)
	if err != nil {
		return nil, err
	}
	return &Emitted{Notifications: out.IDs, OnlineRecipients: out.OnlineRecipients}, nil
}

// send commits an event to the streams of its target.
func (s *Server) send(ctx context.Context, kind string, t Target, e stream.Event, once *stream.Once) (*Emitted, error) {
	switch kind {
	case toUser:
		return s.toOne(ctx, session.UserStream(t.User), s.UserRetain, e, once,
			func() (int, error) { return s.Online.Online(ctx, t.User) })
	case toUsers:
		return s.toSeveral(ctx, t.Users, e, once)
	case toLobby:
		return s.toLobby(ctx, t.Lobby, e, once)
	case toRoom:
		return s.toOne(ctx, room.StreamID(t.Room), s.RoomRetain, e, once,
			func() (int, error) { return s.onlineInRoom(ctx, t.Room) })
	}
	return s.toOne(ctx, session.BroadcastStream, s.BroadcastRetain, e, once,
		func() (int, error) { return s.Online.OnlineAll(ctx) })
}

// toOne commits to a single stream. Online counts the sessions that receive the event now.
func (s *Server) toOne(
	ctx context.Context, id stream.ID, retain stream.Retention, e stream.Event, once *stream.Once, online func() (int, error),
) (*Emitted, error) {
	n, err := online()
	if err != nil {
		return nil, err
	}
	result, err := s.Store.Commit(ctx, stream.Commit{Stream: id, Events: []stream.Event{e}, Retain: retain, Once: once})
	if err != nil {
		return nil, err
	}
	return &Emitted{Stream: string(id), Epoch: result.Epoch, Seq: result.Seq, OnlineRecipients: n}, nil
}

// toSeveral commits to the streams of users, one after the other. When it breaks off,
// the same request with the same key does the rest.
func (s *Server) toSeveral(ctx context.Context, users []string, e stream.Event, once *stream.Once) (*Emitted, error) {
	if err := s.admit(len(users)); err != nil {
		return nil, err
	}
	n, err := s.Online.Online(ctx, users...)
	if err != nil {
		return nil, err
	}
	out := &Emitted{Streams: make([]Place, len(users)), OnlineRecipients: n}
	for i, user := range users {
		id := session.UserStream(user)
		result, err := s.Store.Commit(ctx, stream.Commit{Stream: id, Events: []stream.Event{e}, Retain: s.UserRetain, Once: once})
		if err != nil {
			return nil, err
		}
		out.Streams[i] = Place{Stream: string(id), Epoch: result.Epoch, Seq: result.Seq}
	}
	return out, nil
}

func (s *Server) toLobby(ctx context.Context, id string, e stream.Event, once *stream.Once) (*Emitted, error) {
	if s.Lobbies == nil {
		return nil, wire.Refuse(wire.CodeNotFound, "the feature lobby is switched off on this cluster")
	}
	out, err := s.Lobbies.Announce(ctx, id, e, once)
	if err != nil {
		return nil, err
	}
	n := 0
	for _, m := range out.Lobby.Members {
		if m.Connected() {
			n++
		}
	}
	return &Emitted{Stream: "lobby:" + id, Epoch: out.At.Epoch, Seq: out.At.Seq, OnlineRecipients: n}, nil
}

func (s *Server) onlineInRoom(ctx context.Context, name string) (int, error) {
	members, err := s.Rooms.Members(ctx, name)
	if err != nil {
		return 0, err
	}
	return s.Online.Online(ctx, members...)
}
