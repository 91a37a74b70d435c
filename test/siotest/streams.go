package siotest

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
	"github.com/anteroom/anteroom/test/siotest/audit"
)

// maxResumed is how many streams one resume may ask for.
const maxResumed = 64

// joins are the requests whose answer says where in a stream the client now is. The
// meta of other answers says where their change is, which comes as a push too.
var joins = map[string]bool{
	wire.EventLobbyCreate: true, wire.EventLobbyJoin: true, wire.EventLobbyGet: true,
	wire.EventLobbyQuickJoin: true, wire.EventLobbyRespondInvite: true, wire.EventLobbyWatch: true,
	wire.EventChatJoin:    true,
	wire.EventPartyCreate: true, wire.EventPartyJoin: true, wire.EventPartyGet: true, wire.EventPartyRespondInvite: true,
}

func position(m wire.Meta) audit.Position { return audit.Position{Epoch: m.Epoch, Seq: m.Seq} }

// auth is the auth object of a CONNECT, with where the client is in its streams.
func (c *Client) auth() M {
	auth := maps.Clone(c.o.auth)
	positions := c.streams.Positions()
	if len(positions) == 0 {
		return auth
	}
	names := slices.Sorted(maps.Keys(positions))
	var streams []wire.StreamPosition
	for _, name := range names[:min(len(names), maxResumed)] {
		c.streams.Asking(name)
		streams = append(streams, wire.StreamPosition{Stream: name, Epoch: positions[name].Epoch, Seq: positions[name].Seq})
	}
	auth["resume"] = wire.SyncResume{Streams: streams}
	return auth
}

// heard takes an event of a connection, in the order of its arrival.
func (c *Client) heard(conn *conn, name string, args []json.RawMessage) {
	event := Event{Name: name, Args: args, After: time.Since(c.began)}
	if name == wire.EventSessionReady {
		var ready wire.SessionReady
		if err := event.Decode(&ready); err == nil {
			c.resumed(conn, ready.Resumed)
			c.resumeRest(conn, ready.Resumed)
			for _, at := range ready.Follows {
				c.streams.Follow(at.Stream, audit.Position{Epoch: at.Epoch, Seq: at.Seq})
			}
		}
	}
	if c.take(conn, event) {
		c.inbox.add(event)
	}
}

// take audits an event and tells whether it is to be kept: what comes while a resume
// is under way comes again with its answer.
func (c *Client) take(conn *conn, e Event) bool {
	meta, ok := metaOf(e)
	if !ok {
		return true
	}
	if strings.HasSuffix(e.Name, ":snapshot") {
		c.streams.Place(meta.Stream, position(meta))
		return true
	}
	take, resume := c.streams.Live(audit.Event{Stream: meta.Stream, At: position(meta), Text: e.Name})
	if resume {
		go c.catchUp(conn, meta.Stream)
	}
	return take
}

// metaOf is the place of an event in its stream; not all events have one.
func metaOf(e Event) (meta wire.Meta, ok bool) {
	var push struct {
		Meta wire.Meta `json:"meta"`
	}
	if e.Decode(&push) != nil || push.Meta.Stream == "" {
		return meta, false
	}
	return push.Meta, true
}

// catchUp asks for what streams have beyond what the client knows.
func (c *Client) catchUp(conn *conn, streams ...string) {
	positions := c.streams.Positions()
	var request wire.SyncResume
	for _, stream := range streams[:min(len(streams), maxResumed)] {
		at := positions[stream]
		request.Streams = append(request.Streams, wire.StreamPosition{Stream: stream, Epoch: at.Epoch, Seq: at.Seq})
	}
	if rest := streams[len(request.Streams):]; len(rest) > 0 {
		defer c.catchUp(conn, rest...)
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.o.patience)
	defer cancel()
	answer := make(chan []json.RawMessage, 1)
	if err := conn.emit(ctx, wire.EventSyncResume, []any{request}, func(args []json.RawMessage) { answer <- args }); err != nil {
		return // the connection is over, and the next one resumes the stream
	}
	select {
	case args := <-answer:
		var ack struct {
			Data  wire.SyncResumed `json:"data"`
			Error *wire.Error      `json:"error"`
		}
		switch {
		case len(args) != 1 || json.Unmarshal(args[0], &ack) != nil:
		case ack.Error != nil && ack.Error.Retryable:
			c.askAgain(conn, time.Duration(ack.Error.RetryAfterMs)*time.Millisecond, streams)
		default:
			c.resumed(conn, ack.Data.Streams)
		}
	case <-conn.ended:
	case <-ctx.Done():
		c.streams.Fault("%q: a resume was not answered within %v", streams, c.o.patience)
	}
}

// askAgainAfter is how long after a refusal that may pass a resume is asked for again.
const askAgainAfter = 200 * time.Millisecond

// resumed takes the answer to a resume. What cannot be had at the moment is asked for
// again, and so is the rest of what came in part, for as long as the connection lives.
func (c *Client) resumed(conn *conn, streams []wire.StreamResumed) {
	var again []string
	wait := time.Duration(0)
	for _, s := range streams {
		at := audit.Position{Epoch: s.Epoch, Seq: s.Seq}
		switch {
		case s.Error != nil && s.Error.Retryable:
			again, wait = append(again, s.Stream), askAgainAfter
		case s.Error != nil:
			c.streams.Drop(s.Stream)
		case !s.Recovered:
			c.streams.Placed(s.Stream, at)
		default:
			c.streams.Resumed(s.Stream, c.missed(s), at, s.More)
			if s.More {
				again = append(again, s.Stream)
			}
		}
	}
	c.askAgain(conn, wait, again)
}

// askAgain resumes streams later, if there are any.
func (c *Client) askAgain(conn *conn, wait time.Duration, streams []string) {
	if len(streams) == 0 {
		return
	}
	time.AfterFunc(wait, func() {
		if conn.err() == nil {
			c.catchUp(conn, streams...)
		}
	})
}

// resumeRest asks for those streams that had no place in the CONNECT.
func (c *Client) resumeRest(conn *conn, resumed []wire.StreamResumed) {
	rest := c.streams.Positions()
	for _, s := range resumed {
		delete(rest, s.Stream)
	}
	for stream := range rest {
		c.streams.Asking(stream)
	}
	if len(rest) > 0 {
		go c.catchUp(conn, slices.Collect(maps.Keys(rest))...)
	}
}

// missed are the events of a resume, which also go to the inbox.
func (c *Client) missed(s wire.StreamResumed) []audit.Event {
	var events []audit.Event
	for _, m := range s.Events {
		e := Event{Name: m.Event, Args: []json.RawMessage{m.Data}, After: time.Since(c.began), Resumed: true}
		meta, ok := metaOf(e)
		if !ok {
			c.streams.Fault("%s: %s came without meta in a resume", s.Stream, m.Event)
		}
		events = append(events, audit.Event{Stream: s.Stream, At: position(meta), Text: e.Name})
		c.inbox.add(e)
	}
	return events
}
