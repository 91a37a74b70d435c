package wire

// Room events; both come on the user's own stream. A back end adds users to rooms and
// removes them; a member of a room receives the events that the back end sends to the
// room.
const (
	EventRoomJoined = "room:joined" // push: RoomMembership
	EventRoomLeft   = "room:left"   // push: RoomMembership
)

// RoomMembership reports that the user joined or left a room.
type RoomMembership struct {
	Room string `json:"room"`
	Meta *Meta  `json:"meta,omitempty"`
}
