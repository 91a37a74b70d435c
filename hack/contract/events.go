package main

import (
	"fmt"
	"regexp"
	"strings"
)

// event is what the comment beside an event's name says.
type event struct {
	name string
	// request is the type that a client sends, if any, and answer that of the data in
	// the acknowledgement: "" when there is none. With maybe, the data can be absent.
	request, answer string
	maybe           bool
	// silent says that a client needs no acknowledgement, and unanswered that there is none.
	silent, unanswered bool
	// push is the type that the server sends, if any.
	push string
	// about is what else the comment says of the push.
	about string
}

var (
	asked  = regexp.MustCompile(`^request: (\w+) → (nothing|\w+)(, or nothing.*)?$`)
	silent = regexp.MustCompile(`^request(, needs no acknowledgement| without an answer): (\w+)$`)
	told   = regexp.MustCompile(`^push( on the user's own stream)?: (\w+)( with .*)?$`)
)

// readEvent reads "request: X → Y; push: Z".
func readEvent(name, comment string) (event, error) {
	e := event{name: name}
	for part := range strings.SplitSeq(strings.TrimSpace(comment), "; ") {
		if m := asked.FindStringSubmatch(part); m != nil {
			e.request, e.maybe = m[1], m[3] != ""
			if m[2] != "nothing" {
				e.answer = m[2]
			}
		} else if m := silent.FindStringSubmatch(part); m != nil {
			e.request, e.silent, e.unanswered = m[2], true, strings.HasSuffix(m[1], "without an answer")
		} else if m := told.FindStringSubmatch(part); m != nil {
			e.push, e.about = m[2], strings.TrimSpace(m[1]+m[3])
		} else {
			return e, fmt.Errorf("its comment says neither request nor push: %q", part)
		}
	}
	return e, nil
}
