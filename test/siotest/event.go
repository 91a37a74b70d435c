package siotest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Event is an event that a client received.
type Event struct {
	Name string
	Args []json.RawMessage
	// After is the time between the creation of the client and the event's arrival.
	After time.Duration
	// Resumed reports that the event was missed first, and came with the answer to a
	// resume.
	Resumed bool
}

// Decode reads the first argument into v.
func (e Event) Decode(v any) error {
	if len(e.Args) == 0 {
		return fmt.Errorf("%s has no argument", e.Name)
	}
	return json.Unmarshal(e.Args[0], v)
}

// Get returns a value inside the first argument by its path: names and list indices
// separated by dots, as in "members.0.name". ok is false when there is none.
func (e Event) Get(path string) (value any, ok bool) {
	if len(e.Args) == 0 {
		return nil, false
	}
	return get(e.Args[0], path)
}

// Text returns a string inside the first argument by its path; "" when there is none.
func (e Event) Text(path string) string {
	value, _ := e.Get(path)
	text, _ := value.(string)
	return text
}

// String returns the event on one line.
func (e Event) String() string {
	var b strings.Builder
	b.WriteString(e.Name)
	for _, a := range e.Args {
		b.WriteByte(' ')
		b.Write(a)
	}
	if e.Resumed {
		b.WriteString(" (resumed)")
	}
	return b.String()
}

// get walks into JSON.
func get(data json.RawMessage, path string) (value any, ok bool) {
	if err := json.Unmarshal(data, &value); err != nil {
		return nil, false
	}
	for step := range strings.SplitSeq(path, ".") {
		switch at := value.(type) {
		case map[string]any:
			if value, ok = at[step]; !ok {
				return nil, false
			}
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(at) {
				return nil, false
			}
			value = at[i]
		default:
			return nil, false
		}
	}
	return value, true
}
