//go:build linux

package engineio

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/lxzan/gws"
)

// Roles of the test binary when a benchmark starts it again as another process.
const (
	roleKey    = "ENGINEIO_BENCH_ROLE"
	profileKey = "ENGINEIO_BENCH_PROFILE"
	roleLoad   = "load"
)

func TestMain(m *testing.M) {
	switch role := os.Getenv(roleKey); role {
	case "":
		os.Exit(m.Run())
	case roleLoad:
		runLoad()
	default:
		runBenchServer(role)
	}
}

// rooms keeps who is where. T is a connection.
type rooms[T any] struct {
	mu      sync.RWMutex
	members [8192][]T // more than any benchmark has
}

func (r *rooms[T]) join(room int, member T) {
	r.mu.Lock()
	r.members[room] = append(r.members[room], member)
	r.mu.Unlock()
}

func (r *rooms[T]) of(room int) []T {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.members[room]
}

func roomOf(r *http.Request) int {
	room, _ := strconv.Atoi(r.URL.Query().Get("room"))
	return room
}

// benchServer broadcasts each message to the sender's room.
type benchServer struct{ rooms[*Socket] }

func (b *benchServer) Open(s *Socket, r *http.Request) {
	room := roomOf(r)
	s.SetData(room)
	b.join(room, s)
}

func (b *benchServer) Message(s *Socket, kind Kind, payload []byte) {
	f := Message(kind, payload)
	for _, member := range b.of(s.Data().(int)) {
		member.Send(f)
	}
}

func (*benchServer) Close(*Socket, Reason) {}

// gwsServer does the same on a raw WebSocket library.
type gwsServer struct {
	gws.BuiltinEventHandler
	rooms[*gws.Conn]
}

func (g *gwsServer) OnMessage(c *gws.Conn, m *gws.Message) {
	defer m.Close()
	room, _ := c.Session().Load("room")
	b := gws.NewBroadcaster(gws.OpcodeText, m.Bytes())
	defer b.Close()
	for _, member := range g.of(room.(int)) {
		_ = b.Broadcast(member)
	}
}

func benchHandler(role string) http.Handler {
	if role == "gws" {
		g := &gwsServer{}
		upgrader := gws.NewUpgrader(g, &gws.ServerOption{})
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, err := upgrader.Upgrade(w, r)
			if err != nil {
				return
			}
			c.Session().Store("room", roomOf(r))
			g.join(roomOf(r), c)
			go c.ReadLoop()
		})
	}
	return New(&benchServer{}, Options{portable: role == "portable"})
}

// runBenchServer serves until it is killed. Lines on its input ask for what only
// the process itself can do.
func runBenchServer(role string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() { panic(http.Serve(listener, benchHandler(role))) }()
	fmt.Println(listener.Addr())
	if path := os.Getenv(profileKey); path != "" {
		go profile(path + "." + role)
	}
	var command string
	for {
		if _, err := fmt.Scanln(&command); err != nil {
			return
		}
		switch command {
		case "free":
			debug.FreeOSMemory()
		case "heap":
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			fmt.Fprintf(os.Stderr, "heap %d KB, stacks %d KB, goroutines %d, sys %d KB\n", m.HeapAlloc>>10, m.StackInuse>>10, runtime.NumGoroutine(), m.Sys>>10)
			if path := os.Getenv(profileKey); path != "" {
				f, _ := os.Create(path + "." + role + ".heap")
				_ = pprof.Lookup("heap").WriteTo(f, 0)
				_ = f.Close()
			}
		}
		fmt.Println("done")
	}
}

func profile(path string) {
	time.Sleep(2 * time.Second)
	f, err := os.Create(path)
	if err != nil {
		panic(err)
	}
	_ = pprof.StartCPUProfile(f)
	time.Sleep(2 * time.Second)
	pprof.StopCPUProfile()
	_ = f.Close()
}
