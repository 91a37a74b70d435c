package engineio

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// A stock client acts on a close packet at once and on the messages of the same poll
// answer a tick later, so a close must never share an answer with messages.
func TestCloseHasAPollOfItsOwn(t *testing.T) {
	end := func(s *Socket) {
		s.Send(Message(Text, "last words"))
		s.Close(CodePolicy, "bye")
	}
	t.Run("no poll waits", func(t *testing.T) {
		h := newHost(t, calm(false), nil)
		q := h.startPolling()
		end(receive(t, h.handler.opened, "open"))
		h.want("GET", q, "", 200, "4last words")
		h.want("GET", q, "", 200, "1")
		h.want("GET", q, "", 400, `{"code":1,"message":"Session ID unknown"}`)
	})
	t.Run("a poll waits", func(t *testing.T) {
		for range 20 {
			h := newHost(t, calm(false), nil)
			q := h.startPolling()
			s := receive(t, h.handler.opened, "open")
			polled := make(chan answer, 1)
			go func() { polled <- h.do("GET", q, "") }()
			eventually(t, "poll is waiting", s.Writable)
			end(s)
			if a := receive(t, polled, "poll"); a.body != "4last words" {
				t.Fatalf("the waiting poll got %q", a.body)
			}
			h.want("GET", q, "", 200, "1")
		}
	})
	t.Run("the server stops", func(t *testing.T) {
		h := newHost(t, calm(false), nil)
		q := h.startPolling()
		s := receive(t, h.handler.opened, "open")
		polled := make(chan answer, 1)
		go func() { polled <- h.do("GET", q, "") }()
		eventually(t, "poll is waiting", s.Writable)
		s.Send(Message(Text, "last words"))
		h.Drain()
		if a := receive(t, polled, "poll"); a.body != "4last words" {
			t.Fatalf("the waiting poll got %q", a.body)
		}
	})
}

// A client that has its answer to the probe polls no more: it gets the rest, and then
// the close, on the WebSocket.
func TestCloseWhileUpgradingFollowsTheMessages(t *testing.T) {
	modes(t, func(t *testing.T, portable bool) {
		h := newHost(t, calm(portable), nil)
		s, _, c := h.probing()
		s.Send(Message(Text, "one"))
		s.Send(Message(Text, "two"))
		s.Close(CodePolicy, "bye")
		h.wantClosed(ForcedClose)
		c.send("5")
		c.want("4one")
		c.want("4two")
		c.wantClose(CodePolicy)
		eventually(t, "nothing left", func() bool { return h.Stats().Sessions == 0 && h.Stats().Conns == 0 })
	})
}

// A client that is given the close by a poll, or never asks for the rest, leaves no WebSocket behind.
func TestCloseWhileUpgradingEndsTheProbe(t *testing.T) {
	for name, fetch := range map[string]bool{"fetched": true, "abandoned": false} {
		t.Run(name, func(t *testing.T) {
			options := calm(false)
			options.CloseTimeout = 50 * time.Millisecond
			if fetch {
				options.CloseTimeout = patience
			}
			h := newHost(t, options, nil)
			s, _, c := h.probing()
			s.Send(Message(Text, "one"))
			s.Close(CodePolicy, "bye")
			if fetch {
				q := "EIO=4&transport=polling&sid=" + s.ID()
				h.want("GET", q, "", 200, "4one")
				h.want("GET", q, "", 200, "1")
			}
			c.wantClose(CodeNormal)
			eventually(t, "nothing left", func() bool { return h.Stats().Sessions == 0 && h.Stats().Conns == 0 })
		})
	}
}

// python-engineio refuses an answer of more than 16 packets.
func TestPollAnswerIsBounded(t *testing.T) {
	h := newHost(t, calm(false), nil)
	q := h.startPolling()
	s := receive(t, h.handler.opened, "open")
	const total = 3*maxPollPackets + 1
	for i := range total {
		s.Send(Message(Text, fmt.Sprint(i)))
	}
	s.Close(CodeNormal, "")
	var got []string
	for {
		a := h.do("GET", q, "")
		packets := strings.Split(a.body, string(separator))
		if len(packets) > maxPollPackets {
			t.Fatalf("%d packets in one answer", len(packets))
		}
		if packets[0] == "1" {
			break
		}
		got = append(got, packets...)
	}
	if len(got) != total {
		t.Fatalf("got %d packets, want %d", len(got), total)
	}
	for i, packet := range got {
		if packet != fmt.Sprintf("4%d", i) {
			t.Fatalf("packet %d is %q", i, packet)
		}
	}
}

// What an answer leaves behind still counts against the bound of the outbox.
func TestPollAnswersKeepCount(t *testing.T) {
	h := newHost(t, calm(false), nil)
	q := h.startPolling()
	s := receive(t, h.handler.opened, "open")
	frame := Message(Text, "x")
	for range maxPollPackets + 3 {
		s.Send(frame)
	}
	h.do("GET", q, "")
	s.mu.Lock()
	defer s.mu.Unlock()
	if got := s.polling.out.bytes; got != 3*frame.Size() {
		t.Errorf("%d bytes are counted, want %d", got, 3*frame.Size())
	}
}
