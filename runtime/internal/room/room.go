// Package room is groups of users that back ends make: a room is a stream that all
// sessions of its members follow, wherever they are. There is nothing in a room but
// the events that back ends send to it.
package room

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/identity"
	"github.com/anteroom/anteroom/runtime/internal/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Kind is the kind of a room's stream.
const Kind = "room"

// The bounds of rooms.
const (
	// MaxMembers of a room.
	MaxMembers = 10_000
	// MaxPerUser is how many rooms a user can be in.
	MaxPerUser = 32
	// TTL is how long members stay without anyone being added: to the room, or for the
	// user to any room.
	TTL = 24 * time.Hour
)

// StreamID is the stream of a room.
func StreamID(name string) stream.ID { return stream.ID(Kind + ":" + name) }

// Service puts users into rooms and takes them out. It is safe for concurrent use.
// Beside *wire.Error its methods return the errors of the store.
type Service struct {
	Store stream.Store
	Sets  stream.Sets
	// Retain is what the streams of users keep.
	Retain stream.Retention
}

func members(name string) string { return "room:" + name }
func rooms(user string) string   { return "rooms:" + user }

// Add puts a user into a room. To do so again is harmless. Once makes the user be
// told once; it may be nil.
func (s *Service) Add(ctx context.Context, name, user string, once *stream.Once) error {
	in, err := s.Sets.Add(ctx, rooms(user), name, MaxPerUser, TTL)
	if err != nil {
		return err
	}
	if !in {
		there, err := s.Sets.List(ctx, rooms(user))
		if err != nil {
			return err
		}
		return wire.Already(wire.CodeResourceExhausted, wire.ReasonRoomLimit, fmt.Sprintf("a user is in at most %d rooms", MaxPerUser), there...)
	}
	in, err = s.Sets.Add(ctx, members(name), user, MaxMembers, TTL)
	if err != nil {
		return err
	}
	if !in {
		return errors.Join(wire.Exhausted("", fmt.Sprintf("a room has at most %d members", MaxMembers)), s.Sets.Remove(ctx, rooms(user), name))
	}
	at, err := s.at(ctx, name)
	if err != nil {
		return err
	}
	return s.tell(ctx, user, wire.EventRoomJoined, name, once,
		stream.Control{Follow: []stream.Place{{Stream: StreamID(name), Position: at}}})
}

// Remove takes a user out of a room. To do so again is harmless.
func (s *Service) Remove(ctx context.Context, name, user string, once *stream.Once) error {
	if err := errors.Join(s.Sets.Remove(ctx, rooms(user), name), s.Sets.Remove(ctx, members(name), user)); err != nil {
		return err
	}
	return s.tell(ctx, user, wire.EventRoomLeft, name, once, stream.Control{Unfollow: []stream.ID{StreamID(name)}})
}

func (s *Service) tell(ctx context.Context, user, event, name string, once *stream.Once, c stream.Control) error {
	data, err := json.Marshal(wire.RoomMembership{Room: name})
	if err != nil {
		return fmt.Errorf("encode %s: %w", event, err)
	}
	_, err = s.Store.Commit(ctx, stream.Commit{
		Stream: stream.ID("user:" + user), Events: []stream.Event{{Name: event, Data: data, Control: c}},
		Retain: s.Retain, Once: once,
	})
	return err
}

// at is where a room's stream is; the zero position before its first event.
func (s *Service) at(ctx context.Context, name string) (stream.Position, error) {
	now, err := s.Store.Load(ctx, StreamID(name))
	if errors.Is(err, stream.ErrNotFound) {
		return stream.Position{}, nil
	}
	return now.Position, err
}

// Members lists who is in a room.
func (s *Service) Members(ctx context.Context, name string) ([]string, error) {
	return s.Sets.List(ctx, members(name))
}

// Places are the streams of the rooms that a user is in, and where they are now.
func (s *Service) Places(ctx context.Context, user string) ([]stream.Place, error) {
	names, err := s.Sets.List(ctx, rooms(user))
	if err != nil {
		return nil, err
	}
	places := make([]stream.Place, 0, len(names))
	for _, name := range names {
		at, err := s.at(ctx, name)
		if err != nil {
			return nil, err
		}
		places = append(places, stream.Place{Stream: StreamID(name), Position: at})
	}
	return places, nil
}

// Authorize implements session.Snapshotter: a room is for its members.
func (s *Service) Authorize(ctx context.Context, caller identity.Caller, id stream.ID) error {
	names, err := s.Sets.List(ctx, rooms(caller.ID))
	if err != nil {
		return err
	}
	if !slices.Contains(names, id.Name()) {
		return wire.Refuse(wire.CodeNotFound, "there is no such room")
	}
	return nil
}

// Snapshot implements session.Snapshotter: rooms have no document.
func (s *Service) Snapshot(ctx context.Context, caller identity.Caller, id stream.ID, _ stream.Snapshot) (
	event string, payload json.RawMessage, err error,
) {
	return "", nil, s.Authorize(ctx, caller, id)
}

// ValidName tells whether a text can be a room's name.
func ValidName(name string) bool {
	bad := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_.:-", r))
	}
	return name != "" && len(name) <= 64 && !strings.ContainsFunc(name, bad)
}
