//go:build linux

package engineio

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// load says what a load generator does.
type load struct {
	Addr    string
	Sockets int
	// Room is the size of a room. Window messages of each are under way at a time, or,
	// if Rate is set, Rate deliveries are made a second. Idle sends nothing.
	Room, Window, Rate int
	Idle               bool
	// Payload is the size of a message, with its packet type. Of each room the last
	// Stalled sockets read nothing.
	Payload, Stalled int
	Warmup, Measure  time.Duration
}

// loadResult is what it has seen.
type loadResult struct {
	Deliveries int
	Seconds    float64
	P50, P99   float64 // ms
}

const (
	loadKey     = "ENGINEIO_BENCH_LOAD"
	payloadSize = 64 // unless the load says otherwise
)

// loadConn is a connection of the generator.
type loadConn struct {
	fd, room int
	// skip bytes of the current payload are to come; head is an incomplete header.
	skip int
	head []byte
}

// loader runs in one goroutine over an epoll set, so that it is never the bottleneck.
type loader struct {
	load
	epoll      int
	conns      map[int32]*loadConn
	senders    []*loadConn
	received   []int
	deliveries int
	latencies  []int64
	buffer     []byte
}

func runLoad() {
	l := &loader{conns: map[int32]*loadConn{}, buffer: make([]byte, 256<<10)}
	if err := json.Unmarshal([]byte(os.Getenv(loadKey)), &l.load); err != nil {
		panic(err)
	}
	if l.Payload == 0 {
		l.Payload = payloadSize
	}
	l.epoll, _ = unix.EpollCreate1(0)
	l.received = make([]int, l.Sockets/l.Room)
	for i := range l.Sockets {
		l.connect(i)
	}
	fmt.Println("connected")
	var line string
	_, _ = fmt.Scanln(&line)
	result := l.run()
	_ = json.NewEncoder(os.Stdout).Encode(result)
	_, _ = fmt.Scanln(&line)
}

func (l *loader) connect(i int) {
	conn, err := net.Dial("tcp", l.Addr)
	if err != nil {
		panic(err)
	}
	room := i / l.Room
	fmt.Fprintf(conn, "GET /engine.io/?EIO=4&transport=websocket&room=%d HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"+
		"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", room)
	in := bufio.NewReaderSize(conn, 1024)
	if res, err := http.ReadResponse(in, nil); err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		panic(fmt.Sprint(res, err))
	}
	c := &loadConn{room: room}
	raw, _ := conn.(*net.TCPConn).SyscallConn()
	_ = raw.Control(func(fd uintptr) { c.fd, _ = unix.Dup(int(fd)) })
	_ = conn.Close()
	_ = unix.SetNonblock(c.fd, true)
	rest, _ := in.Peek(in.Buffered())
	l.parse(c, slices.Clone(rest))
	l.conns[int32(c.fd)] = c
	if i%l.Room == 0 {
		l.senders = append(l.senders, c)
	}
	if i%l.Room >= l.Room-l.Stalled {
		return
	}
	_ = unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, c.fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(c.fd)})
}

func (l *loader) run() loadResult {
	start := time.Now()
	from := start.Add(l.Warmup)
	end := from.Add(l.Measure)
	measuring, before := false, 0
	if l.Rate == 0 && !l.Idle {
		for range l.Window {
			for _, s := range l.senders {
				l.publish(s)
			}
		}
	}
	events := make([]unix.EpollEvent, 256)
	published := 0
	for now := time.Now(); now.Before(end); now = time.Now() {
		if !measuring && now.After(from) {
			measuring, before, from = true, l.deliveries, now
			l.latencies = l.latencies[:0]
		}
		timeout := 20
		if l.Rate > 0 {
			timeout = 0
			for due := int(now.Sub(start).Seconds() * float64(l.Rate) / float64(l.Room)); published < due; published++ {
				l.publish(l.senders[published%len(l.senders)])
			}
		}
		n, _ := unix.EpollWait(l.epoll, events, timeout)
		for i := range max(n, 0) {
			l.read(l.conns[events[i].Fd])
		}
	}
	result := loadResult{Deliveries: l.deliveries - before, Seconds: time.Since(from).Seconds()}
	if slices.Sort(l.latencies); len(l.latencies) > 0 {
		result.P50 = float64(l.latencies[len(l.latencies)/2]) / 1e6
		result.P99 = float64(l.latencies[len(l.latencies)*99/100]) / 1e6
	}
	return result
}

// publish sends a message that carries the time.
func (l *loader) publish(c *loadConn) {
	payload := make([]byte, l.Payload)
	for i := range payload {
		payload[i] = 'x'
	}
	payload[0] = packetMessage
	copy(payload[1:], fmt.Sprintf("%019d", time.Now().UnixNano()))
	if _, err := unix.Write(c.fd, masked(finBit|opText, payload)); err != nil {
		panic(err)
	}
}

func (l *loader) read(c *loadConn) {
	n, err := unix.Read(c.fd, l.buffer)
	if err == unix.EAGAIN {
		return
	}
	if n <= 0 {
		panic(fmt.Sprint("connection lost: ", n, err))
	}
	l.parse(c, l.buffer[:n])
}

// parse counts the frames in b.
func (l *loader) parse(c *loadConn, b []byte) {
	for len(b) > 0 {
		if c.skip > 0 {
			n := min(c.skip, len(b))
			c.skip -= n
			b = b[n:]
			continue
		}
		if len(c.head) > 0 {
			b = append(c.head, b...)
			c.head = nil
		}
		head, size := 2, 0
		if len(b) >= 2 {
			if size = int(b[1]); size == 126 {
				head = 4
			}
		}
		if len(b) < head || len(b) < head+20 && size >= payloadSize {
			c.head = slices.Clone(b)
			return
		}
		if head == 4 {
			size = int(binary.BigEndian.Uint16(b[2:]))
		}
		if size == l.Payload {
			l.delivered(c, b[head+1:head+20])
		}
		c.skip = size
		b = b[head:]
	}
}

func (l *loader) delivered(c *loadConn, stamp []byte) {
	l.deliveries++
	if l.Rate > 0 {
		var sent int64
		for _, digit := range stamp {
			sent = sent*10 + int64(digit-'0')
		}
		l.latencies = append(l.latencies, time.Now().UnixNano()-sent)
		return
	}
	if l.received[c.room]++; l.received[c.room]%l.Room == 0 {
		l.publish(l.senders[c.room])
	}
}
