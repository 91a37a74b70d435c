package crowd

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/anteroom/anteroom/test/siotest/audit"
)

const (
	// comeBackAfter is the pause before a member reconnects, or repeats a retryable
	// request.
	comeBackAfter = 200 * time.Millisecond
	// answerWithin bounds the wait for an acknowledgement.
	answerWithin = 60 * time.Second
)

// member is a user with a client that reconnects after each cut, to the next server, and
// repeats each request until it is answered.
type member struct {
	name, token string
	site        Site
	*audit.Listener

	mu   sync.Mutex
	live *conn // nil while there is no session
	// changed is closed when live changes.
	changed chan struct{}
	// cuts has the time and reason of each end of a connection; refused counts refusals
	// by code.
	cuts    []Cut
	refused map[string]int
}

func newMember(name string, site Site) *member {
	return &member{
		name: name, token: site.Token(name), site: site, Listener: audit.NewListener(),
		changed: make(chan struct{}), refused: make(map[string]int),
	}
}

// Cut is the end of a connection, or a failed attempt.
type Cut struct {
	At  time.Time
	Why string
}

// run keeps the member connected until ctx ends; first is its first server.
func (m *member) run(ctx context.Context, first int) {
	for try := first; ctx.Err() == nil; try++ {
		err := m.visit(ctx, m.site.Addresses[try%len(m.site.Addresses)])
		m.left(err)
		select {
		case <-ctx.Done():
		case <-time.After(comeBackAfter):
		}
	}
}

// visit is a connection, from its beginning to its end.
func (m *member) visit(ctx context.Context, addr string) error {
	var c *conn
	c, err := dial(ctx, addr, cmp.Or(m.site.Host, addr), func(event string, data json.RawMessage) { m.pushed(c, event, data) })
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, c.close)()
	return c.read(m.connect())
}

// connect returns the payload of CONNECT, with the member's positions.
func (m *member) connect() []byte {
	type position struct {
		Stream string `json:"stream"`
		audit.Position
	}
	var streams []position
	for stream, at := range m.Positions() {
		m.Asking(stream)
		streams = append(streams, position{stream, at})
	}
	auth := map[string]any{"token": m.token, "protocol": 1}
	if len(streams) > 0 {
		auth["resume"] = map[string]any{"streams": streams}
	}
	text, _ := json.Marshal(auth) // strings and numbers
	return text
}

func (m *member) left(why error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.become(nil)
	m.cuts = append(m.cuts, Cut{At: time.Now(), Why: fmt.Sprint(why)})
}

// become sets the live connection. The caller holds mu.
func (m *member) become(c *conn) {
	m.live = c
	close(m.changed)
	m.changed = make(chan struct{})
}

// resumed is a stream of the answer to a resume.
type resumed struct {
	Stream          string
	Recovered, More bool
	audit.Position
	Events []struct {
		Event string
		Data  json.RawMessage
	}
	Error struct {
		Code      string
		Retryable bool
	}
}

// pushed processes an event of a connection.
func (m *member) pushed(c *conn, event string, data json.RawMessage) {
	switch event {
	case "session:ready":
		var ready struct{ Resumed []resumed }
		if err := json.Unmarshal(data, &ready); err != nil {
			m.Fault("%s: bad session:ready %s: %v", m.name, data, err)
		}
		m.resume(c, ready.Resumed)
		m.mu.Lock()
		defer m.mu.Unlock()
		m.become(c)
	case "session:terminated", "lobby:removed":
		if !strings.Contains(string(data), "draining") {
			m.Fault("%s: %s %s", m.name, event, data)
		}
	default:
		e, ok := parse(event, data)
		if !ok {
			return
		}
		if _, resume := m.Live(e); resume {
			m.catchUp(c, e.Stream)
		}
	}
}

// catchUp resumes a stream beyond the member's position.
func (m *member) catchUp(c *conn, stream string) {
	at := m.Positions()[stream]
	position := map[string]any{"stream": stream, "epoch": at.Epoch, "seq": at.Seq}
	c.ask("sync:resume", map[string]any{"streams": []any{position}}, func(ack json.RawMessage, err error) {
		var answer struct {
			OK   bool
			Data struct{ Streams []resumed }
		}
		switch {
		case err != nil: // the next connection resumes it
		case json.Unmarshal(ack, &answer) != nil || !answer.OK:
			c.close() // like a client that cannot continue
		default:
			m.resume(c, answer.Data.Streams)
		}
	})
}

// resume processes the answer to a resume. It resumes again the streams that are
// temporarily unavailable.
func (m *member) resume(c *conn, streams []resumed) {
	for _, r := range streams {
		if r.Error.Retryable {
			time.AfterFunc(comeBackAfter, func() { m.catchUp(c, r.Stream) })
			continue
		}
		if !r.Recovered {
			m.Lost(r.Stream, r.Error.Code)
			continue
		}
		var events []audit.Event
		for _, missed := range r.Events {
			e, ok := parse(missed.Event, missed.Data)
			if !ok {
				m.Fault("%s: %s without meta in a resume: %s", m.name, missed.Event, missed.Data)
			}
			events = append(events, e)
		}
		m.Resumed(r.Stream, events, r.Position, r.More)
		if r.More {
			go m.catchUp(c, r.Stream)
		}
	}
}

// parse reads an event of a stream; other events have no meta.
func parse(event string, data json.RawMessage) (e audit.Event, ok bool) {
	var push struct {
		Text string
		Meta struct {
			Stream string
			audit.Position
		}
	}
	if json.Unmarshal(data, &push) != nil || push.Meta.Stream == "" {
		return e, false
	}
	e = audit.Event{Stream: push.Meta.Stream, At: push.Meta.Position}
	if event == "chat:message" {
		e.Text = push.Text
	}
	return e, true
}

// answer is a successful acknowledgement.
type answer struct {
	OK   bool
	Data json.RawMessage
	Meta struct {
		Stream string
		audit.Position
	}
	Error struct {
		Code      string
		Retryable bool
		Message   string
	}
}

// ask repeats a request until it is answered, over any number of connections. A request
// that must not have a second effect has a key in body. follow begins the stream of the
// answer's meta.
func (m *member) ask(ctx context.Context, event string, body any, follow bool) (answer, error) {
	for {
		a, err := m.tryAsk(ctx, event, body, follow)
		switch {
		case ctx.Err() != nil:
			return a, fmt.Errorf("%s of %s: %w (last: %w)", event, m.name, ctx.Err(), err)
		case err == nil && a.OK:
			return a, nil
		case err == nil && !a.Error.Retryable:
			return a, fmt.Errorf("%s of %s: %s: %s", event, m.name, a.Error.Code, a.Error.Message)
		case err != nil && !errors.Is(err, errClosed):
			return a, fmt.Errorf("%s of %s: %w", event, m.name, err)
		case err == nil:
			m.mu.Lock()
			m.refused[a.Error.Code]++
			m.mu.Unlock()
		}
		select {
		case <-ctx.Done():
		case <-time.After(comeBackAfter):
		}
	}
}

// tryAsk sends a request once, as soon as there is a session.
func (m *member) tryAsk(ctx context.Context, event string, body any, follow bool) (a answer, err error) {
	c, err := m.session(ctx)
	if err != nil {
		return a, err
	}
	done := make(chan error, 1)
	c.ask(event, body, func(ack json.RawMessage, err error) {
		if err == nil {
			err = json.Unmarshal(ack, &a)
		}
		if err == nil && a.OK && follow {
			m.Follow(a.Meta.Stream, a.Meta.Position)
		}
		done <- err
	})
	select {
	case err := <-done:
		return a, err
	case <-time.After(answerWithin):
		return answer{}, fmt.Errorf("no answer within %v", answerWithin)
	}
}

// session waits until the member is connected.
func (m *member) session(ctx context.Context) (*conn, error) {
	for {
		m.mu.Lock()
		c, changed := m.live, m.changed
		m.mu.Unlock()
		if c != nil {
			return c, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-changed:
		}
	}
}

// seen returns the ends of the member's connections, and its retryable refusals by code.
func (m *member) seen() (cuts []Cut, refused map[string]int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.cuts), maps.Clone(m.refused)
}
