package serverapi

import (
	"context"

	"github.com/anteroom/anteroom/runtime/internal/domain/room"
	"github.com/anteroom/anteroom/runtime/wire"
)

// RoomRequest names users to put into a room, or to take out.
type RoomRequest struct {
	UserIDs []string `json:"userIds" validate:"required,min=1,max=100,dive,required,max=128"`
}

// RoomResponse is who is in a room, in the order of the alphabet.
type RoomResponse struct {
	Room    string   `json:"room"`
	UserIDs []string `json:"userIds"`
}

// RoomChanged tells how many users a change was for.
type RoomChanged struct {
	Users int `json:"users"`
}

func (s *Server) registerRooms() {
	get(s, "/v1/rooms/{id}", "Who is in a room", s.readRoom)
	post(s, "/v1/rooms/{id}:join", "Put up to 100 users into a room, for a day after the last who was put there",
		func(ctx context.Context, c call, req *RoomRequest) (*RoomChanged, error) {
			return s.changeRoom(ctx, c, req, s.join)
		})
	post(s, "/v1/rooms/{id}:leave", "Take up to 100 users out of a room",
		func(ctx context.Context, c call, req *RoomRequest) (*RoomChanged, error) {
			return s.changeRoom(ctx, c, req, s.leave)
		})
}

func (s *Server) readRoom(ctx context.Context, c call) (*RoomResponse, error) {
	name := c.http.PathValue("id")
	if !room.ValidName(name) {
		return nil, wire.Invalid("id", notARoom)
	}
	users, err := s.Rooms.Members(ctx, name)
	if err != nil {
		return nil, err
	}
	if users == nil {
		users = []string{}
	}
	return &RoomResponse{Room: name, UserIDs: users}, nil
}

// changeRoom does something for each user. When it breaks off, the same request does
// the rest.
func (s *Server) changeRoom(
	ctx context.Context, c call, req *RoomRequest, change func(ctx context.Context, key, name, user string) error,
) (*RoomChanged, error) {
	name := c.http.PathValue("id")
	if !room.ValidName(name) {
		return nil, wire.Invalid("id", notARoom)
	}
	if err := checkUsers("userIds", req.UserIDs); err != nil {
		return nil, err
	}
	if err := s.admit(len(req.UserIDs)); err != nil {
		return nil, err
	}
	for _, user := range req.UserIDs {
		if err := change(ctx, c.key, name, user); err != nil {
			return nil, err
		}
	}
	return &RoomChanged{Users: len(req.UserIDs)}, nil
}

func (s *Server) join(ctx context.Context, key, name, user string) error {
	return s.Rooms.Add(ctx, name, user, s.single(key, "join "+name))
}

func (s *Server) leave(ctx context.Context, key, name, user string) error {
	return s.Rooms.Remove(ctx, name, user, s.single(key, "leave "+name))
}
