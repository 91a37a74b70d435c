package lobby

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/anteroom/anteroom/runtime/internal/core/budget"
)

// maxWaiting is how many passwords wait for each core that works on them: about half a second
// of work. Requests beyond it are refused at once.
const maxWaiting = 8

// queueFull is the pause that a refused user is asked to make.
const queueFull = 500 * time.Millisecond

// passwords hashes and compares passwords, a few at a time, because each operation takes tens
// of milliseconds of a core by design.
//
// A user waits for a free core with one request at a time. Users with fewer failures go first,
// so that guesses do not delay a right password. When the queue is full, it refuses the request
// with the most failures.
type passwords struct {
	cost int
	// refused counts the refusals of the queue.
	refused func()

	mu      sync.Mutex
	free    int
	waiting []*turn
	users   map[string]bool
	most    int
}

// turn is a user in the queue.
type turn struct {
	user string
	// tries are the user's attempts, the first included.
	tries int
	// ready gets nil when it is the user's turn, or the refusal.
	ready chan error
}

func newPasswords(cost int, refused func()) *passwords {
	if cost == 0 {
		cost = bcrypt.DefaultCost
	}
	cores := max(1, runtime.GOMAXPROCS(0)/2)
	return &passwords{cost: cost, refused: refused, free: cores, most: maxWaiting * cores, users: map[string]bool{}}
}

// asker is the user for whom passwords works.
type asker struct {
	user  string
	tries int
	// gone is closed when the connection has closed.
	gone <-chan struct{}
}

// hash gives the hash of a password of at most maxPasswordBytes; "" for none.
func (p *passwords) hash(ctx context.Context, who asker, password string) (string, error) {
	if password == "" {
		return "", nil
	}
	if err := p.enter(ctx, who); err != nil {
		return "", err
	}
	defer p.leave(who.user)
	hash, err := bcrypt.GenerateFromPassword([]byte(password), p.cost)
	if err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	return string(hash), nil
}

// match reports whether a password has this hash.
func (p *passwords) match(ctx context.Context, who asker, hash, password string) (bool, error) {
	if err := p.enter(ctx, who); err != nil {
		return false, err
	}
	defer p.leave(who.user)
	err := bcrypt.CompareHashAndPassword([]byte(hash), []byte(password))
	if errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) || errors.Is(err, bcrypt.ErrPasswordTooLong) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("compare a password: %w", err)
	}
	return true, nil
}

// errGone ends the work for a connection that is closed. It says that nothing was done, so that
// a repeat on another connection need not wait.
var errGone = budget.Limited("the connection that asked is closed", 0)

// enter waits for a core, unless the queue refuses it, ctx ends, or the connection is closed.
func (p *passwords) enter(ctx context.Context, who asker) error {
	t, err := p.queue(who)
	if err != nil || t == nil {
		return err
	}
	select {
	case err = <-t.ready:
	case <-ctx.Done():
		err = fmt.Errorf("wait to check a password: %w", ctx.Err())
	case <-who.gone:
		err = errGone
	}
	if err != nil {
		p.abandon(t)
	}
	return err
}

// queue takes a core, or a place in the queue; then it gives the turn.
func (p *passwords) queue(who asker) (*turn, error) {
	select {
	case <-who.gone:
		return nil, errGone
	default:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.users[who.user] {
		return nil, p.full("a password of yours is being checked")
	}
	if p.free > 0 {
		p.free--
		p.users[who.user] = true
		return nil, nil
	}
	if len(p.waiting) >= p.most {
		last := p.waiting[len(p.waiting)-1]
		if last.tries <= who.tries {
			return nil, p.full("too many passwords are being checked")
		}
		p.remove(last)
		last.ready <- p.full("too many passwords are being checked")
	}
	p.users[who.user] = true
	t := &turn{user: who.user, tries: who.tries, ready: make(chan error, 1)}
	at, _ := slices.BinarySearchFunc(p.waiting, t.tries+1, func(w *turn, tries int) int { return w.tries - tries })
	p.waiting = slices.Insert(p.waiting, at, t)
	return t, nil
}

func (p *passwords) full(message string) error {
	p.refused()
	return budget.Limited(message, queueFull)
}

// remove takes a turn out of the queue; false when it is not in it.
func (p *passwords) remove(t *turn) bool {
	at := slices.Index(p.waiting, t)
	if at < 0 {
		return false
	}
	p.waiting = slices.Delete(p.waiting, at, at+1)
	delete(p.users, t.user)
	return true
}

// abandon removes a turn from the queue. If the turn has just got a core, the next turn gets
// it.
func (p *passwords) abandon(t *turn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.remove(t) {
		return
	}
	select {
	case err := <-t.ready:
		if err == nil {
			p.next(t.user)
		}
	default: // it was refused
	}
}

// leave ends the work for a user.
func (p *passwords) leave(user string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next(user)
}

// next hands a core on.
func (p *passwords) next(user string) {
	delete(p.users, user)
	if len(p.waiting) == 0 {
		p.free++
		return
	}
	t := p.waiting[0]
	p.waiting = slices.Delete(p.waiting, 0, 1)
	t.ready <- nil
}
