//go:build linux

package drive

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// answer returns the messages to the sender, and the message to the room, if any.
type answer func(in string) (direct []string, room string)

// hub is a server that broadcasts messages in rooms.
type hub struct {
	greet  []string
	answer answer
	// copies is the number of times that each broadcast is sent.
	copies int

	mu    sync.Mutex
	rooms map[string][]*websocket.Conn
}

func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	conn, err := new(websocket.Upgrader).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	room := r.URL.Query().Get("room")
	h.mu.Lock()
	h.rooms[room] = append(h.rooms[room], conn)
	h.send(conn, h.greet...)
	h.mu.Unlock()
	for {
		_, in, err := conn.ReadMessage()
		if err != nil {
			return
		}
		direct, all := h.answer(string(in))
		h.mu.Lock()
		h.send(conn, direct...)
		for range h.copies {
			for _, member := range h.rooms[room] {
				if all != "" {
					h.send(member, all)
				}
			}
		}
		h.mu.Unlock()
	}
}

// send writes messages; an error ends the read of the connection as well.
func (h *hub) send(conn *websocket.Conn, messages ...string) {
	for _, m := range messages {
		_ = conn.WriteMessage(websocket.TextMessage, []byte(m))
	}
}

func (h *hub) closeAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, room := range h.rooms {
		for _, conn := range room {
			_ = conn.Close()
		}
	}
}

func echo(in string) (direct []string, room string) { return nil, in }

// dialects are the dialects with a server for each.
var dialects = map[string]struct {
	Dialect
	greet  []string
	answer answer
}{
	"raw":      {Raw{}, nil, echo},
	"engineio": {EngineIO{}, []string{"0{}", "2"}, func(in string) ([]string, string) { return nil, strings.TrimPrefix(in, "3") }},
	"socketio": {SocketIO{}, []string{"0{}", "2"}, func(in string) ([]string, string) {
		switch {
		case in == "40":
			return []string{`40{"sid":"s"}`, `42["joined"]`}, ""
		case strings.HasPrefix(in, "42"):
			return nil, in
		}
		return nil, ""
	}},
	"centrifuge": {Centrifuge{}, nil, func(in string) ([]string, string) {
		switch {
		case strings.HasPrefix(in, `{"id":1,`):
			return []string{`{"id":1,"connect":{}}`}, ""
		case strings.HasPrefix(in, `{"id":2,`):
			return []string{"{\"id\":2,\"subscribe\":{}}\n{}"}, ""
		case strings.HasPrefix(in, `{"id":3,`):
			return []string{`{"id":3,"publish":{}}`}, `{"push":` + strings.TrimPrefix(in, `{"id":3,"publish":`)
		}
		return nil, ""
	}},
}

// connect connects clients to a server in rooms of two.
func connect(t *testing.T, dialect Dialect, server http.Handler, clients int) (*Load, error) {
	t.Helper()
	s := httptest.NewServer(server)
	t.Cleanup(s.Close)
	l, err := New(dialect, []string{strings.TrimPrefix(s.URL, "http://")}, clients, 2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l, l.Connect()
}

func short(w Work) Work {
	w.Warmup, w.Measure = 10*time.Millisecond, 100*time.Millisecond
	w.Begin, w.End = func() {}, func() {}
	return w
}

func TestLoadCountsDeliveries(t *testing.T) {
	for name, d := range dialects {
		for kind, w := range map[string]Work{"closed loop": {Window: 2}, "fixed rate": {Rate: 400}} {
			t.Run(name+", "+kind, func(t *testing.T) {
				clients := 4
				if name == "centrifuge" {
					clients = 2 // the server has a single room
				}
				server := &hub{greet: d.greet, answer: d.answer, copies: 1, rooms: map[string][]*websocket.Conn{}}
				l, err := connect(t, d.Dialect, server, clients)
				if err != nil {
					t.Fatal(err)
				}
				seen, err := l.Run(short(w))
				if err != nil {
					t.Fatal(err)
				}
				if seen.Deliveries == 0 || seen.Elapsed < 100*time.Millisecond {
					t.Errorf("got %d deliveries in %v, want some in at least 100ms", seen.Deliveries, seen.Elapsed)
				}
				if got := seen.Latency.Count(); (got > 0) != (w.Rate > 0) {
					t.Errorf("got %d latencies, want them only at a fixed rate", got)
				}
			})
		}
	}
}

func TestLoadFindsWrongDeliveries(t *testing.T) {
	for name, tc := range map[string]struct {
		server *hub
		want   string
	}{
		"duplicates":         {&hub{answer: echo, copies: 2}, "each exactly once"},
		"an unknown message": {&hub{answer: func(string) ([]string, string) { return nil, "hello" }, copies: 1}, "unexpected message hello"},
	} {
		t.Run(name, func(t *testing.T) {
			tc.server.rooms = map[string][]*websocket.Conn{}
			l, err := connect(t, Raw{}, tc.server, 2)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := l.Run(short(Work{Rate: 200})); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got error %v, want %q in it", err, tc.want)
			}
		})
	}
}

func TestLoadReportsRefusedClients(t *testing.T) {
	refuse := func(message string) *hub {
		return &hub{greet: []string{"0{}"}, answer: func(string) ([]string, string) { return []string{message}, "" }, rooms: map[string][]*websocket.Conn{}}
	}
	for name, tc := range map[string]struct {
		dialect Dialect
		server  http.Handler
		want    string
	}{
		"HTTP":       {Raw{}, http.NotFoundHandler(), "the server refused the handshake: HTTP/1.1 404"},
		"Socket.IO":  {SocketIO{}, refuse(`44{"message":"no"}`), `was refused: 44{"message":"no"}`},
		"centrifuge": {Centrifuge{}, refuse(`{"id":1,"error":{}}`), `was refused: {"id":1,"error":{}}`},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := connect(t, tc.dialect, tc.server, 2); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got error %v, want %q in it", err, tc.want)
			}
		})
	}
	if _, err := New(Raw{}, []string{"localhost"}, 2, 2); err == nil {
		t.Error("got no error for an address without a port, want one")
	}
}

func TestLoadCountsCutClients(t *testing.T) {
	server := &hub{answer: echo, copies: 1, rooms: map[string][]*websocket.Conn{}}
	l, err := connect(t, Raw{}, server, 4)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Stall(2); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Run(short(Work{Window: 1})); err != nil {
		t.Errorf("got error %v, want none for the clients that still read", err)
	}
	server.closeAll()
	if cut := l.Cut(); cut != 2 {
		t.Errorf("got %d cut clients, want 2", cut)
	}
}
