package audit

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
	"github.com/anteroom/anteroom/test/audit/follow"
	"github.com/anteroom/anteroom/test/audit/trace"
)

const (
	// dialWithin bounds a connect, readyWithin the wait for session:ready after it.
	dialWithin, readyWithin = 4 * time.Second, 8 * time.Second
	// comeBackAfter is the pause before a device reconnects or repeats a request.
	comeBackAfter = 100 * time.Millisecond
)

// device is a client of a user, which reconnects to another server whenever its
// connection ends.
type device struct {
	user   *user
	name   string
	dial   dialer
	track  *follow.Tracker
	run    *run
	leaves chan struct{}
	once   sync.Once
	done   chan struct{}

	mu     sync.Mutex
	live   *session // nil while there is no session
	conns  int
	server int
	// changed is closed when live changes.
	changed chan struct{}
	watched map[string]wire.Presence // the last received state of each user
}

// session is a connection of a device.
type session struct {
	device *device
	client client
	conn   int
	server int
	ready  chan struct{}
	once   sync.Once
}

// keep keeps the device connected until it leaves.
func (d *device) keep() {
	defer close(d.done)
	for {
		select {
		case <-d.leaves:
			return
		default:
		}
		d.visit()
		select {
		case <-d.leaves:
			return
		case <-time.After(comeBackAfter + rand.N(comeBackAfter)):
		}
	}
}

// visit is a connection, from its dial to its end.
func (d *device) visit() {
	d.mu.Lock()
	d.conns++
	s := &session{device: d, conn: d.conns, server: d.server % len(d.run.fleet.Servers), ready: make(chan struct{})}
	d.server++ // the next connection uses the next server
	d.mu.Unlock()
	auth := wire.ConnectAuth{Token: d.user.token, Protocol: wire.Protocol, DeviceID: d.name}
	rest := d.track.Connect()
	if first := rest[:min(len(rest), maxResume)]; len(first) > 0 {
		auth.Resume, rest = &wire.SyncResume{Streams: first}, rest[len(first):]
	}
	ctx, cancel := context.WithTimeout(context.Background(), dialWithin)
	defer cancel()
	gate := make(chan struct{}) // the events wait until s.client is set
	c, err := d.dial(ctx, d.run.fleet.Servers[s.server].Client, auth, func(event string, args []json.RawMessage) {
		<-gate
		if len(args) > 0 {
			s.received(event, args[0])
		}
	})
	s.client = c
	close(gate)
	if err != nil {
		d.run.trace.Add(s.record(trace.Record{Kind: trace.Cut, Text: "dial: " + err.Error()}))
		return
	}
	select {
	case <-s.ready:
		for _, at := range rest {
			s.resume(at.Stream)
		}
		d.become(s)
		select {
		case <-c.Ended():
		case <-d.leaves:
			c.Close()
			<-c.Ended()
		}
	case <-c.Ended():
	case <-d.leaves:
		c.Close()
	case <-time.After(readyWithin):
		c.Cut()
	}
	d.become(nil)
	why := "no session:ready"
	if err := c.Err(); err != nil {
		why = err.Error()
	}
	d.run.trace.Add(s.record(trace.Record{Kind: trace.Cut, Text: why}))
}

// maxResume bounds the streams of a resume.
const maxResume = 64

func (d *device) become(s *session) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.live = s
	close(d.changed)
	d.changed = make(chan struct{})
}

// session returns the live session; nil while there is none.
func (d *device) session() *session {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.live
}

// await waits for a session.
func (d *device) await(within time.Duration) *session {
	deadline := time.After(within)
	for {
		d.mu.Lock()
		s, changed := d.live, d.changed
		d.mu.Unlock()
		if s != nil {
			return s
		}
		select {
		case <-changed:
		case <-deadline:
			return nil
		}
	}
}

// leave ends the device.
func (d *device) leave() {
	d.once.Do(func() { close(d.leaves) })
	<-d.done
}

// act acts on the current connection.
func (d *device) act(do func(*session)) {
	if s := d.session(); s != nil {
		do(s)
	}
}

// record sets the user, device and connection of a record.
func (s *session) record(r trace.Record) trace.Record {
	r.User, r.Device, r.Conn, r.Server = s.device.user.name, s.device.name, s.conn, s.server
	return r
}

func (s *session) note(r trace.Record) { s.device.run.trace.Add(s.record(r)) }

// received processes an event, in the order of arrival.
func (s *session) received(event string, data json.RawMessage) {
	meta := metaOf(data)
	s.note(trace.Record{Kind: trace.Push, Event: event, Data: data, Meta: meta})
	if event == wire.EventSessionReady {
		s.begin(data)
		return
	}
	s.once.Do(func() {
		s.note(trace.Record{Kind: trace.Broken, Event: event, Text: "the first push is not session:ready", Data: data})
	})
	if meta != nil {
		v := s.device.track.Live(*meta, strings.HasSuffix(event, ":snapshot"))
		if v.Broken != "" {
			s.note(trace.Record{Kind: trace.Broken, Event: event, Meta: meta, Text: v.Broken})
		}
		if v.Resume {
			s.resume(meta.Stream)
		}
		if !v.Apply {
			return
		}
	}
	s.learn(event, data)
}

// begin processes session:ready.
func (s *session) begin(data json.RawMessage) {
	s.once.Do(func() {})
	var ready wire.SessionReady
	if err := json.Unmarshal(data, &ready); err != nil {
		s.note(trace.Record{Kind: trace.Broken, Text: "session:ready cannot be read: " + err.Error()})
	}
	for _, at := range ready.Follows {
		s.follow(wire.Meta{Stream: at.Stream, Epoch: at.Epoch, Seq: at.Seq}, false)
	}
	for _, r := range ready.Resumed {
		s.resumed(r)
	}
	s.note(trace.Record{Kind: trace.Connected})
	close(s.ready)
}

func (s *session) follow(m wire.Meta, repeated bool) {
	s.device.track.Begin(m, repeated)
	s.note(trace.Record{Kind: trace.Follow, Meta: &m})
}

func (s *session) unfollow(stream, why string) { s.unfollowAt(stream, 0, why) }

// unfollowAt stops following a stream at the version of the user's departure, or 0
// without a version.
func (s *session) unfollowAt(stream string, version uint64, why string) {
	if s.device.track.Drop(stream) {
		s.note(trace.Record{Kind: trace.Unfollow, Meta: &wire.Meta{Stream: stream, Seq: version}, Text: why})
	}
}

// resume requests the events beyond the device's position in a stream.
func (s *session) resume(stream string) {
	at, ok := s.device.track.At(stream)
	if !ok {
		return
	}
	request := wire.SyncResume{Streams: []wire.StreamPosition{at}}
	go func() {
		_ = s.client.Emit(wire.EventSyncResume, request, func(args []json.RawMessage) {
			ack, err := readAck(args)
			var answer wire.SyncResumed
			switch {
			case err == nil && ack.OK && json.Unmarshal(ack.Data, &answer) == nil:
				for _, r := range answer.Streams {
					s.resumed(r)
				}
			default:
				time.AfterFunc(comeBackAfter, func() { s.resume(stream) })
			}
		}) // after an error, the next connection resumes the stream
	}()
}

// resumed processes the answer to a resume of one stream.
func (s *session) resumed(r wire.StreamResumed) {
	events, again, broken := s.device.track.Resumed(r)
	at := &wire.Meta{Stream: r.Stream, Epoch: r.Epoch, Seq: r.Seq}
	if broken != "" {
		s.note(trace.Record{Kind: trace.Broken, Event: wire.EventSyncResume, Meta: at, Text: broken})
	}
	if again {
		time.AfterFunc(comeBackAfter, func() {
			if s.client.Err() == nil {
				s.resume(r.Stream)
			}
		})
		return
	}
	if r.Error != nil {
		s.note(trace.Record{Kind: trace.Unfollow, Meta: at, Text: "refused: " + r.Error.Error()})
		return
	}
	for _, e := range events {
		s.note(trace.Record{Kind: trace.Push, Event: e.Event, Data: e.Data, Meta: metaOf(e.Data), Resumed: true})
		s.learn(e.Event, e.Data)
	}
	if !r.Recovered && len(r.Snapshot) > 0 {
		s.learn("snapshot", r.Snapshot)
	}
}

// metaOf returns the position of a push; nil when it has none.
func metaOf(data json.RawMessage) *wire.Meta {
	var push struct {
		Meta *wire.Meta `json:"meta"`
	}
	if json.Unmarshal(data, &push) != nil || push.Meta == nil || push.Meta.Stream == "" {
		return nil
	}
	return push.Meta
}

// ack is an acknowledgement.
type ack struct {
	OK    bool            `json:"ok"`
	Data  json.RawMessage `json:"data"`
	Meta  *wire.Meta      `json:"meta"`
	Error *wire.Error     `json:"error"`
}

func readAck(args []json.RawMessage) (a ack, err error) {
	if len(args) != 1 {
		return a, errors.New("an acknowledgement needs one argument")
	}
	if err = json.Unmarshal(args[0], &a); err == nil && !a.OK && a.Error == nil {
		err = errors.New("neither granted nor refused")
	}
	return a, err
}
