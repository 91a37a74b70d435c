package serverapi

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/anteroom/anteroom/runtime/internal/edge/session"
	"github.com/anteroom/anteroom/runtime/wire"
)

// maxBatch is how many events a batch may have.
const maxBatch = 500

// EventRequest emits an event.
type EventRequest struct {
	Target Target `json:"target" validate:"required"`
	// Event is the name under which clients get it. The domains of the service, such as
	// lobby: and chat:, are not for back ends.
	Event string `json:"event" validate:"required,max=64"`
	// Data is a JSON object; clients get it with a member meta.
	Data json.RawMessage `json:"data,omitempty"`
	// Persistent keeps the event for users who are away: it goes into the inboxes, and
	// clients get it as notify:new with the event's name as type. Its data may then have
	// 2 KiB. Events to a topic are always kept.
	Persistent bool `json:"persistent,omitempty"`
	// TTLMs is for how long a kept event matters, in milliseconds; 0, or left out, means
	// as long as inboxes keep it.
	TTLMs int64 `json:"ttlMs,omitempty" validate:"min=0,max=31536000000"`
	// CollapseKey has a kept event take the place of an earlier one with the same key.
	CollapseKey string `json:"collapseKey,omitempty" validate:"max=64"`
}

// Target is who gets an event; exactly one of its fields is set.
type Target struct {
	// User is the id of one user, all of whose sessions get the event.
	User string `json:"user,omitempty" validate:"max=128"`
	// Users are the ids of several.
	Users []string `json:"users,omitempty" validate:"max=500,dive,required,max=128"`
	// Lobby is the id of a lobby.
	Lobby string `json:"lobby,omitempty" validate:"max=64"`
	// Room is the name of a room, see /v1/rooms/{id}:join.
	Room string `json:"room,omitempty" validate:"max=64"`
	// Topic is for all who subscribed to it with notify:subscribe.
	Topic string `json:"topic,omitempty" validate:"max=64"`
	// Broadcast is for everyone who is connected.
	Broadcast bool `json:"broadcast,omitempty"`
}

// Place is where an event lies in a stream.
type Place struct {
	Stream string `json:"stream"`
	Epoch  string `json:"epoch"`
	Seq    uint64 `json:"seq"`
}

// Emitted is a committed event. Its place is left out when the target was several users, each of
// whom has a stream: then Streams has their places, in the order of the request.
type Emitted struct {
	Stream  string  `json:"stream,omitempty"`
	Epoch   string  `json:"epoch,omitempty"`
	Seq     uint64  `json:"seq,omitempty"`
	Streams []Place `json:"streams,omitempty"`
	// Notifications are the ids of an event that is kept, in the order of the users, in
	// place of where it lies; a topic's has one for all.
	Notifications []string `json:"notifications,omitempty"`
	// OnlineRecipients counts the users of the target who are connected, to any server.
	// One whose server died without a word counts for up to 20 seconds more.
	OnlineRecipients int `json:"onlineRecipients"`
}

// BatchRequest emits several events, one after the other.
type BatchRequest struct {
	Events []json.RawMessage `json:"events" validate:"required,min=1,max=500"`
}

// BatchResponse has a result for each event, in the order asked.
type BatchResponse struct {
	Results []BatchResult `json:"results"`
}

// Settled reports whether it is certain of each event that it went out or did not.
func (r *BatchResponse) Settled() bool {
	return !slices.ContainsFunc(r.Results, func(one BatchResult) bool {
		return one.Error != nil && !session.Certain(one.Error.Code)
	})
}

// BatchResult is what became of one event of a batch: Data, or Error.
type BatchResult struct {
	OK    bool        `json:"ok"`
	Data  *Emitted    `json:"data,omitempty"`
	Error *wire.Error `json:"error,omitempty"`
}

func (s *Server) registerEvents() {
	post(s, "/v1/events", "Emit an event", func(ctx context.Context, c call, req *EventRequest) (*Emitted, error) {
		return s.emit(ctx, c.key, "", req)
	})
	post(s, "/v1/events:batch", "Emit up to 500 events, with a result for each", s.emitAll)
}

// emitAll goes on after an event that is refused. When the store is gone the rest of
// the events are refused as well; the same request with the same key emits those that did
// not go out, and each has the place that it got first.
func (s *Server) emitAll(ctx context.Context, c call, req *BatchRequest) (*BatchResponse, error) {
	if err := s.admit(len(req.Events)); err != nil {
		return nil, err
	}
	out := &BatchResponse{Results: make([]BatchResult, len(req.Events))}
	for i, raw := range req.Events {
		data, err := s.emitOne(ctx, c.key, fmt.Sprint(i), raw)
		if err != nil {
			out.Results[i].Error = s.told("/v1/events:batch", err)
			continue
		}
		out.Results[i] = BatchResult{OK: true, Data: data}
	}
	return out, nil
}
