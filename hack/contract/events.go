package main

import (
	"fmt"
	"regexp"
	"strings"
)

// event is an event with the types that the comment next to its name declares.
type event struct {
	name string
	// request is the type that a client sends, if any; answer is the type of the data in
	// the acknowledgement, "" when there is none. With maybe, the data may be absent.
	request, answer string
	maybe           bool
	// silent: a client needs no acknowledgement. unanswered: there is none.
	silent, unanswered bool
	// push is the type that the server sends, if any.
	push string
	// about is the rest of the comment on the push.
	about string
}

var (
	asked  = regexp.MustCompile(`^request: (\w+) → (nothing|\w+)(, or nothing.*)?$`)
	silent = regexp.MustCompile(`^request(, needs no acknowledgement| without an answer): (\w+)$`)
	pushed = regexp.MustCompile(`^push( on the user's own stream)?: (\w+)( with .*)?$`)
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
		} else if m := pushed.FindStringSubmatch(part); m != nil {
			e.push, e.about = m[2], strings.TrimSpace(m[1]+m[3])
		} else {
			return e, fmt.Errorf("its comment declares neither a request nor a push: %q", part)
		}
	}
	return e, nil
}
