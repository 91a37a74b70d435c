package lobby

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/anteroom/anteroom/runtime/internal/core/stream/streamtest"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules/rulestest"
	"github.com/anteroom/anteroom/runtime/wire"
)

// oneCore is passwords with one core that is busy until the test gives it back, and so
// many places in the queue.
func oneCore(places int) (p *passwords, refused *int) {
	refused = new(int)
	p = newPasswords(bcrypt.MinCost, func() { *refused++ })
	p.free, p.most = 0, places
	return p, refused
}

func TestTheQueueOfPasswords(t *testing.T) {
	if all := newPasswords(bcrypt.MinCost, func() {}); all.most != maxWaiting*all.free {
		t.Errorf("%d may wait for %d cores", all.most, all.free)
	}
	p, refused := oneCore(3)
	var order []string
	var mu sync.Mutex
	var working sync.WaitGroup
	outcome := map[string]error{}
	ask := func(user string, tries int) {
		t.Helper()
		before := p.queued()
		working.Go(func() {
			err := p.enter(t.Context(), asker{user: user, tries: tries})
			mu.Lock()
			order, outcome[user] = append(order, user), err
			mu.Unlock()
			if err == nil {
				p.leave(user)
			}
		})
		streamtest.Eventually(t, "the queue changes", func() bool { return !slices.Equal(before, p.queued()) })
	}
	ask("often", 7)
	ask("twice", 2)
	ask("first", 1)
	for _, who := range []asker{{user: "first", tries: 1}, {user: "more", tries: 7}} {
		if err := p.enter(t.Context(), who); wire.CodeOf(err) != wire.CodeRateLimited {
			t.Errorf("%s: %v", who.user, err)
		}
	}
	ask("second", 1) // drives out who has failed most
	p.leave("")
	working.Wait()
	if wire.CodeOf(outcome["often"]) != wire.CodeRateLimited || !slices.Equal(order, []string{"often", "first", "second", "twice"}) {
		t.Errorf("the order is %q, %v", order, outcome)
	}
	if *refused != 3 || p.free != 1 || len(p.users) != 0 {
		t.Errorf("%d refused, %d cores free, users %v", *refused, p.free, p.users)
	}
}

// queued are the users who wait, in order.
func (p *passwords) queued() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var users []string
	for _, t := range p.waiting {
		users = append(users, t.user)
	}
	return users
}

// Who has gone is not worked for: 3,800 requests of connections that were closed leave nothing
// in the queue, and no password is compared for them.
func TestClosedConnectionsLeaveTheQueue(t *testing.T) {
	p, _ := oneCore(4000)
	gone := make(chan struct{})
	var working sync.WaitGroup
	for n := range 3800 {
		working.Go(func() {
			if _, err := p.match(t.Context(), asker{fmt.Sprint("user", n), 1, gone}, "no hash", "guess"); wire.CodeOf(err) != wire.CodeRateLimited {
				t.Errorf("got %v", err)
			}
		})
	}
	streamtest.Eventually(t, "all wait", func() bool { return len(p.queued()) == 3800 })
	close(gone)
	working.Wait()
	p.leave("")
	if len(p.queued()) != 0 || p.free != 1 || len(p.users) != 0 {
		t.Errorf("%d wait, %d cores free, %d users are known", len(p.queued()), p.free, len(p.users))
	}
	if err := p.enter(t.Context(), asker{"late", 1, gone}); wire.CodeOf(err) != wire.CodeRateLimited || p.free != 1 {
		t.Errorf("request of a closed connection: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	p.free = 0
	cancel()
	if _, err := p.hash(ctx, asker{user: "ann"}, "swordfish"); !errors.Is(err, context.Canceled) || len(p.users) != 0 {
		t.Errorf("hash: %v", err)
	}
}

// leave takes the client out of a lobby.
func (c *client) leave(id string) error {
	_, err := c.h.Leave(context.Background(), c.call, &wire.LobbyLeave{LobbyID: id})
	return err
}

// join tries to join.
func join(c *client, req *wire.LobbyJoin) error {
	_, err := c.h.Join(context.Background(), c.call, req)
	return err
}

// TestWrongPasswordsAreCounted: ten are answered, then a pause that doubles. Others, and who
// knows the password, are not hindered; who was right begins at none.
func TestWrongPasswordsAreCounted(t *testing.T) {
	w := newWorld(t, func(p *rules.Policy) { p.Join.MaxPerUser = 10 })
	ann, bob, cid := w.client("ann"), w.client("bob"), w.client("cid")
	l := w.state(ann.h.Create(t.Context(), ann.call, &wire.LobbyCreate{Type: "duel", Password: "swordfish"}))
	other := w.state(ann.h.Create(t.Context(), ann.call, &wire.LobbyCreate{Type: "duel", Password: "swordfish"}))
	guess := func(c *client, id, word string) error { return join(c, &wire.LobbyJoin{LobbyID: id, Password: word}) }
	fail := func(n int) {
		t.Helper()
		for range n {
			rulestest.WantRefusal(t, guess(bob, l.ID, "goldfish"), &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonWrongPassword})
		}
	}
	fail(10)
	for _, pause := range []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second} {
		rulestest.WantRefusal(t, guess(bob, l.ID, "swordfish"), &wire.Error{
			Code: wire.CodeRateLimited, Retryable: true, RetryAfterMs: pause.Milliseconds(),
		})
		w.pass(pause)
		fail(1)
	}
	if err := guess(bob, other.ID, "swordfish"); err != nil {
		t.Errorf("another lobby: %v", err)
	}
	if err := guess(cid, l.ID, "swordfish"); err != nil {
		t.Errorf("another user: %v", err)
	}
	w.pass(40 * time.Second)
	if err := guess(bob, l.ID, "swordfish"); err != nil {
		t.Errorf("after the pause: %v", err)
	}
	if err := bob.leave(l.ID); err != nil {
		t.Fatal(err)
	}
	fail(10)
}

// TestWrongCodesAreCounted: of codes, a right one forgives nothing, because its user may know it.
func TestWrongCodesAreCounted(t *testing.T) {
	w := newWorld(t, nil)
	ann, bob := w.client("ann"), w.client("bob")
	l := ann.create()
	for n := range 10 {
		rulestest.WantRefusal(t, join(bob, &wire.LobbyJoin{Code: fmt.Sprintf("WR0NG%d", n)}), &wire.Error{Code: wire.CodeNotFound})
		if n == 5 {
			if err := join(bob, &wire.LobbyJoin{Code: l.Code}); err != nil {
				t.Errorf("the right code: %v", err)
			}
		}
	}
	limited := &wire.Error{Code: wire.CodeRateLimited, Retryable: true, RetryAfterMs: 5000}
	rulestest.WantRefusal(t, join(bob, &wire.LobbyJoin{Code: "WRONG"}), limited)
	_, err := bob.h.RequestJoin(t.Context(), bob.call, &wire.LobbyRequestJoin{Code: "WRONG"})
	rulestest.WantRefusal(t, err, limited)
}

// TestRightPasswordsPassBetweenGuesses: 200 connections of 20 users guess at the real cost, as
// often as the limits permit. A user with the password joins with one of the first attempts,
// because users with fewer failures go first, and the guesses end after ten of each user.
func TestRightPasswordsPassBetweenGuesses(t *testing.T) {
	w := newWorld(t, nil)
	for _, h := range w.pods {
		h.service.passwords.cost = bcrypt.DefaultCost
	}
	ann, bob := w.client("ann"), w.client("bob")
	l := w.state(ann.h.Create(t.Context(), ann.call, &wire.LobbyCreate{Type: "duel", Password: "swordfish"}))
	over := make(chan struct{})
	var guessing sync.WaitGroup
	for n := range 200 {
		c := w.client(fmt.Sprint("guesser", n%20))
		guessing.Go(func() {
			for range 100 {
				select {
				case <-over:
					return
				default:
					_ = join(c, &wire.LobbyJoin{LobbyID: l.ID, Password: "goldfish"})
				}
			}
		})
	}
	var took []time.Duration
	for range 5 {
		began := time.Now()
		streamtest.Eventually(t, "the right password is let in", func() bool {
			return join(bob, &wire.LobbyJoin{LobbyID: l.ID, Password: "swordfish"}) == nil
		})
		took = append(took, time.Since(began))
		if err := bob.leave(l.ID); err != nil {
			t.Fatal(err)
		}
	}
	close(over)
	guessing.Wait()
	t.Log("a right password took ", took)
}
