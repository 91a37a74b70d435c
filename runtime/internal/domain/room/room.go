// Package room manages groups of users that back ends create. A room is a stream to which
// all sessions of its members are subscribed, on any pod. It carries only the events that
// back ends send to it.
package room

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/userstream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Kind is the kind of a room's stream.
const Kind = "room"

// Bounds of rooms.
const (
	// MaxMembers is the number of members of a room.
	MaxMembers = 10_000
	// MaxPerUser is the number of rooms of a user.
	MaxPerUser = 32
	// TTL is how long memberships are kept after the last Add: to the room, and for the
	// user to any room.
	TTL = 24 * time.Hour
)

// StreamID returns the stream of a room.
func StreamID(name string) stream.ID { return stream.ID(Kind + ":" + name) }

// Service adds users to rooms and removes them. It is safe for concurrent use. Its methods
// return *wire.Error and the errors of the store.
type Service struct {
	Store stream.Store
	Sets  stream.Sets
	// Retain is the retention of user streams.
	Retain stream.Retention
}

func membersSet(name string) string { return "room:" + name }
func roomsSet(user string) string   { return "rooms:" + user }

// Add adds a user to a room; it is idempotent. once, which may be nil, makes the user's
// notification happen once.
func (s *Service) Add(ctx context.Context, name, user string, once *stream.Once) error {
	in, err := s.Sets.Add(ctx, roomsSet(user), name, MaxPerUser, TTL)
	if err != nil {
		return err
	}
	if !in {
		there, err := s.Sets.List(ctx, roomsSet(user))
		if err != nil {
			return err
		}
		return wire.Already(wire.CodeResourceExhausted, wire.ReasonRoomLimit, fmt.Sprintf("a user is in at most %d rooms", MaxPerUser), there...)
	}
	in, err = s.Sets.Add(ctx, membersSet(name), user, MaxMembers, TTL)
	if err != nil {
		return err
	}
	if !in {
		return errors.Join(wire.Exhausted("", fmt.Sprintf("a room has at most %d members", MaxMembers)), s.Sets.Remove(ctx, roomsSet(user), name))
	}
	at, err := s.position(ctx, name)
	if err != nil {
		return err
	}
	return s.commitMembership(ctx, user, wire.EventRoomJoined, name, once,
		stream.Control{Follow: []stream.Place{{Stream: StreamID(name), Position: at}}})
}

// Remove removes a user from a room; it is idempotent.
func (s *Service) Remove(ctx context.Context, name, user string, once *stream.Once) error {
	if err := errors.Join(s.Sets.Remove(ctx, roomsSet(user), name), s.Sets.Remove(ctx, membersSet(name), user)); err != nil {
		return err
	}
	return s.commitMembership(ctx, user, wire.EventRoomLeft, name, once, stream.Control{Unfollow: []stream.ID{StreamID(name)}})
}

func (s *Service) commitMembership(ctx context.Context, user, event, name string, once *stream.Once, c stream.Control) error {
	data, err := json.Marshal(wire.RoomMembership{Room: name})
	if err != nil {
		return fmt.Errorf("encode %s: %w", event, err)
	}
	_, err = s.Store.Commit(ctx, stream.Commit{
		Stream: userstream.StreamID(user), Events: []stream.Event{{Name: event, Data: data, Control: c}},
		Retain: s.Retain, Once: once,
	})
	return err
}

// position returns the position of a room's stream; the zero position before its first event.
func (s *Service) position(ctx context.Context, name string) (stream.Position, error) {
	now, err := s.Store.Load(ctx, StreamID(name))
	if errors.Is(err, stream.ErrNotFound) {
		return stream.Position{}, nil
	}
	return now.Position, err
}

// Members lists the members of a room.
func (s *Service) Members(ctx context.Context, name string) ([]string, error) {
	return s.Sets.List(ctx, membersSet(name))
}

// Positions returns the streams of a user's rooms with their current positions.
func (s *Service) Positions(ctx context.Context, user string) ([]stream.Place, error) {
	names, err := s.Sets.List(ctx, roomsSet(user))
	if err != nil {
		return nil, err
	}
	places := make([]stream.Place, 0, len(names))
	for _, name := range names {
		at, err := s.position(ctx, name)
		if err != nil {
			return nil, err
		}
		places = append(places, stream.Place{Stream: StreamID(name), Position: at})
	}
	return places, nil
}

// Authorize implements session.Snapshotter: only members may follow a room.
func (s *Service) Authorize(ctx context.Context, caller request.Caller, id stream.ID) error {
	names, err := s.Sets.List(ctx, roomsSet(caller.ID))
	if err != nil {
		return err
	}
	if !slices.Contains(names, id.Name()) {
		return wire.Refuse(wire.CodeNotFound, "there is no such room")
	}
	return nil
}

// Snapshot implements session.Snapshotter: rooms have no document.
func (s *Service) Snapshot(ctx context.Context, caller request.Caller, id stream.ID, _ stream.Snapshot) (
	event string, payload json.RawMessage, err error,
) {
	return "", nil, s.Authorize(ctx, caller, id)
}

// ValidName reports whether a string is a valid room name: 1 to 64 letters, digits, '_',
// '.', ':' or '-'.
func ValidName(name string) bool {
	bad := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_.:-", r))
	}
	return name != "" && len(name) <= 64 && !strings.ContainsFunc(name, bad)
}
