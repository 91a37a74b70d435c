package wire

// Room events; both come on the user's own stream. A back end puts users into rooms
// and takes them out; whoever is in one gets the events that it sends there.
const (
	EventRoomJoined = "room:joined" // push: RoomMembership
	EventRoomLeft   = "room:left"   // push: RoomMembership
)

// RoomMembership tells in which room the user is now, or is not any more.
type RoomMembership struct {
	Room string `json:"room"`
	Meta *Meta  `json:"meta,omitempty"`
}
