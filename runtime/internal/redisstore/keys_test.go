package redisstore_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/stream"
	"github.com/anteroom/anteroom/runtime/internal/stream/streamtest"
)

func names(t *testing.T, b *backend) {
	claim := func(owner string, ttl time.Duration) bool {
		t.Helper()
		ok, err := b.Claim(t.Context(), "code", "ABCD", owner, ttl)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	if _, err := b.Owner(t.Context(), "code", "ABCD"); !errors.Is(err, stream.ErrNotFound) {
		t.Errorf("nobody's: %v", err)
	}
	if !claim("a", time.Minute) || claim("b", time.Minute) || !claim("a", time.Minute) {
		t.Error("a has it, b does not, a extends it")
	}
	if owner, err := b.Owner(t.Context(), "code", "ABCD"); owner != "a" || err != nil {
		t.Errorf("owner %q, %v", owner, err)
	}
	if _, err := b.Owner(t.Context(), "other", "ABCD"); !errors.Is(err, stream.ErrNotFound) {
		t.Errorf("another space: %v", err)
	}
	if err := b.Release(t.Context(), "code", "ABCD", "b"); err != nil || claim("b", time.Minute) {
		t.Errorf("released by another: %v", err)
	}
	if err := b.Release(t.Context(), "code", "ABCD", "a"); err != nil || !claim("b", 50*time.Millisecond) {
		t.Errorf("released: %v", err)
	}
	streamtest.Eventually(t, "the claim ends", func() bool { return claim("c", time.Minute) })
}

func sets(t *testing.T, b *backend) {
	add := func(member string) bool {
		t.Helper()
		ok, err := b.Add(t.Context(), "user:ann", member, 2, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	if list, err := b.List(t.Context(), "user:ann"); len(list) != 0 || err != nil {
		t.Errorf("empty: %v, %v", list, err)
	}
	if !add("x") || !add("y") || add("z") || !add("x") {
		t.Error("two fit, a third does not, one that is in may come again")
	}
	if list, err := b.List(t.Context(), "user:ann"); !cmp.Equal(list, []string{"x", "y"}) || err != nil {
		t.Errorf("list: %v, %v", list, err)
	}
	if err := b.Remove(t.Context(), "user:ann", "x"); err != nil || !add("z") {
		t.Errorf("after one left: %v", err)
	}
	if err := b.Remove(t.Context(), "nobody", "x"); err != nil {
		t.Error(err)
	}
}

func replies(t *testing.T, b *backend) {
	one, two := [16]byte{1, '\n', 0}, [16]byte{2}
	begin := func(user string, hash [16]byte) stream.Reply {
		t.Helper()
		r, err := b.Begin(t.Context(), user, "k", hash, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	expect := func(what string, got, want stream.Reply) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	expect("new", begin("ann", one), stream.Reply{})
	expect("begun, not ended", begin("ann", one), stream.Reply{})
	expect("another request", begin("ann", two), stream.Reply{Mismatch: true})
	if err := b.Forget(t.Context(), "ann", "k", two); err != nil {
		t.Error(err)
	}
	expect("forgotten by another", begin("ann", two), stream.Reply{Mismatch: true})
	if err := b.Save(t.Context(), "ann", "k", one, []byte("answer"), time.Minute); err != nil {
		t.Error(err)
	}
	expect("known", begin("ann", one), stream.Reply{Known: true, Answer: []byte("answer")})
	expect("known, another request", begin("ann", two), stream.Reply{Mismatch: true})
	expect("another user", begin("bob", two), stream.Reply{})
	if err := b.Forget(t.Context(), "ann", "k", one); err != nil {
		t.Error(err)
	}
	expect("an answer is not forgotten", begin("ann", one), stream.Reply{Known: true, Answer: []byte("answer")})
	if err := b.Forget(t.Context(), "bob", "k", two); err != nil {
		t.Error(err)
	}
	expect("forgotten", begin("bob", one), stream.Reply{})
}

// looks records the looks of a pod's deadlines.
type looks struct {
	mu   sync.Mutex
	ids  []stream.ID
	next func(id stream.ID, nth int) (time.Time, error)
}

func (l *looks) look(_ context.Context, id stream.ID) (time.Time, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ids = append(l.ids, id)
	if l.next == nil {
		return time.Time{}, nil
	}
	return l.next(id, l.countLocked(id))
}

func (l *looks) countLocked(id stream.ID) int {
	n := 0
	for _, i := range l.ids {
		if i == id {
			n++
		}
	}
	return n
}

func (l *looks) count(id stream.ID) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.countLocked(id)
}

// run runs a pod's deadlines until the test ends, or the function it gives is called.
func (l *looks) run(t *testing.T, d stream.Deadlines) context.CancelFunc {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = d.Run(ctx, l.look) })
	stop := func() {
		cancel()
		running.Wait()
	}
	t.Cleanup(stop)
	return stop
}

func deadlines(t *testing.T, b *backend) {
	d := b.newDeadlines()
	schedule := func(id stream.ID, in time.Duration) {
		t.Helper()
		if err := d.Schedule(t.Context(), id, time.Now().Add(in)); err != nil {
			t.Fatal(err)
		}
	}
	schedule("lobby:past", -time.Minute)
	schedule("lobby:later", time.Hour)
	schedule("lobby:sooner", time.Hour)
	schedule("lobby:sooner", 100*time.Millisecond)
	schedule("lobby:stands", 100*time.Millisecond)
	schedule("lobby:stands", time.Hour)
	schedule("lobby:thrice", 0)
	schedule("lobby:fails", 0)
	l := &looks{next: func(id stream.ID, nth int) (time.Time, error) {
		switch {
		case id == "lobby:thrice" && nth < 3:
			return time.Now(), nil
		case id == "lobby:fails" && nth == 1:
			return time.Time{}, errors.New("cannot look now")
		}
		return time.Time{}, nil
	}}
	l.run(t, d)
	l.run(t, b.newDeadlines())
	want := map[stream.ID]int{
		"lobby:past": 1, "lobby:sooner": 1, "lobby:stands": 1, "lobby:thrice": 3,
	}
	for id, n := range want {
		streamtest.Eventually(t, string(id), func() bool { return l.count(id) >= n })
	}
	if n := l.count("lobby:later"); n != 0 {
		t.Error("looked at one that is not due")
	}
	// During a look, another may be asked for, however late.
	l.next = nil
	schedule("lobby:past", 0)
	streamtest.Eventually(t, "a second look", func() bool { return l.count("lobby:past") >= 2 })
}

// deadTaker: what a pod took and never gave back is looked at by another.
func deadTaker(t *testing.T, b *backend) {
	d := b.newDeadlines()
	if err := d.Schedule(t.Context(), room, time.Now()); err != nil {
		t.Fatal(err)
	}
	dead := &looks{next: func(stream.ID, int) (time.Time, error) { return time.Time{}, errors.New("dying") }}
	stop := dead.run(t, d)
	streamtest.Eventually(t, "the first look", func() bool { return dead.count(room) > 0 })
	stop()
	alive := &looks{}
	alive.run(t, b.newDeadlines())
	streamtest.Eventually(t, "another look", func() bool { return alive.count(room) > 0 })
}
