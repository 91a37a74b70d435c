package app

import (
	"context"
	"time"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
)

// recheckAgain is when a recheck of subscriptions that failed is tried again.
const recheckAgain = 2 * time.Second

// newRules puts policies into force: at once for requests, and for subscriptions as soon as
// they have been asked for again.
func (a *App) newRules(set *v1alpha1.PolicySet) {
	a.rules.apply(set)
	select {
	case a.revised <- struct{}{}:
	default: // a recheck that has not begun is due anyway
	}
}

// recheck asks for all subscriptions again after each change of policies, until ctx ends.
// While the store is away it tries again; what it did not ask for goes on until then.
func (a *App) recheck(k *core) func(context.Context) {
	return func(ctx context.Context) {
		for {
			select {
			case <-ctx.Done():
				return
			case <-a.revised:
			}
			for k.sessions.Recheck(ctx) != nil {
				select {
				case <-ctx.Done():
					return
				case <-time.After(recheckAgain):
				}
			}
		}
	}
}
