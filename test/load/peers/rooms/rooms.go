// Package rooms keeps the members of rooms, for peers without rooms.
package rooms

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
)

// Rooms has connections of type T by the number of their room.
type Rooms[T any] struct {
	mu      sync.RWMutex
	members map[int][]T
}

// Join adds a member to a room for the life of the process.
func (r *Rooms[T]) Join(room int, member T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.members == nil {
		r.members = map[int][]T{}
	}
	r.members[room] = append(r.members[room], member)
}

// Of returns the members of a room. The slice is read-only.
func (r *Rooms[T]) Of(room int) []T {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.members[room]
}

// Asked returns the room in a client's query (?room=7).
func Asked(r *http.Request) int {
	room, _ := strconv.Atoi(r.URL.Query().Get("room"))
	return room
}

// Serve prints a free address of the loopback interface and serves there until the
// process is killed.
func Serve(handler http.Handler) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err == nil {
		fmt.Println(listener.Addr())
		err = http.Serve(listener, handler)
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
