package engineio

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
)

// The numbers are those of the list of faults that were found in the library's
// own engine. Number 11 is its Redis adapters' and has no part in this package.

// A client's first packet must wait until the owner is ready for it, even if it
// came together with the handshake.
func TestFault01FirstPacketIsNotLost(t *testing.T) {
	modes(t, func(t *testing.T, portable bool) {
		ready := make(chan struct{})
		got := make(chan string, 2)
		isReady := false
		handler := &testHandler{
			open:    func(*Socket, *http.Request) { <-ready; isReady = true },
			message: func(_ *Socket, _ Kind, b []byte) { got <- map[bool]string{true: string(b)}[isReady] },
		}
		h := newHost(t, calm(portable), handler)
		first := masked(finBit|opText, []byte("4first"))
		c := h.dialRaw(h.request("EIO=4&transport=websocket") + string(first))
		c.switched()
		c.send("4second")
		parseOpening(t, c.text()) // so the client is ahead of the owner
		close(ready)
		for _, want := range []string{"first", "second"} {
			if text := receive(t, got, "message"); text != want {
				t.Errorf("got %q, want %q", text, want)
			}
		}
	})
}

// echoStream answers each ping while it is still being written.
type echoStream struct{ c *wsConn }

func (e *echoStream) write(b []byte) (int, error) {
	if bytes.Contains(b, pingFrame.wire) {
		e.c.received(masked(finBit|opText, []byte("3")))
	}
	return len(b), nil
}
func (*echoStream) start()     {}
func (*echoStream) finish()    {}
func (*echoStream) close(bool) {}

// fakeSession is a session over a stream of the test's, with no goroutines but its own.
func fakeSession(options Options, s stream) (*Socket, *flusher) {
	srv := &Server{options: options.withDefaults(), handler: &testHandler{}, sessions: map[string]*Socket{}}
	srv.lines = srv.newLines()
	f := newFlusher(nil)
	socket := &Socket{server: srv, id: "x"}
	socket.beat.owner = socket
	c := &wsConn{socket: socket, flusher: f, stream: s}
	c.deadline.owner = c
	c.decoder.limit = 1000
	socket.ws.Store(c)
	if e, ok := s.(*echoStream); ok {
		e.c = c
	}
	return socket, f
}

// An answer that is there before the write of the ping has returned counts.
func TestFault02EarlyPong(t *testing.T) {
	s, f := fakeSession(Options{PingInterval: time.Hour}, &echoStream{})
	s.firePing()
	if !s.beat.isIn(s.server.lines.pong) {
		t.Fatal("the timeout does not run when the ping is queued")
	}
	f.take().flush(f)
	if !s.beat.isIn(s.server.lines.ping) || s.awaiting.Load() != beatRest {
		t.Fatal("the early pong did not count")
	}
	s.firePong() // as if the timer had been on its way
	if !s.Open() {
		t.Fatal("closed for a ping timeout")
	}
}

// A client that reads nothing is closed at the bound of its outbox. A client that accepts no byte
// for the write timeout is closed too, even if it sends.
func TestFault03SlowConsumer(t *testing.T) {
	frame := Message(Text, strings.Repeat("x", 10_000))
	modes(t, func(t *testing.T, portable bool) {
		warned := make(chan struct{}, 10)
		options := calm(portable)
		options.OutboundBytes = 200_000
		options.CloseTimeout = 50 * time.Millisecond
		options.Backlog = func(*Socket) { warned <- struct{}{} }
		h := newHost(t, options, nil)
		c := h.open()
		s := receive(t, h.handler.opened, "open")
		eventually(t, "the outbox is full", func() bool {
			c.send("3")
			if queued := s.ws.Load().queuedBytes(); queued > options.OutboundBytes {
				t.Fatalf("%d bytes queued", queued)
			}
			return !s.Send(frame)
		})
		h.wantClosed(SlowConsumer)
		receive(t, warned, "warning")
		eventually(t, "the connection is gone", func() bool { return h.Stats().Conns == 0 })
		if h.Stats().SlowConsumers != 1 {
			t.Errorf("%+v", h.Stats())
		}
	})
	modes(t, func(t *testing.T, portable bool) {
		options := calm(portable)
		options.OutboundBytes, options.WriteTimeout, options.CloseTimeout = 64<<20, 50*time.Millisecond, 50*time.Millisecond
		h := newHost(t, options, nil)
		h.open()
		s := receive(t, h.handler.opened, "open")
		for range 2000 {
			s.Send(frame)
		}
		h.wantClosed(SlowConsumer)
	})
	t.Run("unasked pongs", func(t *testing.T) {
		options := brisk(false)
		options.PingInterval, options.PingTimeout = 10*time.Millisecond, 10*time.Millisecond
		s, _ := fakeSession(options, &echoStream{})
		s.schedulePing()
		for range 3 {
			s.pong()
		}
		eventually(t, "ping timeout", func() bool { s.pong(); return !s.Open() })
		if s.reason != PingTimeout {
			t.Error(s.reason)
		}
	})
	t.Run("polling", func(t *testing.T) {
		options := calm(false)
		options.OutboundBytes = 100_000
		h := newHost(t, options, nil)
		q := h.startPolling()
		s := receive(t, h.handler.opened, "open")
		for s.Send(frame) {
		}
		h.wantClosed(SlowConsumer)
		h.want("GET", q, "", 200, "1")
	})
}

// After a backlog warning, the relief is reported when the client has read most of the outbox, on
// either transport and across an upgrade.
func TestRelief(t *testing.T) {
	frame := Message(Text, strings.Repeat("x", 60_000))
	start := func(t *testing.T) (*host, chan *Socket) {
		options := calm(false)
		options.OutboundBytes = 100_000
		relieved := make(chan *Socket, 10)
		options.Relief = func(s *Socket) { relieved <- s }
		return newHost(t, options, nil), relieved
	}
	lag := func(t *testing.T, s *Socket) {
		t.Helper()
		if s.Lagging() {
			t.Error("lagging before anything was sent")
		}
		if !s.Send(frame) || !s.Lagging() {
			t.Error("more than half of the bound waits, and that is not lagging")
		}
	}
	t.Run("polling", func(t *testing.T) {
		h, relieved := start(t)
		q := h.startPolling()
		s := receive(t, h.handler.opened, "open")
		lag(t, s)
		h.want("GET", q, "", 200, "4"+strings.Repeat("x", 60_000))
		if receive(t, relieved, "relief") != s || s.Lagging() {
			t.Error("still lagging")
		}
	})
	t.Run("upgrade", func(t *testing.T) {
		h, relieved := start(t)
		q := h.startPolling()
		s := receive(t, h.handler.opened, "open")
		c := h.dial(strings.Replace(q, "polling", "websocket", 1))
		c.send("2probe")
		c.want("3probe")
		lag(t, s)
		c.send("5")
		c.want("4" + strings.Repeat("x", 60_000))
		if receive(t, relieved, "relief") != s || s.Lagging() {
			t.Error("still lagging")
		}
	})
}

func (c *wsConn) queuedBytes() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out.bytes
}

// A waiting poll is answered when the server closes it, so Shutdown returns.
func TestFault04WaitingPollIsAnswered(t *testing.T) {
	h := newHost(t, calm(false), nil)
	poll := func() (*Socket, chan answer) {
		q := h.startPolling()
		s := receive(t, h.handler.opened, "open")
		polled := make(chan answer, 1)
		go func() { polled <- h.do("GET", q, "") }()
		eventually(t, "poll is waiting", s.Writable)
		return s, polled
	}
	s, polled := poll()
	s.Close(CodeNormal, "bye")
	if a := receive(t, polled, "poll"); a.status != 200 || a.body != "1" {
		t.Errorf("%+v", a)
	}
	h.wantClosed(ForcedClose)

	_, polled = poll()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := h.http.Config.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if a := receive(t, polled, "poll"); a.status != 200 || a.body != "1" {
		t.Errorf("%+v", a)
	}
}

// A session that is closed while no poll waits sends the close packet with the next poll.
func TestFault04NextPollIsAnswered(t *testing.T) {
	h := newHost(t, calm(false), nil)
	q := h.startPolling()
	s := receive(t, h.handler.opened, "open")
	s.Send(Message(Text, "last words"))
	s.Close(CodeNormal, "")
	h.wantClosed(ForcedClose)
	h.want("GET", q, "", 200, "4last words")
	h.want("GET", q, "", 200, "1")
	h.want("GET", q, "", 400, `{"code":1,"message":"Session ID unknown"}`)
}

func TestFault05InvalidPayloads(t *testing.T) {
	for _, payload := range []string{"abc", "", "4ok\x1e", "b!!!", "\x1e4", "4\xff"} {
		h := newHost(t, calm(false), nil)
		q := h.startPolling()
		h.want("POST", q, payload, 400, errPayloadParts.answer())
		h.want("GET", q, "", 400, `{"code":1,"message":"Session ID unknown"}`)
		h.wantClosed(ParseError)
	}
	h := newHost(t, calm(false), nil)
	q := h.startPolling()
	if a := h.do("POST", q, "4x", "Content-Type", "application/octet-stream"); a.status != 400 || a.body != errContentType.answer() {
		t.Errorf("%+v", a)
	}
	h.wantClosed(TransportError)
}

func TestFault05DuplicatePolls(t *testing.T) {
	h := newHost(t, calm(false), nil)
	q := h.startPolling()
	s := receive(t, h.handler.opened, "open")
	polled := make(chan answer, 1)
	go func() { polled <- h.do("GET", q, "") }()
	eventually(t, "poll is waiting", s.Writable)
	h.want("GET", q, "", 400, errOverlap.answer())
	if a := receive(t, polled, "first poll"); a.status != 200 || a.body != "1" {
		t.Errorf("%+v", a)
	}
	h.want("GET", q, "", 400, `{"code":1,"message":"Session ID unknown"}`)
	h.wantClosed(TransportError)
}

func TestFault05ConcurrentPosts(t *testing.T) {
	got, release := make(chan struct{}), make(chan struct{})
	h := newHost(t, calm(false), &testHandler{message: func(*Socket, Kind, []byte) { got <- struct{}{}; <-release }})
	q := h.startPolling()
	first := make(chan answer, 1)
	go func() { first <- h.do("POST", q, "4one\x1e4two") }()
	receive(t, got, "first message")
	h.want("POST", q, "4three", 400, errOverlap.answer())
	close(release)
	if a := receive(t, first, "first POST"); a.body != "ok" {
		t.Errorf("%+v", a)
	}
	h.wantClosed(TransportError)
}

func TestFault05CancelledPoll(t *testing.T) {
	h := newHost(t, calm(false), nil)
	q := h.startPolling()
	s := receive(t, h.handler.opened, "open")
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		eventually(t, "poll is waiting", s.Writable)
		cancel()
	}()
	if _, err := h.try(ctx, "GET", q, ""); err == nil {
		t.Error("the poll was answered")
	}
	h.wantClosed(TransportError)
}

// A body without a length is not cut at the limit and taken for whole.
func TestFault06ChunkedBodyTooBig(t *testing.T) {
	options := calm(false)
	options.MaxPayload = 1000
	h := newHost(t, options, nil)
	q := h.startPolling()
	url := h.http.URL + "/engine.io/?" + q
	for _, size := range []int{999, 1000, 1001, 5000} {
		body := struct{ *bytes.Reader }{bytes.NewReader(append([]byte("4"), make([]byte, size-1)...))}
		r, _ := http.NewRequest(http.MethodPost, url, body)
		r.ContentLength = -1
		res, err := h.http.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if want := map[bool]int{true: 413, false: 200}[size > 1000]; res.StatusCode != want {
			t.Errorf("%d bytes: %d, want %d", size, res.StatusCode, want)
		}
	}
	h.want("POST", q, strings.Repeat("x", 1001), 413, `{"code":4,"message":"Bad request: a POST may have 1000 bytes"}`)
	if h.Stats().Sessions != 1 {
		t.Error("the session is gone")
	}
}

func TestFault07InvalidUTF8(t *testing.T) {
	modes(t, func(t *testing.T, portable bool) {
		for _, text := range []string{"4\xff", "4\xed\xa0\x80", "4\xc3"} {
			h := newHost(t, calm(portable), nil)
			c := h.open()
			c.raw(masked(opText, []byte(text[:1])))
			c.raw(masked(finBit|opContinue, []byte(text[1:])))
			c.wantClose(CodeInvalidData)
			h.wantClosed(TransportError)
		}
	})
}

// Binary messages, and so attachments, are refused before they are read.
func TestFault08BinaryIsRefusedUnread(t *testing.T) {
	options := calm(false)
	options.Binary = false
	h := newHost(t, options, nil)
	c := h.open()
	c.raw(masked(finBit|opBinary, make([]byte, 900_000))[:14])
	c.wantClose(CodeUnsupported)
	h.wantClosed(TransportError)
	q := h.startPolling()
	h.want("POST", q, "bAQID", 400, errBinaryBody.answer())
	h.wantClosed(ParseError)
}

func TestFault09CloseFrame(t *testing.T) {
	modes(t, func(t *testing.T, portable bool) {
		h := newHost(t, calm(portable), nil)
		c := h.open()
		s := receive(t, h.handler.opened, "open")
		s.Send(Message(Text, "last words"))
		s.Close(4001, "replaced")
		if s.Send(Message(Text, "too late")) || s.Writable() || s.Open() {
			t.Error("still open")
		}
		c.want("4last words")
		op, payload := c.frame()
		if op != opClose || string(payload) != "\x0f\xa1replaced" {
			t.Errorf("%d %q", op, payload)
		}
		h.wantClosed(ForcedClose)
		c.raw(masked(finBit|opClose, payload))
		c.wantEnd()
		eventually(t, "nothing left", func() bool { return h.Stats().Conns == 0 })
	})
}

func TestFault10ErrorCodes(t *testing.T) {
	h := newHost(t, calm(false), nil)
	for _, tt := range []struct{ method, query, body string }{
		{"GET", "EIO=4", `{"code":0,"message":"Transport unknown"}`},
		{"GET", "EIO=4&transport=abc", `{"code":0,"message":"Transport unknown"}`},
		{"GET", "EIO=4&transport=polling&sid=unknown", `{"code":1,"message":"Session ID unknown"}`},
		{"GET", "EIO=4&transport=polling&sid=%00%ff..", `{"code":1,"message":"Session ID unknown"}`},
		{"GET", "EIO=4&transport=polling&sid=" + strings.Repeat("x", 500), `{"code":1,"message":"Session ID unknown"}`},
		{"POST", "EIO=4&transport=polling", `{"code":2,"message":"Bad handshake method"}`},
		{"PUT", "EIO=4&transport=polling", `{"code":2,"message":"Bad handshake method"}`},
		{"GET", "EIO=4&transport=websocket", errNoUpgrade.answer()},
		{"GET", "EIO=4&transport=polling&x=" + strings.Repeat("x", 3000), errQueryLong.answer()},
		{"GET", "EIO=4&transport=polling" + strings.Repeat("&x", 50), errQueryLong.answer()},
		{"GET", "transport=polling", `{"code":5,"message":"Unsupported protocol version"}`},
		{"GET", "EIO=3&transport=polling", `{"code":5,"message":"Unsupported protocol version"}`},
		{"GET", "EIO=abc&transport=polling", `{"code":5,"message":"Unsupported protocol version"}`},
	} {
		h.want(tt.method, tt.query, "", 400, tt.body)
	}
	if a := h.do("GET", "EIO=5", ""); a.header.Get("Content-Type") != "application/json" {
		t.Error(a.header)
	}
	q := h.startPolling()
	if a := h.do("DELETE", q, ""); a.status != 500 || a.body != "" {
		t.Errorf("%+v", a)
	}
}

// Neither sessions without a request nor their timers cost goroutines.
func TestFault12NoGoroutinePerTimer(t *testing.T) {
	h := newHost(t, calm(false), nil)
	h.startPolling()
	before := runtime.NumGoroutine()
	for range 300 {
		h.startPolling()
	}
	eventually(t, "no goroutines left over", func() bool { return runtime.NumGoroutine() <= before+5 })
	for _, s := range h.Sockets() {
		s.Close(CodeNormal, "")
	}
	eventually(t, "no goroutines left over after closing", func() bool { return runtime.NumGoroutine() <= before+5 })
}

// Half-sent headers and half-sent bodies are given up.
func TestFault13HalfSentRequests(t *testing.T) {
	options := calm(false)
	options.ReadTimeout = 2 * time.Second
	h := newHost(t, options, nil)
	h.dialRaw("GET /engine.io/?EIO=4 HTTP/1.1\r\nHost: x\r\nX-Slow: ").wantEnd()

	q := h.startPolling()
	c := h.dialRaw("POST /engine.io/?" + q + " HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n4half")
	c.wantEnd()
	h.wantClosed(TransportError)
}

// What has been taken over from net/http is not bound by its timeouts.
func TestFault13TimeoutsEndWithTheHandshake(t *testing.T) {
	options := calm(false)
	options.CloseTimeout = 50 * time.Millisecond
	options.PingInterval = 1500 * time.Millisecond // longer than the timeouts
	srv := New(&testHandler{}, options)
	defer srv.Close(context.Background())
	hs := &http.Server{Handler: srv, ReadTimeout: time.Second, WriteTimeout: time.Second}
	srv.Attach(hs)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = hs.Serve(listener) }()
	defer hs.Close()
	h := &host{Server: srv, t: t, addr: listener.Addr().String()}
	c := h.open()
	c.want("2")
	c.send("3")
	c.send("4hello")
	c.want("4hello")
}
