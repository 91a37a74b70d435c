package siotest

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// Where is a condition on an event, with its description for failure messages.
type Where struct {
	text string
	// holds reports whether an event matches; otherwise why has the difference.
	holds func(Event) (ok bool, why string)
}

// Field requires that a value inside the event's first argument, by its path as in
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

// That requires that holds returns true; text describes the condition.
func That(text string, holds func(Event) bool) Where {
	return Where{text, func(e Event) (bool, string) {
		if holds(e) {
			return true, ""
		}
		return false, "not " + text
	}}
}

// Canonical returns a value after a round trip through JSON, comparable with the values
// of [Event.Get]; a value without a JSON form is returned unchanged.
func Canonical(v any) any {
	value, _ := canonical(v)
	return value
}

// canonical returns a value after a round trip through JSON, and that JSON.
func canonical(v any) (value any, text string) {
	data, err := json.Marshal(v)
	if err != nil {
		return v, fmt.Sprintf("%v (no JSON: %v)", v, err)
	}
	_ = json.Unmarshal(data, &value) // written above
	return value, string(data)
}

// match reports whether an event has the name and satisfies all conditions, and otherwise
// the violated condition. For another name, why is empty.
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
