package engineio

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Messages of many senders to many sockets arrive whole and in each sender's
// order, in fewer writes than frames, and a client that reads nothing holds up no other.
func TestBroadcastIsOrderedAndCoalesced(t *testing.T) {
	const clients, senders, messages = 20, 4, 500
	modes(t, func(t *testing.T, portable bool) {
		options := calm(portable)
		options.OutboundBytes = 8 << 20
		h := newHost(t, options, nil)
		stuck := h.open()
		var readers sync.WaitGroup
		for range clients {
			c := h.open()
			readers.Go(func() { wantOrdered(t, c, senders, messages) })
		}
		sockets := h.Sockets()
		padding := strings.Repeat("x", 1000)
		for sender := range senders {
			go func() {
				for n := range messages {
					f := Message(Text, fmt.Sprintf("%d %d %s", sender, n, padding))
					for _, s := range sockets {
						s.Send(f)
					}
				}
			}()
		}
		readers.Wait()
		if stats := h.Stats(); stats.Writes >= stats.Frames {
			t.Errorf("%+v", stats)
		}
		stuck.conn.Close()
	})
}

func wantOrdered(t *testing.T, c *client, senders, messages int) {
	next := make([]int, senders)
	for range senders * messages {
		_ = c.conn.SetReadDeadline(time.Now().Add(patience))
		_, payload, err := readFrame(c.in)
		var sender, n int
		if err == nil {
			_, err = fmt.Sscanf(string(payload), "4%d %d", &sender, &n)
		}
		if err != nil || n != next[sender] {
			t.Errorf("message %d of %d, want %d: %v", n, sender, next[sender], err)
			return
		}
		next[sender]++
	}
}

// calls checks that the calls for each socket come one at a time, Open first and
// Close last, and only once.
type calls struct {
	t     *testing.T
	state sync.Map // *Socket → *atomic.Int32
	live  atomic.Int32
}

func (c *calls) enter(s *Socket, want, then int32) {
	state, _ := c.state.LoadOrStore(s, &atomic.Int32{})
	if !state.(*atomic.Int32).CompareAndSwap(want, -1) {
		c.t.Errorf("call in state %d, want %d", state.(*atomic.Int32).Load(), want)
	}
	if rand.IntN(10) == 0 {
		time.Sleep(time.Millisecond)
	}
	state.(*atomic.Int32).Store(then)
}

func (c *calls) Open(s *Socket, _ *http.Request) {
	c.live.Add(1)
	c.enter(s, 0, 1)
}

func (c *calls) Message(s *Socket, _ Kind, payload []byte) {
	c.enter(s, 1, 1)
	s.Send(Message(Text, payload))
	if strings.HasPrefix(string(payload), "bye") {
		s.Close(CodeNormal, "")
	}
}

func (c *calls) Close(s *Socket, _ Reason) {
	c.enter(s, 1, 2)
	c.live.Add(-1)
}

// Clients of all kinds come, talk and go in every way at once.
func TestCallsNeverOverlap(t *testing.T) {
	modes(t, func(t *testing.T, portable bool) {
		handler := &calls{t: t}
		srv := New(handler, Options{
			PingInterval: 5 * time.Millisecond, PingTimeout: 20 * time.Millisecond, CloseTimeout: 20 * time.Millisecond,
			UpgradeTimeout: 20 * time.Millisecond, OutboundBytes: 2000, portable: portable,
		})
		server := httptest.NewServer(srv)
		defer server.Close()
		h := &host{Server: srv, t: t, http: server, addr: server.Listener.Addr().String()}
		var clients sync.WaitGroup
		for i := range 150 {
			clients.Go(func() { h.visit(i) })
		}
		clients.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := srv.Close(ctx); err != nil {
			t.Error(err)
		}
		eventually(t, "all closes are told", func() bool { return handler.live.Load() == 0 })
		if stats := srv.Stats(); stats.Sessions != 0 || stats.Conns != 0 {
			t.Errorf("%+v", stats)
		}
	})
}

// visit is the life of one client; what it meets at its end is not checked.
func (h *host) visit(i int) {
	query := "EIO=4&transport=websocket"
	if i%3 > 0 {
		a := h.do("GET", "EIO=4&transport=polling", "")
		if a.status != 200 {
			return // timed out while it opened
		}
		o := parseOpening(h.t, a.body)
		query = "EIO=4&transport=polling&sid=" + o.SID
		go h.try(context.Background(), "GET", query, "")
		_, _ = h.try(context.Background(), "POST", query, "4one\x1e4two\x1e3")
		if i%3 == 2 {
			_, _ = h.try(context.Background(), "POST", query, []string{"1", "4bye", "x"}[i%9/3])
			return
		}
		query = strings.Replace(query, "polling", "websocket", 1)
	}
	c := h.dialRaw(h.request(query))
	for _, text := range []string{"2probe", "5", "4a", "4b", "3", "4bye", "4c"} {
		if i%3 == 0 && (text == "2probe" || text == "5") {
			continue
		}
		_, _ = c.conn.Write(masked(finBit|opText, []byte(text)))
	}
	if i%2 == 0 {
		c.conn.Close()
		return
	}
	_ = c.conn.SetReadDeadline(time.Now().Add(time.Second))
	for in := bufio.NewReader(c.conn); ; {
		if _, err := in.ReadByte(); err != nil {
			return
		}
	}
}

func TestHandlerPanics(t *testing.T) {
	h := newHost(t, calm(false), &testHandler{message: func(*Socket, Kind, []byte) { panic("on purpose") }})
	c := h.open()
	c.send("4boom")
	c.wantClose(CodeInternal)
	h.wantClosed(ForcedClose)
	q := h.startPolling()
	h.want("POST", q, "4boom\x1e4again", 200, "ok")
	h.wantClosed(ForcedClose)
}

func TestOverTLS(t *testing.T) {
	h := newHost(t, calm(false), nil)
	server := httptest.NewTLSServer(h.Server)
	defer server.Close()
	h.addr = server.Listener.Addr().String()
	conn, err := tls.Dial("tcp", h.addr, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c := &client{t: t, conn: conn, in: bufio.NewReader(conn)}
	c.raw([]byte(h.request("EIO=4&transport=websocket")))
	c.switched()
	parseOpening(t, c.text())
	big := "4" + strings.Repeat("x", 500_000)
	c.send(big)
	c.want(big)
	receive(t, h.handler.opened, "open").Close(CodeNormal, "")
	c.wantClose(CodeNormal)
	eventually(t, "nothing left", func() bool { return h.Stats().Conns == 0 })
}

// What keeps a connection open after a close is bounded in time.
func TestCloseDoesNotWaitForever(t *testing.T) {
	modes(t, func(t *testing.T, portable bool) {
		options := calm(portable)
		options.CloseTimeout = 50 * time.Millisecond
		h := newHost(t, options, nil)
		h.open()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := h.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Run("context", func(t *testing.T) {
		options := calm(false)
		options.CloseTimeout = time.Hour
		h := newHost(t, options, nil)
		h.open()
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		if err := h.Close(ctx); err == nil {
			t.Error("nothing was cut")
		}
		eventually(t, "the connection is cut", func() bool { return h.Stats().Conns == 0 })
	})
}
