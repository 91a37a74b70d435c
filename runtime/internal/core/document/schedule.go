package document

import (
	"context"
	"fmt"
	"time"
)

// betweenPods bounds the clock difference between pods and the store.
const betweenPods = 2 * time.Second

// looks are the deadlines of the next state and of the previous state; zero times for none.
type looks struct{ next, was time.Time }

// overtaken reports whether the next state's deadline may have fired before the state was
// committed, because it or an earlier deadline was due. Its handler then saw the previous
// state and removed the deadline.
func (l looks) overtaken(now time.Time) bool {
	return !l.next.IsZero() && (l.sooner() || !l.was.After(now.Add(betweenPods)))
}

// sooner reports whether the next state's deadline is earlier than the scheduled deadline.
func (l looks) sooner() bool { return !l.next.IsZero() && (l.was.IsZero() || l.next.Before(l.was)) }

// schedule schedules the next state's deadline if it is earlier than the previous state's,
// or the time of Soon if that is earlier still. This happens before next is committed, so
// that a pod's death leaves no state without its deadline.
func (k *Keeper[S]) schedule(ctx context.Context, name string, before *S, next S) (looks, error) {
	now := k.now()
	l := looks{next: k.nextLook(next, now)}
	if before != nil {
		l.was = k.nextLook(*before, now)
	}
	var look time.Time
	if l.sooner() {
		look = l.next
	}
	if k.kind.Soon != nil {
		soon := k.kind.Soon(before, next)
		if at := now.Add(soon); soon > 0 && (look.IsZero() || at.Before(l.next)) {
			look = at
		}
	}
	return l, k.ask(ctx, name, look)
}

func (k *Keeper[S]) nextLook(s S, now time.Time) time.Time {
	look, wanted := k.kind.NextLook(s, now)
	if !wanted {
		return time.Time{}
	}
	return look
}

// ask schedules a deadline for a document; not for the zero time.
func (k *Keeper[S]) ask(ctx context.Context, name string, look time.Time) error {
	if look.IsZero() {
		return nil
	}
	if err := k.deadlines.Schedule(ctx, k.ID(name), look); err != nil {
		return fmt.Errorf("schedule the deadline of %s: %w", k.ID(name), err)
	}
	return nil
}

// askAgain schedules the deadline of a committed state again when it may have fired before
// the commit. The commit ignores an error of the store: the earlier schedule remains,
// unless that deadline has fired too.
func (k *Keeper[S]) askAgain(ctx context.Context, name string, l looks) {
	if l.overtaken(k.now()) {
		_ = k.ask(ctx, name, l.next)
	}
}

// askFor schedules the state's deadline for a repeated request, because the first attempt
// may have died before it did so.
func (k *Keeper[S]) askFor(ctx context.Context, name string, s S) {
	_ = k.ask(ctx, name, k.nextLook(s, k.now()))
}
