package redisstore_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/stream/streamtest"
)

// buckets checks that Spend takes a token from all buckets or from none, that returned
// tokens can be spent again, and that concurrent pods share a bucket.
func buckets(t *testing.T, b *backend) {
	many := stream.Bucket{Key: "many", Events: 20, Per: time.Hour}
	few := stream.Bucket{Key: "few", Events: 2, Per: time.Hour}
	spend := func(owner string, all ...stream.Bucket) stream.Spent {
		t.Helper()
		spent, err := b.Spend(t.Context(), owner, all...)
		if err != nil {
			t.Fatal(err)
		}
		return spent
	}
	spend("ann", many, few)
	second := spend("ann", many, few)
	if second.Refused != -1 || second.Used[0] < 0.09 || second.Used[0] > 0.11 || second.Used[1] < 0.99 {
		t.Errorf("second: %+v", second)
	}
	third := spend("ann", many, few)
	if third.Refused != 1 || third.RetryAfter < 29*time.Minute || third.RetryAfter > 30*time.Minute {
		t.Errorf("third: %+v", third)
	}
	if s := spend("bob", few); s.Refused != -1 {
		t.Errorf("another owner: %+v", s)
	}
	if err := b.Return(t.Context(), "ann", few); err != nil {
		t.Fatal(err)
	}
	if s := spend("ann", few, many); s.Refused != -1 || s.Used[1] > 0.16 {
		t.Errorf("after a return: %+v, want no refusal: a refused call takes no token", s)
	}
	var passed atomic.Int64
	var pods sync.WaitGroup
	for range 40 {
		pods.Go(func() {
			if s, err := b.Spend(t.Context(), "eve", many); err == nil && s.Refused < 0 {
				passed.Add(1)
			}
		})
	}
	if pods.Wait(); passed.Load() != 20 {
		t.Errorf("%d of 40 calls got a token, want 20", passed.Load())
	}
	quick := stream.Bucket{Key: "quick", Events: 1, Per: 20 * time.Millisecond}
	spend("ann", quick)
	streamtest.Eventually(t, "the bucket refills", func() bool { return spend("ann", quick).Refused < 0 })
}

// attempts checks that the first attempts are free, that each later attempt doubles the
// pause, and that Untry takes back one attempt or all.
func attempts(t *testing.T, b *backend) {
	slow := stream.Backoff{Free: 3, Base: time.Minute, Most: time.Hour, Forget: time.Hour}
	try := func(key string, back stream.Backoff) stream.Try {
		t.Helper()
		got, err := b.Try(t.Context(), "ann", key, back)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for n := 1; n <= 3; n++ {
		if got := try("x", slow); got.RetryAfter != 0 || got.Count != n {
			t.Errorf("attempt %d: %+v", n, got)
		}
	}
	if got := try("x", slow); got.Count != 3 || got.RetryAfter < 50*time.Second || got.RetryAfter > time.Minute {
		t.Errorf("fourth attempt: %+v", got)
	}
	if got := try("y", slow); got.RetryAfter != 0 {
		t.Errorf("another key: %+v", got)
	}
	untry := func(all bool) {
		t.Helper()
		if err := b.Untry(t.Context(), "ann", "x", all); err != nil {
			t.Fatal(err)
		}
	}
	untry(false)
	if got := try("x", slow); got.RetryAfter != 0 || got.Count != 3 {
		t.Errorf("after Untry of one attempt: %+v", got)
	}
	untry(true)
	if got := try("x", slow); got.RetryAfter != 0 || got.Count != 1 {
		t.Errorf("after Untry of all attempts: %+v", got)
	}
	growing, last := stream.Backoff{Free: 1, Base: 250 * time.Millisecond, Most: time.Hour, Forget: time.Hour}, time.Duration(0)
	for n := 1; n <= 3; n++ {
		streamtest.Eventually(t, "the pause ends", func() bool { return try("z", growing).RetryAfter == 0 })
		if got := try("z", growing); got.RetryAfter <= last/2 || got.Count != n {
			t.Errorf("pause %d: %+v after %v", n, got, last)
		} else {
			last = got.RetryAfter
		}
	}
}
