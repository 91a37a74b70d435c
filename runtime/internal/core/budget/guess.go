package budget

import (
	"context"
	"fmt"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// The secrets that users may guess.
const (
	Passwords Name = "passwords"
	Codes     Name = "codes"
)

// Guesses is how failures are answered, for each user and secret: ten are free, then a pause
// of 5 s that doubles with each further failure, up to a quarter of an hour. They are
// forgotten after an hour without one.
var Guesses = stream.Backoff{Free: 10, Base: 5 * time.Second, Most: 15 * time.Minute, Forget: time.Hour}

// AllGuesses bounds the failures of all users at one password.
var AllGuesses = Limit{300, 10 * time.Minute}

// fewGuesses are the tries of a user that AllGuesses does not refuse: who types its password
// does not wait because others guess.
const fewGuesses = 3

// Guess is an attempt at a secret whose outcome is not known yet. It counts as a failure until
// Right or Void.
type Guess struct {
	g            *Guard
	kind         Name
	user, target string
	counted      bool
	// Count is how many attempts of the user count, this one included.
	Count int
}

// Guess counts an attempt of a user at the password of a target, or at codes where target is
// "". Errors: *wire.Error with rate_limited and a retryAfterMs that grows; those of the store.
func (g *Guard) Guess(ctx context.Context, kind Name, user, target string) (*Guess, error) {
	guess := &Guess{g: g, kind: kind, user: user, target: target, Count: 1}
	if g == nil {
		return guess, nil
	}
	try, err := g.store.Try(ctx, "a:"+user, guess.key(), Guesses)
	if err != nil {
		return nil, fmt.Errorf("count an attempt at %s: %w", kind, err)
	}
	g.metrics.used(kind, "pair", min(1, float64(try.Count)/float64(Guesses.Free)))
	if try.RetryAfter > 0 {
		g.metrics.refused(kind, "pair")
		return nil, Limited("too many wrong "+string(kind)+"; wait before the next try", try.RetryAfter)
	}
	guess.Count = try.Count
	return guess, guess.countAll(ctx)
}

func (x *Guess) key() string { return string(x.kind) + "\x00" + x.target }

func (x *Guess) bucket() stream.Bucket {
	return stream.Bucket{Key: string(x.kind), Events: AllGuesses.Events, Per: AllGuesses.Per}
}

// countAll counts the attempt at its target.
func (x *Guess) countAll(ctx context.Context) error {
	if x.target == "" {
		return nil
	}
	spent, err := x.g.store.Spend(ctx, x.owner(), x.bucket())
	if err != nil {
		return fmt.Errorf("count an attempt at %s: %w", x.kind, err)
	}
	x.g.metrics.used(x.kind, "target", spent.Used[0])
	x.counted = spent.Refused < 0
	if x.counted || x.Count <= fewGuesses {
		return nil
	}
	x.g.metrics.refused(x.kind, "target")
	x.Void(ctx)
	return Limited("too many wrong "+string(x.kind)+" are tried here at the moment", spent.RetryAfter)
}

func (x *Guess) owner() string { return "g:" + x.target }

// Right says that the guess was right. At a password, all failures of the user are forgotten; at
// codes only this attempt does not count, because a user who knows one code may go on guessing
// others. Where the store fails the attempt goes on counting, which harms nobody soon.
func (x *Guess) Right(ctx context.Context) { x.end(ctx, x.target != "") }

// Void records that the guess was not checked.
func (x *Guess) Void(ctx context.Context) { x.end(ctx, false) }

func (x *Guess) end(ctx context.Context, all bool) {
	if x.g == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	_ = x.g.store.Untry(ctx, "a:"+x.user, x.key(), all)
	if x.counted {
		_ = x.g.store.Return(ctx, x.owner(), x.bucket())
	}
}

// Queued counts a refusal because a queue of expensive work was full.
func (g *Guard) Queued(kind Name) {
	if g != nil {
		g.metrics.refused(kind, "queue")
	}
}
