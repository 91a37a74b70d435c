package document

import (
	"context"
	"fmt"
	"time"
)

// betweenPods bounds the clock difference between pods and the store.
const betweenPods = 2 * time.Second

// wakeups are the deadlines of the next state and of the previous state; zero times for none.
type wakeups struct{ next, was time.Time }

// firedEarly reports whether the next state's deadline may have fired before the state was
// committed, because it or an earlier deadline was due. Its handler then saw the previous
// state and removed the deadline.
func (l wakeups) firedEarly(now time.Time) bool {
	return !l.next.IsZero() && (l.sooner() || !l.was.After(now.Add(betweenPods)))
}

// sooner reports whether the next state's deadline is earlier than the scheduled deadline.
func (l wakeups) sooner() bool { return !l.next.IsZero() && (l.was.IsZero() || l.next.Before(l.was)) }

// schedule schedules the next state's deadline if it is earlier than the previous state's,
// or the time of CheckAfter if that is earlier still. This happens before next is committed, so
// that a pod's death leaves no state without its deadline.
func (k *Repository[S]) schedule(ctx context.Context, name string, before *S, next S) (wakeups, error) {
	now := k.now()
	l := wakeups{next: k.nextDeadline(next, now)}
	if before != nil {
		l.was = k.nextDeadline(*before, now)
	}
	var due time.Time
	if l.sooner() {
		due = l.next
	}
	if k.kind.CheckAfter != nil {
		soon := k.kind.CheckAfter(before, next)
		if at := now.Add(soon); soon > 0 && (due.IsZero() || at.Before(l.next)) {
			due = at
		}
	}
	return l, k.ask(ctx, name, due)
}

func (k *Repository[S]) nextDeadline(s S, now time.Time) time.Time {
	due, wanted := k.kind.NextDeadline(s, now)
	if !wanted {
		return time.Time{}
	}
	return due
}

// ask schedules a deadline for a document; not for the zero time.
func (k *Repository[S]) ask(ctx context.Context, name string, due time.Time) error {
	if due.IsZero() {
		return nil
	}
	if err := k.deadlines.Schedule(ctx, k.ID(name), due); err != nil {
		return fmt.Errorf("schedule the deadline of %s: %w", k.ID(name), err)
	}
	return nil
}

// reschedule schedules the deadline of a committed state again when it may have fired before
// the commit. The commit ignores an error of the store: the earlier schedule remains,
// unless that deadline has fired too.
func (k *Repository[S]) reschedule(ctx context.Context, name string, l wakeups) {
	if l.firedEarly(k.now()) {
		_ = k.ask(ctx, name, l.next)
	}
}

// askFor schedules the state's deadline for a repeated request, because the first attempt
// may have died before it did so.
func (k *Repository[S]) askFor(ctx context.Context, name string, s S) {
	_ = k.ask(ctx, name, k.nextDeadline(s, k.now()))
}
