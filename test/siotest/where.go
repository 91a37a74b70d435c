package siotest

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// Where is a condition on an event, and what it says in a failure message.
type Where struct {
	text string
	// holds tells whether an event is meant; otherwise why says what is different.
	holds func(Event) (ok bool, why string)
}

// Field asks that a value inside the event's first argument, by its path as in
// [Event.Get], equals want, compared as JSON.
func Field(path string, want any) Where {
	wanted, shown := canonical(want)
	return Where{fmt.Sprintf("%s = %s", path, shown), func(e Event) (bool, string) {
		value, ok := e.Get(path)
		if !ok {
			return false, path + " is absent"
		}
		if reflect.DeepEqual(value, wanted) {
			return true, ""
		}
		_, is := canonical(value)
		return false, fmt.Sprintf("%s is %s", path, is)
	}}
}

// That asks whatever a function does; text says it in words.
func That(text string, holds func(Event) bool) Where {
	return Where{text, func(e Event) (bool, string) {
		if holds(e) {
			return true, ""
		}
		return false, "not " + text
	}}
}

// Canonical is a value as it is after a way through JSON, as the values of [Event.Get]
// are; one that has no JSON stays as it is.
func Canonical(v any) any {
	value, _ := canonical(v)
	return value
}

// canonical is a value as it is after a way through JSON, and that JSON.
func canonical(v any) (value any, text string) {
	data, err := json.Marshal(v)
	if err != nil {
		return v, fmt.Sprintf("%v (no JSON: %v)", v, err)
	}
	_ = json.Unmarshal(data, &value) // was written just now
	return value, string(data)
}

// match tells whether an event has the name and satisfies all conditions, and
// otherwise what keeps it from that. Another name is no near miss: why is empty.
func match(e Event, name string, where []Where) (ok bool, why string) {
	if e.Name != name {
		return false, ""
	}
	for _, w := range where {
		if ok, why := w.holds(e); !ok {
			return false, why
		}
	}
	return true, ""
}
