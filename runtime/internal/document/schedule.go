package document

import (
	"context"
	"fmt"
	"time"
)

// betweenPods is by how much the clocks of pods and of the store may differ.
const betweenPods = 2 * time.Second

// looks are when a state wants to be looked at, and when the state before it did; zero
// times for never.
type looks struct{ next, was time.Time }

// overtaken tells whether the look at a state may have been taken before the state was
// committed, which it is now: because an earlier one was due, or it was itself. Whoever
// took it saw the state before, found nothing to do, and did away with it.
func (l looks) overtaken(now time.Time) bool {
	return !l.next.IsZero() && (l.sooner() || !l.was.After(now.Add(betweenPods)))
}

// sooner tells whether the next state wants a look when none was asked for.
func (l looks) sooner() bool { return !l.next.IsZero() && (l.was.IsZero() || l.next.Before(l.was)) }

// schedule asks for a look when next wants one before the state before it did, and
// when what follows from the change needs one. This comes before next is committed, so
// that no death of the pod leaves a state without its look.
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

// ask asks for a look at a document; not for the zero time.
func (k *Keeper[S]) ask(ctx context.Context, name string, look time.Time) error {
	if look.IsZero() {
		return nil
	}
	if err := k.deadlines.Schedule(ctx, k.ID(name), look); err != nil {
		return fmt.Errorf("schedule a look at %s: %w", k.ID(name), err)
	}
	return nil
}

// askAgain asks once more for the look at a state that was committed, where it may have
// been overtaken. That the store is gone by then is no error of the commit: the look that
// was asked for before stands, unless it was overtaken as well.
func (k *Keeper[S]) askAgain(ctx context.Context, name string, l looks) {
	if l.overtaken(k.now()) {
		_ = k.ask(ctx, name, l.next)
	}
}

// askFor asks for the look that a state wants: who carried the request out before, which
// is repeated now, may not have come so far.
func (k *Keeper[S]) askFor(ctx context.Context, name string, s S) {
	_ = k.ask(ctx, name, k.nextLook(s, k.now()))
}
