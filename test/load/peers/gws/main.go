// Command gws broadcasts each message to the sender's room with only a WebSocket library.
package main

import (
	"net/http"

	"github.com/lxzan/gws"

	"github.com/anteroom/anteroom/test/load/peers/rooms"
)

type server struct {
	gws.BuiltinEventHandler
	rooms rooms.Rooms[*gws.Conn]
}

func (s *server) OnMessage(c *gws.Conn, m *gws.Message) {
	defer func() { _ = m.Close() }()
	room, _ := c.Session().Load("room")
	b := gws.NewBroadcaster(gws.OpcodeText, m.Bytes())
	defer func() { _ = b.Close() }()
	for _, member := range s.rooms.Of(room.(int)) {
		_ = b.Broadcast(member)
	}
}

func main() {
	s := &server{}
	upgrader := gws.NewUpgrader(s, &gws.ServerOption{})
	rooms.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := upgrader.Upgrade(w, r)
		if err != nil {
			return
		}
		room := rooms.Asked(r)
		c.Session().Store("room", room)
		s.rooms.Join(room, c)
		go c.ReadLoop()
	}))
}
