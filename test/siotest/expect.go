package siotest

import (
	"fmt"
	"strings"
	"time"
)

const (
	// shownEvents and shownText bound a failure message: the number of events, and the
	// bytes of each.
	shownEvents = 30
	shownText   = 240
)

// Expect waits for an event that satisfies all conditions and returns it. Each event is
// returned once; other events remain for later expectations. Without a match within the
// client's patience, or when the connection ends first, the test fails and lists the
// received events.
func (c *Client) Expect(event string, where ...Where) Event {
	c.tb.Helper()
	e, ended, ok := c.wait(event, where, c.o.patience)
	if !ok {
		c.tb.Fatalf("siotest: %s expected %s, which did not come %s\n%s", c.o.name, wanted(event, where), c.inTime(ended), c.report(event, where))
	}
	return e
}

// inTime names the bound that was exceeded.
func (c *Client) inTime(ended bool) string {
	if ended {
		return "before its connection ended"
	}
	return fmt.Sprintf("within %v", c.o.patience)
}

// Eventually waits until a condition holds for all events that the client has received,
// including those already expected; what names the condition. If it does not hold within
// the client's patience, or before the connection ends, the test fails and lists the
// received events.
func (c *Client) Eventually(what string, holds func([]Event) bool) {
	c.tb.Helper()
	timeout := time.NewTimer(c.o.patience)
	defer timeout.Stop()
	over, ended := c.current().ended, false
	for {
		changed := c.inbox.next()
		if holds(c.Events()) {
			return
		}
		if !ended {
			select {
			case <-changed:
				continue
			case <-over:
				ended = true // check the last events once more
				continue
			case <-timeout.C:
			}
		}
		c.tb.Fatalf("siotest: %s waited for %s, which did not come about %s\n%s", c.o.name, what, c.inTime(ended), c.Report())
		return
	}
}

// ExpectNone waits for d and fails the test as soon as an event satisfies all conditions;
// an earlier event that was not expected counts too.
func (c *Client) ExpectNone(d time.Duration, event string, where ...Where) {
	c.tb.Helper()
	if e, _, ok := c.wait(event, where, d); ok {
		c.tb.Fatalf("siotest: %s expected no %s, but at %s came %s", c.o.name, wanted(event, where), stamp(e), shorten(e.String()))
	}
}

// Events returns the events that the client received so far, in order, at most the last
// 10,000. It may be called from any goroutine.
func (c *Client) Events() []Event {
	entries, _ := c.inbox.all()
	events := make([]Event, len(entries))
	for i, e := range entries {
		events[i] = e.Event
	}
	return events
}

// wait takes the next matching event. ended reports that the connection had already
// ended.
func (c *Client) wait(event string, where []Where, d time.Duration) (e Event, ended, ok bool) {
	timeout := time.NewTimer(d)
	defer timeout.Stop()
	over := c.current().ended
	for {
		e, ok, changed := c.inbox.take(event, where)
		if ok {
			return e, false, true
		}
		if ended {
			return Event{}, true, false
		}
		select {
		case <-changed:
		case <-over:
			ended = true // check the last events once more
		case <-timeout.C:
			return Event{}, false, false
		}
	}
}

func wanted(event string, where []Where) string {
	var conditions []string
	for _, w := range where {
		conditions = append(conditions, w.text)
	}
	text := fmt.Sprintf("%q", event)
	if len(conditions) > 0 {
		text += " where " + strings.Join(conditions, ", ")
	}
	return text
}

// Report lists the received events, in order, and the state of the connection: the last
// 30 events, each cut at 240 bytes.
func (c *Client) Report() string { return c.report("", nil) }

// report lists the events received in place of an expected event, and the state of the
// connection.
func (c *Client) report(event string, where []Where) string {
	var b strings.Builder
	entries, dropped := c.inbox.all()
	if skip := len(entries) - shownEvents; skip > 0 {
		dropped, entries = dropped+skip, entries[skip:]
	}
	b.WriteString("received, in order:\n")
	if dropped > 0 {
		fmt.Fprintf(&b, "  … %d earlier events\n", dropped)
	}
	for _, e := range entries {
		fmt.Fprintf(&b, "  %8s %s", stamp(e.Event), shorten(e.String()))
		if _, why := match(e.Event, event, where); why != "" {
			fmt.Fprintf(&b, "   ← %s", why)
		} else if e.taken {
			b.WriteString("   (expected earlier)")
		}
		b.WriteByte('\n')
	}
	if len(entries) == 0 {
		b.WriteString("  nothing\n")
	}
	state := "open"
	if err := c.current().err(); err != nil {
		state = "over: " + err.Error()
	}
	fmt.Fprintf(&b, "the connection (%s) is %s", c.Transport(), state)
	return b.String()
}

func stamp(e Event) string { return "+" + e.After.Round(time.Millisecond).String() }

func shorten(text string) string {
	if len(text) <= shownText {
		return text
	}
	return strings.ToValidUTF8(text[:shownText], "") + "…"
}
