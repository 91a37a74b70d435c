package document

import (
	"context"
	"fmt"
)

// schedule asks for a look when next wants one before the state before it did, and
// when what follows from the change needs one.
func (k *Keeper[S]) schedule(ctx context.Context, name string, before *S, next S) error {
	now := k.now()
	look, wanted := k.kind.NextLook(next, now)
	if wanted && before != nil {
		was, asked := k.kind.NextLook(*before, now)
		wanted = !asked || look.Before(was)
	}
	if k.kind.Soon != nil {
		if soon := k.kind.Soon(before, next); soon > 0 && (!wanted || now.Add(soon).Before(look)) {
			look, wanted = now.Add(soon), true
		}
	}
	if !wanted {
		return nil
	}
	if err := k.deadlines.Schedule(ctx, k.ID(name), look); err != nil {
		return fmt.Errorf("schedule a look at %s: %w", k.ID(name), err)
	}
	return nil
}
