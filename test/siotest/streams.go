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

// maxResumed bounds the streams of a resume.
const maxResumed = 64

// joins are the requests whose answer has the client's new position in a stream. The meta
// of other answers is the position of their change, which is also pushed.
var joins = map[string]bool{
	wire.EventLobbyCreate: true, wire.EventLobbyJoin: true, wire.EventLobbyGet: true,
	wire.EventLobbyQuickJoin: true, wire.EventLobbyRespondInvite: true, wire.EventLobbyWatch: true,
	wire.EventChatJoin:    true,
	wire.EventPartyCreate: true, wire.EventPartyJoin: true, wire.EventPartyGet: true, wire.EventPartyRespondInvite: true,
}

func position(m wire.Meta) audit.Position { return audit.Position{Epoch: m.Epoch, Seq: m.Seq} }

// auth returns the auth object of a CONNECT, with the client's positions.
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

// received processes an event of a connection, in the order of arrival.
func (c *Client) received(conn *conn, name string, args []json.RawMessage) {
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

// take audits an event and reports whether to keep it: the answer of a running resume
// repeats the events that arrive before it.
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

// metaOf returns the position of an event in its stream; not all events have one.
func metaOf(e Event) (meta wire.Meta, ok bool) {
	var push struct {
		Meta wire.Meta `json:"meta"`
	}
	if e.Decode(&push) != nil || push.Meta.Stream == "" {
		return meta, false
	}
	return push.Meta, true
}

// catchUp resumes streams beyond the client's positions.
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
		return // the next connection resumes the stream
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

// askAgainAfter is the delay of another resume after a retryable refusal.
const askAgainAfter = 200 * time.Millisecond

// resumed processes the answer to a resume. It resumes again, while the connection is
// open, the streams with a retryable error and those with a partial answer.
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

// askAgain resumes streams after a delay.
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

// resumeRest resumes the streams that exceeded the bound of the CONNECT.
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

// missed returns the events of a resume, which also go to the inbox.
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
