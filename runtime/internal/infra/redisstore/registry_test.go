package redisstore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sync/errgroup"

	"github.com/anteroom/anteroom/runtime/internal/cluster/peer"
	"github.com/anteroom/anteroom/runtime/internal/infra/redisstore"
	"github.com/anteroom/anteroom/test/redistest"
)

func openRegistry(t *testing.T) *redisstore.Registry {
	t.Helper()
	server := redistest.Start(t)
	c, err := redisstore.Open(t.Context(), redisstore.Options{
		Topology: redisstore.Standalone, Addresses: []string{server.Addr()}, Prefix: "t:",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c.Registry()
}

func TestRegistryOfPods(t *testing.T) {
	ctx, r := t.Context(), openRegistry(t)
	ada, bob := peer.Session{ID: "s1", UserID: "ada"}, peer.Session{ID: "s2", UserID: "bob"}

	renew(t, r, "p1", time.Minute, true)
	renew(t, r, "p1", time.Minute, false)
	must(t, r.Add(ctx, "p1", ada, bob))
	if pod, sessions := lapsed(t, r); pod != "" {
		t.Fatalf("took %v of a pod with a live lease", sessions)
	}

	must(t, r.Leave(ctx, "p1"))
	pod, sessions := lapsed(t, r)
	if diff := cmp.Diff(map[string]string{"s1": "ada", "s2": "bob"}, byID(sessions)); pod != "p1" || diff != "" {
		t.Fatalf("took %q (-want +got):\n%s", pod, diff)
	}
	if other, _ := lapsed(t, r); other != "" {
		t.Fatal("a second pod took the same pod")
	}
	must(t, r.Swept(ctx, "p1", "s1"))
	if pod, sessions = lapsed(t, r); pod != "p1" || len(sessions) != 1 || sessions[0] != bob {
		t.Fatalf("rest of the sweep: %q %v, want p1 and bob", pod, sessions)
	}
	must(t, r.Swept(ctx, "p1", "s2"))
	if pod, _ = lapsed(t, r); pod != "" {
		t.Fatal("a pod without sessions was taken")
	}
	renew(t, r, "p1", time.Minute, true)
}

// Of several pods that sweep concurrently, exactly one takes each expired pod.
func TestManySweepAtOnce(t *testing.T) {
	r, gone, sweepers := openRegistry(t), 10, 8
	for i := range gone {
		pod := fmt.Sprint("p", i)
		renew(t, r, pod, time.Minute, true)
		must(t, r.Add(t.Context(), pod, peer.Session{ID: "s" + pod, UserID: "u"}))
		must(t, r.Leave(t.Context(), pod))
	}
	var group errgroup.Group
	taken := make(chan string, gone*sweepers)
	for range sweepers {
		group.Go(func() error {
			for {
				pod, _, err := r.Lapsed(t.Context(), 100, time.Minute)
				if err != nil || pod == "" {
					return err
				}
				taken <- pod
			}
		})
	}
	must(t, group.Wait())
	close(taken)
	times := map[string]int{}
	for pod := range taken {
		times[pod]++
	}
	for i := range gone {
		if n := times[fmt.Sprint("p", i)]; n != 1 {
			t.Errorf("p%d was taken %d times, want once", i, n)
		}
	}
}

func TestSweptPodThatReturnsKeepsItsSessions(t *testing.T) {
	ctx, r := t.Context(), openRegistry(t)
	ada := peer.Session{ID: "s1", UserID: "ada"}
	renew(t, r, "p1", time.Minute, true)
	must(t, r.Add(ctx, "p1", ada))
	must(t, r.Leave(ctx, "p1"))
	if pod, _ := lapsed(t, r); pod != "p1" {
		t.Fatal("the expired pod was not taken")
	}

	renew(t, r, "p1", time.Minute, true)
	must(t, r.Add(ctx, "p1", ada))
	must(t, r.Swept(ctx, "p1", "s1"))
	renew(t, r, "p1", time.Minute, true) // its sessions may have been closed after it opened them again
	renew(t, r, "p1", time.Minute, false)

	must(t, r.Leave(ctx, "p1"))
	if pod, sessions := lapsed(t, r); pod != "p1" || len(sessions) != 1 {
		t.Fatalf("after the second expiry: %q with %v, want p1 with 1 session", pod, sessions)
	}
}

func TestRemovedSessionIsNotSwept(t *testing.T) {
	ctx, r := t.Context(), openRegistry(t)
	renew(t, r, "p1", time.Minute, true)
	must(t, r.Add(ctx, "p1", peer.Session{ID: "s1", UserID: "ada"}))
	must(t, r.Remove(ctx, "p1", "s1"))
	must(t, r.Leave(ctx, "p1"))
	if pod, sessions := lapsed(t, r); pod != "" {
		t.Fatalf("took %v of %s, want nothing", sessions, pod)
	}
}

func renew(t *testing.T, r *redisstore.Registry, pod string, ttl time.Duration, unknown bool) {
	t.Helper()
	got, err := r.Renew(context.Background(), pod, ttl)
	if err != nil || got != unknown {
		t.Fatalf("renew %s: unknown %v, %v; want %v", pod, got, err, unknown)
	}
}

func lapsed(t *testing.T, r *redisstore.Registry) (string, []peer.Session) {
	t.Helper()
	pod, sessions, err := r.Lapsed(t.Context(), 100, time.Minute)
	must(t, err)
	return pod, sessions
}

func byID(sessions []peer.Session) map[string]string {
	m := map[string]string{}
	for _, s := range sessions {
		m[s.ID] = s.UserID
	}
	return m
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestEndpointsOfPods(t *testing.T) {
	server := redistest.Start(t)
	c, err := redisstore.Open(t.Context(), redisstore.Options{
		Topology: redisstore.Standalone, Addresses: []string{server.Addr()}, Prefix: "t:",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	ctx, book := t.Context(), c.Endpoints()
	a, b := peer.NewEndpoint("10.0.0.1:8081"), peer.NewEndpoint("[fd00::2]:8081")
	short := peer.NewEndpoint("10.0.0.3:8081")

	announce(t, book, a, time.Minute, a)
	announce(t, book, b, time.Minute, a, b)
	announce(t, book, short, time.Millisecond, a, b, short)
	for deadline := time.Now().Add(10 * time.Second); ; {
		all, err := book.Announce(ctx, a, time.Minute)
		must(t, err)
		if len(all) == 2 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("a lease of a millisecond has not expired: %v", all)
		}
	}
	announce(t, book, a, time.Minute, a, b)
	must(t, book.Withdraw(ctx, a))
	announce(t, book, b, time.Minute, b)
}

func announce(t *testing.T, book *redisstore.Endpoints, self peer.Endpoint, ttl time.Duration, want ...peer.Endpoint) {
	t.Helper()
	got, err := book.Announce(t.Context(), self, ttl)
	must(t, err)
	byKey := cmpopts.SortSlices(func(a, b peer.Endpoint) bool { return a.Key < b.Key })
	if diff := cmp.Diff(want, got, byKey); diff != "" {
		t.Fatalf("endpoints (-want +got):\n%s", diff)
	}
}

// A pod that returned is reported unknown after its sweep, even when the reply to a renewal
// is lost or the sweeping pod died.
func TestReturnedPodLearnsOfItsSweep(t *testing.T) {
	c := open(t, standalone(redistest.Start(t)))
	ctx, r, sweeper := t.Context(), c.Registry(), c.Registry()
	swept := func(hold time.Duration) {
		t.Helper()
		must(t, r.Leave(ctx, "p1"))
		if pod, _, err := sweeper.Lapsed(ctx, 100, hold); err != nil || pod != "p1" {
			t.Fatalf("took %q, %v", pod, err)
		}
		renew(t, r, "p1", time.Minute, true)
		must(t, r.Add(ctx, "p1", peer.Session{ID: "s1", UserID: "ada"}))
	}
	renew(t, r, "p1", time.Minute, true)
	must(t, r.Add(ctx, "p1", peer.Session{ID: "s1", UserID: "ada"}))

	swept(time.Minute)
	must(t, sweeper.Swept(ctx, "p1", "s1"))
	c.LoseReply()
	if _, err := r.Renew(ctx, "p1", time.Minute); err == nil {
		t.Fatal("Renew returned no error although its reply was lost")
	}
	renew(t, r, "p1", time.Minute, true)
	renew(t, r, "p1", time.Minute, false)

	swept(time.Minute)
	renew(t, r, "p1", time.Minute, true) // the sweep is running, or its pod has died
}
