package budget

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Guard spends the budgets of users. It is safe for concurrent use. A nil Guard refuses
// nothing.
type Guard struct {
	store   stream.Budgets
	metrics *Metrics
	local   *local
}

// NewGuard makes a Guard. Metrics may be nil.
func NewGuard(store stream.Budgets, metrics *Metrics) *Guard {
	return &Guard{store: store, metrics: metrics, local: newLocal(time.Now)}
}

// Request spends what a request costs before its handler runs. The handler's caller calls
// back when the request had no effect: then its targets get their tokens back, so that
// refused requests use up nothing of what others may send to them. The actor gets nothing
// back: an attempt counts. Back is nil when there is nothing to give back.
//
// Errors: *wire.Error with rate_limited and retryAfterMs; those of the store.
func (g *Guard) Request(ctx context.Context, actor, event string, req any) (back func(context.Context), err error) {
	act := Acts[event]
	if g == nil || act.Budget == "" || act.Inside || act.Applies != nil && !act.Applies(req) {
		return nil, nil
	}
	var targets []string
	if act.Targets != nil {
		targets = act.Targets(req)
	}
	return g.Spend(ctx, act.Budget, actor, targets...)
}

// Spend spends of a budget for an act of a user on some targets; see [Guard.Request]. The
// actor itself is no target.
func (g *Guard) Spend(ctx context.Context, name Name, actor string, targets ...string) (back func(context.Context), err error) {
	if g == nil {
		return nil, nil
	}
	b := find(name)
	if err := g.take(ctx, b, "actor", "a:"+actor, []scoped{{"actor", b.Actor, string(name)}}); err != nil {
		return nil, err
	}
	return g.reach(ctx, b, actor, targets)
}

// scoped is a bucket and whose it is.
type scoped struct {
	scope string
	Limit
	key string
}

// reach spends what an act costs its targets. One target that has no token refuses the act,
// and the targets before it get theirs back.
func (g *Guard) reach(ctx context.Context, b Budget, actor string, targets []string) (back func(context.Context), err error) {
	var done []string
	back = func(ctx context.Context) {
		for _, target := range done {
			// A token that cannot be given back is there again soon.
			_ = g.store.Return(ctx, "t:"+target, buckets(b.towards(actor))...)
		}
	}
	for _, target := range slices.Compact(slices.Sorted(slices.Values(targets))) {
		if target == actor || len(buckets(b.towards(actor))) == 0 {
			continue
		}
		if err := g.take(ctx, b, "target", "t:"+target, b.towards(actor)); err != nil {
			back(ctx)
			return nil, err
		}
		done = append(done, target)
	}
	if len(done) == 0 {
		return nil, nil
	}
	return back, nil
}

// towards are the buckets of a target that an actor draws on.
func (b Budget) towards(actor string) []scoped {
	return []scoped{
		{"pair", b.Pair, string(b.Name) + "\x00" + actor},
		{"target", b.Target, string(b.Name)},
	}
}

func buckets(all []scoped) []stream.Bucket {
	var some []stream.Bucket
	for _, s := range all {
		if s.Events > 0 {
			some = append(some, stream.Bucket{Key: s.key, Events: s.Events, Per: s.Per})
		}
	}
	return some
}

// take takes a token of each bucket that has a bound.
func (g *Guard) take(ctx context.Context, b Budget, what, owner string, all []scoped) error {
	all = slices.DeleteFunc(all, func(s scoped) bool { return s.Events <= 0 })
	if len(all) == 0 {
		return nil
	}
	spent, err := g.store.Spend(ctx, owner, buckets(all)...)
	if err != nil {
		return fmt.Errorf("spend the %s budget of an %s: %w", b.Name, what, err)
	}
	for i, used := range spent.Used {
		g.metrics.used(b.Name, all[i].scope, used)
	}
	if spent.Refused < 0 {
		return nil
	}
	scope := all[spent.Refused].scope
	g.metrics.refused(b.Name, scope)
	return refusal(b, scope, spent.RetryAfter)
}

func refusal(b Budget, scope string, wait time.Duration) *wire.Error {
	text := "too often: " + b.Meaning
	switch scope {
	case "pair":
		text = "too often towards this user: " + b.Meaning
	case "target":
		text = "too much reaches this user at the moment: " + b.Meaning
	}
	return Limited(text, wait)
}

// Limited is the refusal of what comes too early. The wait is rounded up, so that a client
// that waits so long is not early again.
func Limited(message string, wait time.Duration) *wire.Error {
	out := wire.Refuse(wire.CodeRateLimited, message)
	out.RetryAfterMs = max(1, (wait + time.Millisecond - 1).Milliseconds())
	return out
}

// Message spends the budgets of a chat message: the sender's rate over all channels, which a
// higher rate of the channel raises, and the budget of each user whom it reaches by a mention or
// a direct message. A quarter of the sender's rate passes on each pod without a request to the
// store.
func (g *Guard) Message(ctx context.Context, sender string, channel Limit, targets ...string) (back func(context.Context), err error) {
	if g == nil {
		return nil, nil
	}
	b := find(Messages)
	b.Actor = faster(b.Actor, channel)
	if !g.local.take(sender, Limit{max(1, b.Actor.Events/4), b.Actor.Per}) {
		if err := g.take(ctx, b, "actor", "a:"+sender, []scoped{{"actor", b.Actor, string(b.Name)}}); err != nil {
			return nil, err
		}
	}
	return g.reach(ctx, b, sender, targets)
}

// faster is the limit that allows more in the long run.
func faster(a, b Limit) Limit {
	if b.Events <= 0 || b.Per <= 0 || float64(b.Events)/float64(b.Per) <= float64(a.Events)/float64(a.Per) {
		return a
	}
	return b
}
