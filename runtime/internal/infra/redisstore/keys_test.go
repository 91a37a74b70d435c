package redisstore_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/stream/streamtest"
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
		t.Errorf("free name: %v, want ErrNotFound", err)
	}
	if !claim("a", time.Minute) || claim("b", time.Minute) || !claim("a", time.Minute) {
		t.Error("want a to claim the name, b to be refused, a to extend it")
	}
	if owner, err := b.Owner(t.Context(), "code", "ABCD"); owner != "a" || err != nil {
		t.Errorf("owner %q, %v", owner, err)
	}
	if _, err := b.Owner(t.Context(), "other", "ABCD"); !errors.Is(err, stream.ErrNotFound) {
		t.Errorf("another space: %v, want ErrNotFound", err)
	}
	if err := b.Release(t.Context(), "code", "ABCD", "b"); err != nil || claim("b", time.Minute) {
		t.Errorf("released by another owner: %v", err)
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
		t.Error("want two members added, a third refused, a present member added again")
	}
	if list, err := b.List(t.Context(), "user:ann"); !cmp.Equal(list, []string{"x", "y"}) || err != nil {
		t.Errorf("list: %v, %v", list, err)
	}
	if err := b.Remove(t.Context(), "user:ann", "x"); err != nil || !add("z") {
		t.Errorf("add after a removal: %v", err)
	}
	if err := b.Remove(t.Context(), "nobody", "x"); err != nil {
		t.Error(err)
	}
}

func replies(t *testing.T, b *backend) {
	attempt := func(scope string, request byte, token string) stream.Attempt {
		return stream.Attempt{Scope: scope, Key: "k", Hash: [16]byte{request, '\n', 0}, Token: (token + "----------------")[:16]}
	}
	begin := func(a stream.Attempt, lease time.Duration) stream.Reply {
		t.Helper()
		r, err := b.Begin(t.Context(), a, lease, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	expect := func(what string, got, want stream.Reply) {
		t.Helper()
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(stream.Reply{}, "Until", "Held")); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
		if holds := want.Answer == nil && !want.Mismatch && want.Held == 0; holds != (got.Until > 0) || (want.Held > 0) != (got.Held > 0) {
			t.Errorf("%s: %+v", what, got)
		}
	}
	fine := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	ann, again, other := attempt("ann", 1, "first"), attempt("ann", 1, "second"), attempt("ann", 2, "third")
	bob := attempt("bob", 2, "first")
	held, mismatch := stream.Reply{Held: 1}, stream.Reply{Mismatch: true}
	known := stream.Reply{Known: true, Answer: []byte("answer\x00\n")}

	expect("new", begin(ann, time.Minute), stream.Reply{})
	expect("begun again by the same attempt", begin(ann, time.Minute), stream.Reply{})
	expect("held by the first attempt", begin(again, time.Minute), held)
	expect("another request", begin(other, time.Minute), mismatch)
	fine("forgotten by another request", b.Forget(t.Context(), other))
	fine("forgotten by another attempt", b.Forget(t.Context(), again))
	expect("still held", begin(again, time.Minute), held)
	if err := b.Save(t.Context(), again, []byte("other"), time.Minute); !errors.Is(err, stream.ErrFenced) {
		t.Errorf("save by an attempt without the key: %v, want ErrFenced", err)
	}
	if _, err := b.Extend(t.Context(), again, time.Minute); !errors.Is(err, stream.ErrFenced) {
		t.Errorf("renewal by an attempt without the key: %v, want ErrFenced", err)
	}
	if until, err := b.Extend(t.Context(), ann, 2*time.Minute); err != nil || until == 0 {
		t.Errorf("renew: %d, %v", until, err)
	}
	fine("save", b.Save(t.Context(), ann, known.Answer, time.Minute))
	expect("known", begin(again, time.Minute), known)
	expect("known, another request", begin(other, time.Minute), mismatch)
	fine("forget", b.Forget(t.Context(), ann))
	expect("an answer is not forgotten", begin(again, time.Minute), known)

	expect("another user", begin(bob, time.Minute), stream.Reply{})
	fine("abandon", b.Abandon(t.Context(), bob))
	expect("abandoned: another request", begin(attempt("bob", 1, "x"), time.Minute), mismatch)
	expect("abandoned: another attempt", begin(attempt("bob", 2, "second"), time.Minute), stream.Reply{})
	fine("forget", b.Forget(t.Context(), attempt("bob", 2, "second")))
	expect("forgotten", begin(attempt("bob", 1, "third"), time.Minute), stream.Reply{})
}

// fences checks that the writes of an attempt have no effect after its lease has ended, and
// that the next attempt begins only after that.
func fences(t *testing.T, b *backend) {
	first := stream.Attempt{Scope: "ann", Key: "k", Hash: [16]byte{1}, Token: "first-----------"}
	second := first
	second.Token = "second----------"
	begun, err := b.Begin(t.Context(), first, time.Millisecond, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	fence := stream.NewFence(begun.Until)
	ctx := stream.WithFence(t.Context(), fence)
	for reply := (stream.Reply{}); reply.Until == 0; {
		if reply, err = b.Begin(t.Context(), second, time.Minute, time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	writes := map[string]func(context.Context) error{
		"commit": func(ctx context.Context) error { _, err := b.Commit(ctx, numbered(room, 1)); return err },
		"claim":  func(ctx context.Context) error { _, err := b.Names.Claim(ctx, "s", "n", "o", time.Minute); return err },
		"add":    func(ctx context.Context) error { _, err := b.Add(ctx, "set", "m", 1, time.Minute); return err },
		"remove": func(ctx context.Context) error { return b.Remove(ctx, "set", "m") },
	}
	for name, write := range writes {
		if err := write(ctx); !errors.Is(err, stream.ErrFenced) || !errors.Is(err, stream.ErrUnavailable) {
			t.Errorf("%s after the lease: %v, want ErrFenced", name, err)
		}
	}
	fence.Extend(begun.Until + time.Hour.Milliseconds())
	for name, write := range writes {
		if err := write(ctx); err != nil {
			t.Errorf("%s within the lease: %v", name, err)
		}
	}
}

// looks records the deadlines that a pod has processed.
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

// run runs a pod's deadlines until the test ends or the returned function is called.
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
			return time.Time{}, errors.New("handler failed")
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
		t.Error("a deadline fired before its time")
	}
	// A new deadline may be scheduled while the stream is processed.
	l.next = nil
	schedule("lobby:past", 0)
	streamtest.Eventually(t, "the second deadline fires", func() bool { return l.count("lobby:past") >= 2 })
}

// deadTaker checks that another pod processes a deadline that a dead pod took.
func deadTaker(t *testing.T, b *backend) {
	d := b.newDeadlines()
	if err := d.Schedule(t.Context(), room, time.Now()); err != nil {
		t.Fatal(err)
	}
	dead := &looks{next: func(stream.ID, int) (time.Time, error) { return time.Time{}, errors.New("dying") }}
	stop := dead.run(t, d)
	streamtest.Eventually(t, "the dying pod takes the deadline", func() bool { return dead.count(room) > 0 })
	stop()
	alive := &looks{}
	alive.run(t, b.newDeadlines())
	streamtest.Eventually(t, "another look", func() bool { return alive.count(room) > 0 })
}
