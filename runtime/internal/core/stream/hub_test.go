package stream_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/stream/streamtest"
)

// pod is a running Hub with its own bus.
type pod struct {
	m   *streamtest.Memory
	bus *streamtest.Bus
	hub *stream.Hub
}

func newPod(t streamtest.TB, m *streamtest.Memory, opts ...stream.HubOption) *pod {
	bus := m.Bus()
	return &pod{m: m, bus: bus, hub: streamtest.StartHub(t, m, bus, opts...)}
}

func (p *pod) attach(t streamtest.TB, from stream.Position) *streamtest.Client {
	t.Helper()
	return streamtest.Attach(t, p.hub, room, from)
}

func (p *pod) follow(t streamtest.TB, from stream.Position) *streamtest.Client {
	t.Helper()
	return streamtest.Follow(t, p.hub, room, from)
}

// put commits one event whose data and document contain n.
func put(t streamtest.TB, m *streamtest.Memory, id stream.ID, n int) stream.Position {
	t.Helper()
	doc := fmt.Appendf(nil, `{"n":%d}`, n)
	r, err := m.Commit(context.Background(), stream.Commit{
		Stream: id, Doc: doc, Events: []stream.Event{{Name: "set", Data: doc}},
		Retain: stream.Retention{LogSize: 20, LogTTL: time.Hour, TTL: time.Hour},
	})
	if err != nil {
		t.Fatalf("commit: %v", err)
	}
	return r.Position
}

const room = stream.ID("chat:room")

func TestHubDeliversInOrder(t *testing.T) {
	p := newPod(t, streamtest.New())
	a := p.follow(t, stream.Position{})
	b := p.follow(t, stream.Position{})
	var at stream.Position
	for n := range 50 {
		at = put(t, p.m, room, n)
	}
	a.Arrives(t, at)
	b.Arrives(t, at)
	if len(a.Records()) != 50 || len(a.Resets()) != 0 {
		t.Errorf("%d records and %d resets, want 50 and 0", len(a.Records()), len(a.Resets()))
	}
}

func TestHubHoldsUntilStart(t *testing.T) {
	p := newPod(t, streamtest.New())
	first := p.follow(t, stream.Position{})
	c := p.attach(t, stream.Position{})
	var at stream.Position
	for n := range 10 {
		at = put(t, p.m, room, n)
	}
	first.Arrives(t, at)
	if n := len(c.Records()); n != 0 {
		t.Fatalf("%d records before Start, want 0", n)
	}
	c.Start()
	c.Arrives(t, at)
}

func TestHubHeldOverflow(t *testing.T) {
	p := newPod(t, streamtest.New())
	first := p.follow(t, stream.Position{})
	c := p.attach(t, stream.Position{})
	var at stream.Position
	for n := range 300 {
		at = put(t, p.m, room, n)
		first.Arrives(t, at)
	}
	c.Start()
	c.Arrives(t, at)
	if len(c.Resets()) != 1 {
		t.Errorf("%d resets, want 1: the log keeps 20", len(c.Resets()))
	}
}

func TestHubIgnoresDoublesAndTheDead(t *testing.T) {
	p := newPod(t, streamtest.New())
	at := put(t, p.m, room, 0)
	c := p.follow(t, stream.Position{})
	c.Arrives(t, at)
	double := c.Records()[0]
	p.bus.Inject(room, double)
	dead := double
	dead.Epoch, dead.Seq = "elsewhere", 7
	p.bus.Inject(room, dead)
	c.Arrives(t, put(t, p.m, room, 1))
	if len(c.Records()) != 2 || len(c.Resets()) != 0 {
		t.Errorf("%d records and %d resets, want 2 and 0", len(c.Records()), len(c.Resets()))
	}
}

func TestHubHealsTheBus(t *testing.T) {
	p := newPod(t, streamtest.New())
	c := p.follow(t, stream.Position{})
	c.Arrives(t, put(t, p.m, room, 0))
	p.bus.Break()
	put(t, p.m, room, 1)
	at := put(t, p.m, room, 2)
	p.bus.Heal()
	c.Arrives(t, at)
	if len(c.Records()) != 3 || len(c.Resets()) != 0 {
		t.Errorf("%d records and %d resets, want 3 and 0", len(c.Records()), len(c.Resets()))
	}
}

func TestHubResets(t *testing.T) {
	cases := map[string]func(t *testing.T, p *pod){
		"the log no longer contains the gap": func(t *testing.T, p *pod) {
			p.bus.Break()
			for n := range 25 {
				put(t, p.m, room, n)
			}
		},
		"the store lost all data": func(t *testing.T, p *pod) {
			p.m.Flush()
			put(t, p.m, room, 1)
		},
		"the store lost records that the client had": func(t *testing.T, p *pod) {
			p.bus.Break()
			p.m.LoseSuffix(room, 1, []byte(`{"n":0}`))
		},
	}
	for name, happen := range cases {
		t.Run(name, func(t *testing.T) {
			p := newPod(t, streamtest.New())
			put(t, p.m, room, 0)
			c := p.follow(t, stream.Position{})
			c.Arrives(t, put(t, p.m, room, 1))
			happen(t, p)
			p.bus.Heal()
			now, err := p.m.Load(t.Context(), room)
			if err != nil {
				t.Fatal(err)
			}
			c.Arrives(t, now.Position)
			resets := c.Resets()
			if len(resets) != 1 || string(resets[0].Doc) != string(now.Doc) {
				t.Errorf("resets: %+v; want one with the document %s", resets, now.Doc)
			}
		})
	}
}

// A client that did not receive any lost record keeps its position in the new epoch.
func TestHubKeepsPlaceOverFailover(t *testing.T) {
	p := newPod(t, streamtest.New())
	c := p.follow(t, stream.Position{})
	c.Arrives(t, put(t, p.m, room, 0))
	p.bus.Break()
	put(t, p.m, room, 1)
	p.m.LoseSuffix(room, 1, []byte(`{"n":0}`))
	at := put(t, p.m, room, 2)
	p.bus.Heal()
	c.Arrives(t, at)
	if len(c.Resets()) != 0 || len(c.Records()) != 2 {
		t.Errorf("%d resets and %d records, want 0 and 2", len(c.Resets()), len(c.Records()))
	}
}

// A follower has read a record from the Store that the bus has not brought, and a failover
// loses that record. The follower must not mistake the next record with that seq for it.
func TestHubAheadInALostEpoch(t *testing.T) {
	for name, after := range map[string]func(p *pod) stream.Position{
		"without a later commit": func(p *pod) stream.Position {
			now, _ := p.m.Load(t.Context(), room)
			return now.Position
		},
		"with other records at the same seqs": func(p *pod) stream.Position {
			put(t, p.m, room, 8)
			return put(t, p.m, room, 9)
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPod(t, streamtest.New())
			first := p.follow(t, stream.Position{})
			first.Arrives(t, put(t, p.m, room, 1))
			p.bus.Stall(true)
			saw := put(t, p.m, room, 2)
			ahead := p.follow(t, stream.Position{})
			ahead.Arrives(t, saw)
			p.bus.Break()
			p.m.LoseSuffix(room, 1, []byte(`{"n":1}`))
			at := after(p)
			p.bus.Stall(false)
			p.bus.Heal()
			ahead.Arrives(t, at)
			// The other follower missed nothing and learns of the new epoch with its next
			// record.
			streamtest.Eventually(t, "the other follower is at the new position", func() bool { return first.At().Seq == at.Seq })
			if len(ahead.Resets()) != 1 || len(first.Resets()) != 0 {
				t.Errorf("%d and %d resets, want 1 and 0", len(ahead.Resets()), len(first.Resets()))
			}
		})
	}
}

// A follower has read records that the bus has not brought yet. The store then loses the
// stream, which begins again.
func TestHubAheadOfAnotherBeginning(t *testing.T) {
	p := newPod(t, streamtest.New())
	first := p.follow(t, stream.Position{})
	p.bus.Stall(true)
	put(t, p.m, room, 1)
	saw := put(t, p.m, room, 2)
	ahead := p.follow(t, stream.Position{})
	ahead.Arrives(t, saw)
	p.bus.Break()
	p.m.Flush()
	p.bus.Stall(false)
	p.bus.Heal()
	at := put(t, p.m, room, 3)
	for _, c := range []*streamtest.Client{first, ahead} {
		c.Arrives(t, at)
		if c.State() != `{"n":3}` {
			t.Errorf("state %s, want {\"n\":3}", c.State())
		}
	}
}

// meddler runs a function between the Store's read and the return of its answer.
type meddler struct {
	*streamtest.Memory
	mu   sync.Mutex
	next func()
}

func (m *meddler) CatchUp(ctx context.Context, id stream.ID, from stream.Position) (stream.Catchup, error) {
	c, err := m.Memory.CatchUp(ctx, id, from)
	m.mu.Lock()
	next := m.next
	m.next = nil
	m.mu.Unlock()
	if next != nil {
		next()
	}
	return c, err
}

func (m *meddler) meddle(next func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.next = next
}

// The bus breaks between the Store's read for the first follower and its answer.
func TestHubResubscribedWhileAttaching(t *testing.T) {
	m := &meddler{Memory: streamtest.New()}
	bus := m.Bus()
	hub := streamtest.StartHub(t, m, bus)
	put(t, m.Memory, room, 1)
	const other = stream.ID("chat:other")
	beacon := streamtest.Follow(t, hub, other, stream.Position{})
	var at stream.Position
	m.meddle(func() {
		bus.Break()
		at = put(t, m.Memory, room, 2)
		bus.Heal()
		// The bus keeps the order: the confirmation of the subscription has arrived before
		// this record.
		beacon.Arrives(t, put(t, m.Memory, other, 1))
	})
	c := streamtest.Follow(t, hub, room, stream.Position{})
	c.Arrives(t, at)
}

// The subscription reaches a new epoch while a follower attaches with a position in the old epoch.
func TestHubEpochTurnsWhileAttaching(t *testing.T) {
	m := &meddler{Memory: streamtest.New()}
	bus := m.Bus()
	hub := streamtest.StartHub(t, m, bus)
	put(t, m.Memory, room, 1)
	first := streamtest.Follow(t, hub, room, stream.Position{})
	put(t, m.Memory, room, 2)
	first.Arrives(t, put(t, m.Memory, room, 3))
	var at stream.Position
	m.meddle(func() {
		bus.Break()
		m.LoseSuffix(room, 2, []byte(`{"n":1}`))
		put(t, m.Memory, room, 12)
		put(t, m.Memory, room, 13)
		at = put(t, m.Memory, room, 14)
		bus.Heal()
		first.Arrives(t, at)
	})
	c := streamtest.Follow(t, hub, room, stream.Position{})
	for _, c := range []*streamtest.Client{c, first} {
		c.Arrives(t, at)
		if c.State() != `{"n":14}` || len(c.Resets()) != 1 {
			t.Errorf("state %s and %d resets, want {\"n\":14} and 1", c.State(), len(c.Resets()))
		}
	}
}

func TestHubWaitsForTheStore(t *testing.T) {
	p := newPod(t, streamtest.New())
	c := p.follow(t, stream.Position{})
	c.Arrives(t, put(t, p.m, room, 0))
	p.bus.Break()
	at := put(t, p.m, room, 1)
	p.m.SetDown(true)
	p.bus.Heal()
	streamtest.Eventually(t, "it waits", func() bool { return p.hub.Stats().Behind > 0 })
	p.m.SetDown(false)
	c.Arrives(t, at)
}

func TestHubAttachFails(t *testing.T) {
	p := newPod(t, streamtest.New(), stream.WithLinger(0))
	p.m.SetDown(true)
	if _, err := p.hub.Attach(t.Context(), room, stream.Position{}, nil); !errors.Is(err, stream.ErrUnavailable) {
		t.Errorf("store down: %v", err)
	}
	p.m.SetDown(false)
	streamtest.Eventually(t, "unsubscribed", func() bool { return !p.bus.Asked(room) })
	p.bus.Break()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err := p.hub.Attach(ctx, room, stream.Position{}, nil)
	if !errors.Is(err, stream.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("bus down: %v", err)
	}
	if _, err := p.hub.Attach(t.Context(), "no kind", stream.Position{}, nil); err == nil {
		t.Error("Attach accepted an invalid id")
	}
}

func TestHubSubscribesWhileFollowed(t *testing.T) {
	p := newPod(t, streamtest.New(), stream.WithLinger(0))
	if p.bus.Asked(room) {
		t.Fatal("subscribed without a follower")
	}
	a, b := p.follow(t, stream.Position{}), p.follow(t, stream.Position{})
	a.Detach()
	a.Detach()
	if !p.bus.Asked(room) {
		t.Fatal("not subscribed with a follower")
	}
	b.Detach()
	streamtest.Eventually(t, "unsubscribed", func() bool { return !p.bus.Asked(room) })
	if s := p.hub.Stats(); s != (stream.HubStats{}) {
		t.Errorf("stats %+v, want zero", s)
	}
	put(t, p.m, room, 0)
	c := p.follow(t, stream.Position{})
	c.Arrives(t, put(t, p.m, room, 1))
}

// Followers attach from random positions while commits run.
func TestHubAttachUnderLoad(t *testing.T) {
	p := newPod(t, streamtest.New(), stream.WithLinger(time.Millisecond))
	stop := make(chan struct{})
	var writing sync.WaitGroup
	writing.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
				put(t, p.m, room, n)
			}
		}
	})
	var clients []*streamtest.Client
	for range 200 {
		clients = append(clients, p.follow(t, stream.Position{}))
		if len(clients) > 5 {
			clients[0].Detach()
			if f := clients[0].Faults(); len(f) > 0 {
				t.Fatalf("faults: %v", f)
			}
			clients = clients[1:]
		}
	}
	close(stop)
	writing.Wait()
	at := put(t, p.m, room, -1)
	for _, c := range clients {
		c.Arrives(t, at)
	}
}

// Whatever happens to the bus and the store, every client ends at the store's position with
// the same state, and has seen neither a gap nor a duplicate.
func TestHubProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := streamtest.New()
		pods := []*pod{newPod(t, m, stream.WithLinger(0)), newPod(t, m)}
		stalled, stands := map[*pod]bool{}, map[*pod]bool{}
		var clients []*streamtest.Client
		n := 0
		write := func() { n++; put(t, m, room, n) }
		anyPod := func(t *rapid.T) *pod { return rapid.SampledFrom(pods).Draw(t, "pod") }
		broken := map[*pod]bool{}
		t.Repeat(map[string]func(*rapid.T){
			"write": func(*rapid.T) { write() },
			"write much": func(*rapid.T) {
				for range 30 {
					write()
				}
			},
			"break": func(t *rapid.T) {
				p := anyPod(t)
				p.bus.Break()
				broken[p] = true
			},
			"heal": func(t *rapid.T) {
				p := anyPod(t)
				p.bus.Heal()
				broken[p] = false
			},
			"stall": func(t *rapid.T) {
				p := anyPod(t)
				stalled[p] = !stalled[p]
				p.bus.Stall(stalled[p])
			},
			"flush": func(*rapid.T) { m.Flush() },
			"fail over": func(t *rapid.T) {
				lost := rapid.IntRange(0, 3).Draw(t, "lost")
				m.LoseSuffix(room, lost, []byte(`{"n":-1}`))
				// A failover closes the connections.
				for _, p := range pods {
					p.bus.Break()
					p.bus.Heal()
					broken[p] = false
				}
			},
			"attach": func(t *rapid.T) {
				p := anyPod(t)
				if broken[p] || stalled[p] && !stands[p] {
					t.Skip("the bus cannot subscribe now")
				}
				stands[p] = p == pods[1] // which lingers
				var from stream.Position
				if len(clients) > 0 && rapid.Bool().Draw(t, "resumes") {
					from = rapid.SampledFrom(clients).Draw(t, "as").At()
				}
				clients = append(clients, p.attach(t, from))
			},
			"start": func(t *rapid.T) {
				if len(clients) == 0 {
					t.Skip("nobody")
				}
				rapid.SampledFrom(clients).Draw(t, "client").Start()
			},
			"detach": func(t *rapid.T) {
				if len(clients) == 0 {
					t.Skip("nobody")
				}
				i := rapid.IntRange(0, len(clients)-1).Draw(t, "client")
				clients[i].Detach()
				clients = append(clients[:i], clients[i+1:]...)
			},
		})
		for _, p := range pods {
			p.bus.Stall(false)
			p.bus.Break()
			p.bus.Heal()
		}
		write()
		now, err := m.Load(context.Background(), room)
		if err != nil {
			t.Fatalf("%v", err)
		}
		for _, c := range clients {
			c.Start()
			c.Arrives(t, now.Position)
			if got := c.State(); got != string(now.Doc) {
				t.Fatalf("the client's state is %s, the store's %s", got, now.Doc)
			}
		}
	})
}
