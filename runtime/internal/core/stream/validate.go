package stream

import (
	"bytes"
	"fmt"
	"strings"
)

const (
	maxIDBytes    = 800
	maxEvents     = 16
	maxOnceBytes  = 4 << 10
	maxPageLimit  = 1000
	maxEventBytes = 64
	// maxOrder is the highest integer that Lua in Redis compares exactly.
	maxOrder = 1 << 53
)

// Validate reports why a stream's name is invalid; nil when it is valid.
func (id ID) Validate() error {
	if len(id) > maxIDBytes {
		return fmt.Errorf("stream id of %d bytes, at most %d are allowed", len(id), maxIDBytes)
	}
	for i := range len(id) {
		if c := id[i]; c <= ' ' || c > '~' || c == '{' || c == '}' {
			return fmt.Errorf("stream id %q: byte %q is not allowed", string(id), c)
		}
	}
	if id.Kind() == "" || id.Name() == "" {
		return fmt.Errorf("stream id %q is not kind:name", string(id))
	}
	return nil
}

// Validate reports why a commit is invalid; nil when it is valid. Every Store refuses an
// invalid commit, which is a mistake of the calling code.
func (c *Commit) Validate() error {
	if err := c.Stream.Validate(); err != nil {
		return err
	}
	if n := len(c.Events); n < 1 || n > maxEvents {
		return fmt.Errorf("commit to %s: %d events, want 1 to %d", c.Stream, n, maxEvents)
	}
	for _, e := range c.Events {
		if err := e.validate(); err != nil {
			return fmt.Errorf("commit to %s: %w", c.Stream, err)
		}
	}
	if r := c.Retain; r.LogSize < 1 || r.LogTTL <= 0 || r.TTL < r.LogTTL {
		return fmt.Errorf("commit to %s: retention %+v is not possible", c.Stream, r)
	}
	if o := c.Once; o != nil && (o.Key == "" || o.TTL <= 0 || len(o.Value) > maxOnceBytes) {
		return fmt.Errorf("commit to %s: once needs a key, a TTL and a value of at most %d bytes", c.Stream, maxOnceBytes)
	}
	if r := c.Rate; r != nil && (r.Key == "" || r.Events < 1 || r.Per <= 0) {
		return fmt.Errorf("commit to %s: rate needs a key, events and a time", c.Stream)
	}
	if b := c.Bar; b != nil && (b.Key == "" || b.TTL < 0 || !validBy(b.By)) {
		return fmt.Errorf("commit to %s: bar needs a key, a TTL and a By of at most %d letters", c.Stream, maxBy)
	}
	if o := c.Order; o != nil && (o.Key == "" || o.Value == 0 || o.Value > maxOrder || o.TTL <= 0) {
		return fmt.Errorf("commit to %s: order needs a key, a value of 1 to %d and a TTL", c.Stream, uint64(maxOrder))
	}
	return nil
}

const maxBy = 16

// validBy reports whether by is a valid Bar.By.
func validBy(by string) bool {
	letter := func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }
	return len(by) <= maxBy && !strings.ContainsFunc(by, func(r rune) bool { return !letter(r) })
}

// Validate reports why an event cannot be cast; nil when it can.
func (e *Event) Validate() error {
	if !e.Control.Empty() {
		return fmt.Errorf("event %s: a cast event cannot have a control", e.Name)
	}
	return e.validate()
}

func (e *Event) validate() error {
	if e.Name == "" || len(e.Name) > maxEventBytes || strings.ContainsAny(e.Name, " \n") {
		return fmt.Errorf("event name %q is not allowed", e.Name)
	}
	if data := bytes.TrimSpace(e.Data); len(data) < 2 || data[0] != '{' {
		return fmt.Errorf("event %s: data is not a JSON object", e.Name)
	}
	return nil
}

// Validate reports why a query is invalid; nil when it is valid.
func (q PageQuery) Validate() error {
	if q.Before > 0 && q.After > 0 {
		return fmt.Errorf("page before %d and after %d: only one may be set", q.Before, q.After)
	}
	if q.Limit < 1 || q.Limit > maxPageLimit {
		return fmt.Errorf("page limit %d, want 1 to %d", q.Limit, maxPageLimit)
	}
	return nil
}
