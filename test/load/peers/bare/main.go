// Command bare broadcasts each message to the sender's room with one write(2) per
// delivery and nothing else: the kernel's limit without coalescing. It does not validate
// its input.
package main

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"syscall"
	"unsafe"

	"github.com/anteroom/anteroom/test/load/peers/rooms"
)

const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// client is a connection without a goroutine: a single loop reads all connections.
type client struct {
	fd, room int
	in       []byte
}

type server struct {
	rooms   rooms.Rooms[*client]
	epoll   int
	mu      sync.Mutex
	clients map[int32]*client
}

// upgrade answers the handshake and takes the connection from net/http.
func (s *server) upgrade(w http.ResponseWriter, r *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + guid))
	c := &client{room: rooms.Asked(r)}
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) { c.fd, err = syscall.Dup(int(fd)) })
	if err != nil {
		return
	}
	answer := fmt.Appendf(nil, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"+
		"Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", base64.StdEncoding.EncodeToString(sum[:]))
	s.mu.Lock()
	s.clients[int32(c.fd)] = c
	s.mu.Unlock()
	s.rooms.Join(c.room, c)
	_, _ = conn.Write(answer)
	_ = conn.Close()
	_ = syscall.EpollCtl(s.epoll, syscall.EPOLL_CTL_ADD, c.fd, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(c.fd)})
}

func (s *server) loop() {
	events, buffer := make([]syscall.EpollEvent, 256), make([]byte, 64<<10)
	for {
		n, err := syscall.EpollWait(s.epoll, events, -1)
		if err != nil && !errors.Is(err, syscall.EINTR) {
			panic(err)
		}
		for _, e := range events[:max(n, 0)] {
			s.mu.Lock()
			c := s.clients[e.Fd]
			s.mu.Unlock()
			n, err := syscall.Read(c.fd, buffer)
			if n <= 0 && !errors.Is(err, syscall.EAGAIN) {
				_ = syscall.EpollCtl(s.epoll, syscall.EPOLL_CTL_DEL, c.fd, nil)
				continue
			}
			c.in = append(c.in, buffer[:max(n, 0)]...)
			for frame := c.next(); frame != nil; frame = c.next() {
				s.broadcast(c.room, frame)
			}
		}
	}
}

// next takes a whole masked frame from the read data and returns the server's frame. Nil
// means that more data is needed.
func (c *client) next() []byte {
	if len(c.in) < 6 {
		return nil
	}
	head, size := 2, int(c.in[1]&0x7f)
	if size == 126 {
		head, size = 4, int(binary.BigEndian.Uint16(c.in[2:]))
	}
	if len(c.in) < head+4+size {
		return nil
	}
	frame := append([]byte{}, c.in[:head]...)
	frame[1] &= 0x7f
	mask := c.in[head : head+4]
	for i, b := range c.in[head+4 : head+4+size] {
		frame = append(frame, b^mask[i%4])
	}
	c.in = append(c.in[:0], c.in[head+4+size:]...)
	return frame
}

// broadcast writes to each member. With a full buffer it waits for the reader.
func (s *server) broadcast(room int, frame []byte) {
	for _, member := range s.rooms.Of(room) {
		for rest := frame; len(rest) > 0; {
			// The call does not block, so it bypasses the scheduler.
			n, _, code := syscall.RawSyscall(syscall.SYS_WRITE, uintptr(member.fd), uintptr(unsafe.Pointer(&rest[0])), uintptr(len(rest)))
			switch code {
			case 0:
				rest = rest[n:]
			case syscall.EAGAIN:
				runtime.Gosched()
			default:
				rest = nil
			}
		}
	}
}

func main() {
	epoll, err := syscall.EpollCreate1(0)
	if err != nil {
		panic(err)
	}
	s := &server{epoll: epoll, clients: map[int32]*client{}}
	go s.loop()
	rooms.Serve(http.HandlerFunc(s.upgrade))
}
