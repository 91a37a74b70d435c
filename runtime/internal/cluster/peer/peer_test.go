package peer_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/cluster/peer"
)

// registry is an in-memory peer.Registry on the test's clock.
type registry struct {
	mu       sync.Mutex
	until    map[string]time.Time
	sessions map[string][]peer.Session
	failing  bool
	// mute makes Renew take effect and return an error.
	mute bool
}

func newRegistry() *registry {
	return &registry{until: map[string]time.Time{}, sessions: map[string][]peer.Session{}}
}

func (r *registry) Renew(_ context.Context, pod string, ttl time.Duration) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failing {
		return false, errors.New("no store")
	}
	until, known := r.until[pod]
	r.until[pod] = time.Now().Add(ttl)
	if r.mute {
		return false, errors.New("no answer")
	}
	return !known || time.Now().After(until), nil
}

func (r *registry) Add(_ context.Context, pod string, sessions ...peer.Session) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range sessions {
		if !slices.Contains(r.sessions[pod], s) {
			r.sessions[pod] = append(r.sessions[pod], s)
		}
	}
	return nil
}

func (r *registry) Remove(_ context.Context, pod string, ids ...string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sessions[pod] = slices.DeleteFunc(r.sessions[pod], func(s peer.Session) bool { return slices.Contains(ids, s.ID) })
	return nil
}

func (r *registry) Swept(ctx context.Context, pod string, ids ...string) error {
	r.mu.Lock()
	r.until[pod] = time.Now() // the remaining sessions may be swept at once
	r.mu.Unlock()
	return r.Remove(ctx, pod, ids...)
}

func (r *registry) Lapsed(_ context.Context, limit int, hold time.Duration) (string, []peer.Session, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for pod, until := range r.until {
		if time.Now().Before(until) {
			continue
		}
		if len(r.sessions[pod]) == 0 {
			delete(r.until, pod)
			continue
		}
		r.until[pod] = time.Now().Add(hold)
		return pod, slices.Clone(r.sessions[pod][:min(limit, len(r.sessions[pod]))]), nil
	}
	return "", nil, nil
}

func (r *registry) Leave(_ context.Context, pod string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.until[pod] = time.Now()
	return nil
}

// pod records the calls of one lease under test.
type pod struct {
	mu       sync.Mutex
	gone     []string
	returned []string
}

func (p *pod) lease(r *registry, name string, gone error, live ...peer.Session) *peer.Lease {
	return peer.New(r, peer.Options{
		Pod: name, Interval: 5 * time.Second, TTL: 15 * time.Second, Log: slog.New(slog.DiscardHandler),
		Live: func() []peer.Session { return live },
		Gone: func(_ context.Context, s peer.Session) error {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.gone = append(p.gone, s.ID)
			return gone
		},
		Returned: func(_ context.Context, sessions []peer.Session) {
			p.mu.Lock()
			defer p.mu.Unlock()
			for _, s := range sessions {
				p.returned = append(p.returned, s.ID)
			}
		},
	})
}

// run runs the lease for a time and ends it.
func run(t *testing.T, l *peer.Lease, d time.Duration) {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	l.Run(ctx)
}

func TestSessionsOfADeadPodAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, survivor := newRegistry(), &pod{}
		r.until["dead"] = time.Now().Add(15 * time.Second)
		r.sessions["dead"] = []peer.Session{{ID: "s1", UserID: "ada"}, {ID: "s2", UserID: "bob"}}
		run(t, survivor.lease(r, "live", nil), 14*time.Second)
		if len(survivor.gone) != 0 {
			t.Fatalf("sessions of a pod with a live lease were closed: %v", survivor.gone)
		}
		run(t, survivor.lease(r, "live", nil), 7*time.Second)
		if diff := cmp.Diff([]string{"s1", "s2"}, survivor.gone); diff != "" {
			t.Fatalf("closed sessions (-want +got):\n%s", diff)
		}
		if len(r.sessions["dead"]) != 0 {
			t.Fatal("closed sessions are still registered")
		}
	})
}

func TestCloseOfASessionIsRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, survivor := newRegistry(), &pod{}
		r.until["dead"] = time.Now()
		r.sessions["dead"] = []peer.Session{{ID: "s1", UserID: "ada"}}
		run(t, survivor.lease(r, "live", errors.New("close failed")), 40*time.Second)
		if len(survivor.gone) < 2 {
			t.Fatalf("tried %d times, want at least 2", len(survivor.gone))
		}
		if len(r.sessions["dead"]) != 1 {
			t.Fatal("a session that was not closed was unregistered")
		}
	})
}

func TestReturnedPodOpensItsSessionsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, p := newRegistry(), &pod{}
		mine := peer.Session{ID: "s1", UserID: "ada"}
		lease := p.lease(r, "paused", nil, mine)
		run(t, lease, time.Second)
		if len(p.returned) != 0 {
			t.Fatal("a new pod opened sessions again")
		}
		if time.Now().Before(r.until["paused"]) {
			t.Fatal("Run did not end the lease")
		}
		delete(r.until, "paused")
		r.sessions["paused"] = nil
		run(t, lease, time.Second)
		if diff := cmp.Diff([]string{"s1"}, p.returned); diff != "" {
			t.Fatalf("reopened sessions (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]peer.Session{mine}, r.sessions["paused"]); diff != "" {
			t.Fatalf("listed sessions (-want +got):\n%s", diff)
		}
	})
}

func TestSessionsAreRegisteredWhenTheStoreReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, p := newRegistry(), &pod{}
		mine := peer.Session{ID: "s1", UserID: "ada"}
		lease := p.lease(r, "early", nil, mine)
		r.failing = true
		run(t, lease, 20*time.Second)
		r.failing = false
		run(t, lease, 6*time.Second)
		if diff := cmp.Diff([]peer.Session{mine}, r.sessions["early"]); diff != "" {
			t.Fatalf("listed sessions (-want +got):\n%s", diff)
		}
		if len(p.returned) != 0 {
			t.Fatal("a pod that was never known opened sessions again")
		}
	})
}

// Two live pods sweep concurrently and close each session once. All sessions of the dead
// pod are closed within 20 s of its death.
func TestTwoSweepersCloseEachSessionOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, one, two := newRegistry(), &pod{}, &pod{}
		died := time.Now()
		r.until["dead"] = died.Add(15 * time.Second) // the pod died right after a renewal
		var want []string
		for i := range 450 { // more than two steps of a sweep
			id := fmt.Sprintf("s%03d", i)
			want = append(want, id)
			r.sessions["dead"] = append(r.sessions["dead"], peer.Session{ID: id, UserID: "user-" + id})
		}
		var sweeping sync.WaitGroup
		for name, p := range map[string]*pod{"one": one, "two": two} {
			sweeping.Go(func() { run(t, p.lease(r, name, nil), 20*time.Second) })
		}
		sweeping.Wait()
		closed := slices.Sorted(slices.Values(append(one.gone, two.gone...)))
		if diff := cmp.Diff(want, closed); diff != "" {
			t.Errorf("closed within %v (-want +got):\n%s", time.Since(died), diff)
		}
	})
}

// The reply that reports the pod unknown is lost. The next reply finds the pod known; the
// pod opens its sessions again nevertheless.
func TestLostReplyThatThePodIsUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, p := newRegistry(), &pod{}
		mine := peer.Session{ID: "s1", UserID: "ada"}
		lease := p.lease(r, "cut", nil, mine)
		run(t, lease, time.Second)
		r.until["cut"] = time.Now().Add(15 * time.Second) // the lease has not ended

		r.failing = true
		run(t, lease, 16*time.Second)
		r.sessions["cut"] = nil
		r.failing, r.mute = false, true
		run(t, lease, time.Second)
		r.until["cut"] = time.Now().Add(15 * time.Second)
		r.mute = false
		run(t, lease, time.Second)
		if diff := cmp.Diff([]string{"s1"}, p.returned); diff != "" {
			t.Fatalf("reopened sessions (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]peer.Session{mine}, r.sessions["cut"]); diff != "" {
			t.Fatalf("listed sessions (-want +got):\n%s", diff)
		}
	})
}

// While the lease is live no pod closes its sessions, so a lost reply reopens nothing.
func TestLostReplyOfALiveLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, p := newRegistry(), &pod{}
		lease := p.lease(r, "well", nil, peer.Session{ID: "s1", UserID: "ada"})
		run(t, lease, time.Second)
		r.until["well"] = time.Now().Add(15 * time.Second)
		r.mute = true
		run(t, lease, 6*time.Second)
		r.until["well"] = time.Now().Add(15 * time.Second)
		r.mute = false
		run(t, lease, time.Second)
		if len(p.returned) != 0 {
			t.Fatalf("reopened %v, want nothing", p.returned)
		}
	})
}
