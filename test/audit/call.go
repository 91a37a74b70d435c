package audit

import (
	"encoding/json"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
	"github.com/anteroom/anteroom/test/audit/plan"
	"github.com/anteroom/anteroom/test/audit/trace"
)

const (
	// tryFor is the time after which the next try begins, in parallel with the previous.
	tryFor = 1500 * time.Millisecond
	// callFor bounds all tries of a call.
	callFor = 40 * time.Second
)

// begins are the requests whose answer has the device's new position in a stream.
var begins = map[string]bool{
	wire.EventLobbyCreate: true, wire.EventLobbyJoin: true, wire.EventLobbyGet: true,
	wire.EventLobbyQuickJoin: true, wire.EventLobbyRespondInvite: true, wire.EventLobbyWatch: true,
	wire.EventChatJoin:    true,
	wire.EventPartyCreate: true, wire.EventPartyJoin: true, wire.EventPartyGet: true, wire.EventPartyRespondInvite: true,
}

// call is a request with all of its tries.
type call struct {
	user  *user
	name  string // the key
	event string
	body  map[string]any

	mu      sync.Mutex
	tries   int
	pending int // tries without an answer, including those of ended connections
	answers chan result
}

// result is the end of a try.
type result struct {
	ack    ack
	device *device
	lost   bool
}

// outcome is the end of a call.
type outcome struct {
	is   trace.Outcome
	data json.RawMessage
	meta *wire.Meta
	err  *wire.Error
	// device is the device that received the answer.
	device *device
}

// ask repeats a request until it is answered or finally refused, on any of the user's
// devices. Requests with a key may be repeated.
func (u *user) ask(d *device, event string, body map[string]any, keyed bool, repeat plan.Repeat) outcome {
	c := &call{user: u, name: u.nextKey(event), event: event, body: body, answers: make(chan result, 64)}
	if keyed {
		c.body["key"] = c.name
	}
	u.run.calls.Add(1)
	o := c.finish(d, repeat)
	u.run.trace.Add(trace.Record{Kind: trace.Done, User: u.name, Call: c.name, Event: event, Outcome: o.is, Err: o.err, Data: o.data, Meta: o.meta})
	return o
}

// finish makes the tries.
func (c *call) finish(d *device, repeat plan.Repeat) outcome {
	deadline := time.Now().Add(callFor)
	c.try(d)
	switch repeat {
	case plan.Parallel:
		c.try(c.user.other(d))
	case plan.CutFirst:
		d.act(func(s *session) { s.client.Cut() })
	}
	for {
		select {
		case r := <-c.answers:
			switch {
			case r.lost:
			case r.ack.OK:
				if repeat == plan.Later {
					c.repeatLater(d)
				}
				return outcome{is: trace.OK, data: r.ack.Data, meta: r.ack.Meta, device: r.device}
			case !r.ack.Error.Retryable:
				is := trace.Denied
				if c.open() > 0 {
					is = trace.MaybeDone
				}
				return outcome{is: is, err: r.ack.Error, device: r.device}
			}
			time.Sleep(r.pause()) // the client's own pause before its next try
		case <-time.After(tryFor):
		}
		if time.Now().After(deadline) {
			return outcome{is: trace.Unknown}
		}
		if rand.IntN(2) == 0 {
			d = c.user.other(d)
		}
		c.try(d)
	}
}

// pause returns the client's pause before its next try: as the refusal requests, or a
// short one.
func (r result) pause() time.Duration {
	if r.ack.Error != nil && r.ack.Error.RetryAfterMs > 0 {
		return min(time.Duration(r.ack.Error.RetryAfterMs)*time.Millisecond, tryFor)
	}
	return comeBackAfter + rand.N(comeBackAfter)
}

// repeatLater sends the key again; its answer must be the same.
func (c *call) repeatLater(d *device) {
	c.try(c.user.other(d))
	select {
	case <-c.answers:
	case <-time.After(tryFor):
	}
}

func (c *call) open() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pending
}

// try sends the request once, if the device has a session.
func (c *call) try(d *device) {
	s := d.await(tryFor)
	if s == nil {
		c.answer(result{lost: true})
		return
	}
	c.mu.Lock()
	c.tries++
	n := c.tries
	c.pending++
	c.mu.Unlock()
	request, _ := json.Marshal(c.body) // strings, numbers and lists
	s.note(trace.Record{Kind: trace.Ask, Call: c.name, Try: n, Event: c.event, Data: request})
	s.device.run.tries.Add(1)
	acked := make(chan struct{})
	go func() {
		err := s.client.Emit(c.event, json.RawMessage(request), func(args []json.RawMessage) {
			defer close(acked)
			c.acked(s, n, args)
		})
		if err == nil {
			select {
			case <-acked:
				return
			case <-s.client.Ended():
			}
		}
		s.note(trace.Record{Kind: trace.Lost, Call: c.name, Try: n, Event: c.event})
		c.answer(result{lost: true})
	}()
}

func (c *call) answer(r result) {
	select {
	case c.answers <- r:
	default: // the call has ended
	}
}

// acked processes an acknowledgement, in order among the events.
func (c *call) acked(s *session, try int, args []json.RawMessage) {
	c.mu.Lock()
	c.pending--
	c.mu.Unlock()
	a, err := readAck(args)
	r := trace.Record{Kind: trace.Ack, Call: c.name, Try: try, Event: c.event, Data: a.Data, Meta: a.Meta, Err: a.Error}
	switch {
	case err != nil:
		s.note(trace.Record{Kind: trace.Broken, Call: c.name, Event: c.event, Text: "bad acknowledgement: " + err.Error()})
		a = ack{Error: &wire.Error{Code: wire.CodeInternal, Message: err.Error()}}
	case !a.OK:
		r.Kind = trace.Refused
		s.note(r)
	default:
		s.note(r)
		if a.Meta != nil && begins[c.event] {
			s.follow(*a.Meta, try > 1)
		}
		s.granted(c.event, c.body, a.Data)
	}
	c.answer(result{ack: a, device: s.device})
}

// granted applies an answer's effect on the device itself.
func (s *session) granted(event string, body map[string]any, data json.RawMessage) {
	switch event {
	case wire.EventChatLeave:
		s.unfollow("chat:"+text(body["channel"]), "left the channel")
	case wire.EventLobbyLeave:
		s.unfollow("lobby:"+text(body["lobbyId"]), "left the lobby")
		s.unfollow("chat:lobby:"+text(body["lobbyId"]), "left the lobby")
	case wire.EventPartyLeave:
		s.unfollow("party:"+text(body["partyId"]), "left the party")
		s.unfollow("chat:party:"+text(body["partyId"]), "left the party")
	case wire.EventLobbyUnwatch:
		s.unfollow("lobbies:"+text(body["type"]), "unwatched")
	}
	s.learn(event, data)
}

func text(v any) string {
	t, _ := v.(string)
	return t
}
