package document

import (
	"context"
	"fmt"
	"time"
)

// betweenPods is by how much the clocks of pods may differ, and how long a commit may
// take on top of it, for a look that is due then to be taken before the commit.
const betweenPods = 2 * time.Second

// schedule asks for a look when next wants one before the state before it did, and
// when what follows from the change needs one. This comes before next is committed, so
// that no death of the pod leaves a state without its look. A look that is taken even
// before the commit sees the old state, and is gone: again is then when the new one
// has to be asked for once more; it is the zero time when that cannot have happened.
func (k *Keeper[S]) schedule(ctx context.Context, name string, before *S, next S) (again time.Time, err error) {
	now := k.now()
	look, wanted := k.kind.NextLook(next, now)
	if wanted {
		again = look
		if before != nil {
			was, asked := k.kind.NextLook(*before, now)
			wanted = !asked || look.Before(was)
			if !wanted && was.After(now.Add(betweenPods)) {
				again = time.Time{}
			}
		}
	}
	if k.kind.Soon != nil {
		if soon := k.kind.Soon(before, next); soon > 0 && (!wanted || now.Add(soon).Before(look)) {
			look, wanted = now.Add(soon), true
		}
	}
	if !wanted {
		return again, nil
	}
	return again, k.ask(ctx, name, look)
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

// askFor asks for the look that a state wants.
func (k *Keeper[S]) askFor(ctx context.Context, name string, s S) error {
	look, wanted := k.kind.NextLook(s, k.now())
	if !wanted {
		return nil
	}
	return k.ask(ctx, name, look)
}
