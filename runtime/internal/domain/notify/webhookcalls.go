package notify

import "time"

const (
	// maxCalls bounds the attempts to call the webhook for one notification.
	maxCalls = 6
	// firstPause is the time between the first and the second attempt; it doubles. It is longer
	// than the timeout of a call, so two attempts never overlap.
	firstPause = 20 * time.Second
	// maxRetryAfter bounds the Retry-After of the webhook.
	maxRetryAfter = time.Hour
	// callsPerDeadline bounds the calls that one deadline starts.
	callsPerDeadline = 8
)

// Connections is the connection state of a user.
type Connections struct {
	// Online reports whether the user has a connection.
	Online bool
	// OfflineSince is the end of the user's last connection; zero when it is unknown.
	OfflineSince time.Time
}

// StartCalls decides the due calls. It cancels the call for a user who is online, postpones the
// call for a user who has not been offline long enough, and starts the others. started are the
// notifications to call for; their next attempt is scheduled, so no other pod starts them
// before that time.
func (b Inbox) StartCalls(away Connections, r Rules, room int, now time.Time) (next Inbox, started []Item, changed bool) {
	e := b.edit(now)
	for at := range e.Items {
		i := &e.Items[at]
		if i.CallAt == 0 || i.CallAt > e.now {
			continue
		}
		dueAt := ms(away.OfflineSince.Add(r.CallAfter))
		switch {
		case away.Online || i.Calls >= maxCalls || !r.Call:
			i.CallAt = 0
		case !away.OfflineSince.IsZero() && dueAt > e.now:
			i.CallAt = dueAt
		case len(started) >= min(room, callsPerDeadline):
			i.CallAt = e.now + time.Second.Milliseconds()
		default:
			i.CallAt = e.now + (firstPause << i.Calls).Milliseconds()
			i.Calls++
			started = append(started, *i)
		}
		e.changed = true
	}
	next, changed = e.finish()
	return next, started, changed
}

// Declined is the webhook's refusal of a call.
type Declined struct {
	// Final reports that the webhook will refuse the same call later too.
	Final bool
	// RetryAfter is the webhook's Retry-After; 0 for none.
	RetryAfter time.Duration
	// Err is the webhook's answer.
	Err error
}

// Error implements error.
func (d *Declined) Error() string { return d.Err.Error() }

// Unwrap returns the webhook's answer.
func (d *Declined) Unwrap() error { return d.Err }

// PostponeCall postpones the next attempt of a call, by maxRetryAfter at most. It never moves
// the attempt to an earlier time than after an unanswered call.
func (b Inbox) PostponeCall(id string, after time.Duration, now time.Time) (Inbox, bool) {
	e := b.edit(now)
	next := e.now + min(after, maxRetryAfter).Milliseconds()
	if at := e.find(id); at >= 0 && e.Items[at].CallAt > 0 && e.Items[at].CallAt < next {
		e.Items[at].CallAt = next
		e.changed = true
	}
	return e.finish()
}

// CallAnswered ends the attempts of a call.
func (b Inbox) CallAnswered(id string, now time.Time) (Inbox, bool) {
	e := b.edit(now)
	if at := e.find(id); at >= 0 && e.Items[at].CallAt > 0 {
		e.Items[at].CallAt = 0
		e.changed = true
	}
	return e.finish()
}

// hasDueCall reports whether a call is due.
func (b Inbox) hasDueCall(now time.Time) bool {
	for _, i := range b.Items {
		if i.CallAt > 0 && i.CallAt <= ms(now) {
			return true
		}
	}
	return false
}
