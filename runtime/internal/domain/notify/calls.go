package notify

import "time"

const (
	// maxCalls is how often the webhook is tried for one notification.
	maxCalls = 6
	// firstPause is between the first try and the second; it doubles. It is longer
	// than a try may last, so that no two are under way at once.
	firstPause = 20 * time.Second
	// maxRetryAfter bounds how long the webhook may put the next try off.
	maxRetryAfter = time.Hour
	// callsPerDeadline is how many calls one look begins.
	callsPerDeadline = 8
)

// Connections is what is known of a user's connections.
type Connections struct {
	// Online: there is one.
	Online bool
	// OfflineSince is when the last one ended; the zero time when that is not known.
	OfflineSince time.Time
}

// StartCalls settles the calls that are due by now: one for a user who is there is dropped,
// one for a user who has not been away long enough waits, and the others are begun.
// They are given, marked so that nobody else begins them before their time is over.
func (b Inbox) StartCalls(away Connections, r Rules, room int, now time.Time) (next Inbox, begun []Item, changed bool) {
	e := b.edit(now)
	for at := range e.Items {
		i := &e.Items[at]
		if i.CallAt == 0 || i.CallAt > e.now {
			continue
		}
		settled := ms(away.OfflineSince.Add(r.CallAfter))
		switch {
		case away.Online || i.Calls >= maxCalls || !r.Call:
			i.CallAt = 0
		case !away.OfflineSince.IsZero() && settled > e.now:
			i.CallAt = settled
		case len(begun) >= min(room, callsPerDeadline):
			i.CallAt = e.now + time.Second.Milliseconds()
		default:
			i.CallAt = e.now + (firstPause << i.Calls).Milliseconds()
			i.Calls++
			begun = append(begun, *i)
		}
		e.changed = true
	}
	next, changed = e.finish()
	return next, begun, changed
}

// Declined says that the webhook did not take a call.
type Declined struct {
	// Final: it will not take the same call later either.
	Final bool
	// RetryAfter is how long it asks to be left alone; 0 when it does not.
	RetryAfter time.Duration
	// Err is what it answered.
	Err error
}

// Error makes *Declined an error.
func (d *Declined) Error() string { return d.Err.Error() }

// Unwrap gives what the webhook answered.
func (d *Declined) Unwrap() error { return d.Err }

// PostponeCall puts the next try of a call off, by maxRetryAfter at most: never to an
// earlier time than that of a call that nobody answered.
func (b Inbox) PostponeCall(id string, after time.Duration, now time.Time) (Inbox, bool) {
	e := b.edit(now)
	next := e.now + min(after, maxRetryAfter).Milliseconds()
	if at := e.find(id); at >= 0 && e.Items[at].CallAt > 0 && e.Items[at].CallAt < next {
		e.Items[at].CallAt = next
		e.changed = true
	}
	return e.finish()
}

// CallAnswered notes that a call was answered for good: there is no other.
func (b Inbox) CallAnswered(id string, now time.Time) (Inbox, bool) {
	e := b.edit(now)
	if at := e.find(id); at >= 0 && e.Items[at].CallAt > 0 {
		e.Items[at].CallAt = 0
		e.changed = true
	}
	return e.finish()
}

// callDue tells whether a call is due.
func (b Inbox) hasDueCall(now time.Time) bool {
	for _, i := range b.Items {
		if i.CallAt > 0 && i.CallAt <= ms(now) {
			return true
		}
	}
	return false
}
