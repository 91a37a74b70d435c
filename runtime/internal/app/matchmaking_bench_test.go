package app

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	realtime "github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking"
	"github.com/anteroom/anteroom/runtime/internal/infra/redisstore"
	"github.com/anteroom/anteroom/runtime/wire"
	"github.com/anteroom/anteroom/test/redistest"
)

// benchInterval is the matcher's, as a queue has it that does not say another.
const benchInterval = time.Second

// duels has all services of a server, with a queue for two players that hands its matches to
// lobbies.
type duels struct {
	*core
	redis *redistest.Server

	mu sync.Mutex
	// possible has, by user id, the time at which a match became possible; matched has the time
	// at which the player received it.
	possible, matched map[string]time.Time
	all               atomic.Int64
}

// answering is a service that has a place for every match at once.
type answering struct{ matchmaking.Handoffs }

func (answering) Place(context.Context, matchmaking.Queue, matchmaking.Proposal) (matchmaking.Place, error) {
	return matchmaking.Place{MMHandoff: wire.MMHandoff{Type: "server", Address: "192.0.2.1:7777"}}, nil
}

// duelEvents records matches and passes the events to next, unless next is nil.
type duelEvents struct {
	d    *duels
	next matchmaking.Events
}

func (e duelEvents) Searching(ctx context.Context, ticketID string, users []string, searching bool) error {
	if e.next == nil {
		return nil
	}
	return e.next.Searching(ctx, ticketID, users, searching)
}

func (e duelEvents) Matched(ctx context.Context, id string, users []string, m wire.MMMatched) error {
	e.d.note(users)
	if e.next == nil {
		return nil
	}
	return e.next.Matched(ctx, id, users, m)
}

// startDuels starts the service and its matcher. With alone, matchmaking runs alone: matches
// are played elsewhere, and presence and inboxes do not change.
func startDuels(b *testing.B, alone bool) *duels {
	d := &duels{redis: redistest.Start(b), possible: map[string]time.Time{}, matched: map[string]time.Time{}}
	client, err := redisstore.Open(b.Context(), redisstore.Options{Topology: redisstore.Standalone, Addresses: []string{d.redis.Addr()}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = client.Close() })
	set := testPolicies("match")
	set.Lobbies[0].Spec.Join.MaxPerUser = 5
	set.Queues = []v1alpha1.MatchmakingQueue{{Name: "duel", Spec: realtime.MatchmakingQueueSpec{
		ClusterRef: realtime.ClusterReference{Name: "eu"},
		Teams:      []realtime.MatchTeam{{Name: "red", Min: 1, Max: 1}, {Name: "blue", Min: 1, Max: 1}},
		Attributes: []realtime.TicketAttribute{{Name: "skill", Type: realtime.TicketNumber, Source: realtime.SourceTicket}},
		Rules: []realtime.MatchRule{{
			Name: "skill", Type: realtime.RuleDistance, Attribute: "skill", Value: "100", Required: ptr(true),
		}},
		Timing:  realtime.MatchTiming{Interval: realtime.NewDuration(benchInterval), TicketTTL: realtime.NewDuration(10 * time.Minute)},
		Handoff: realtime.HandoffSpec{Type: realtime.HandoffLobby, LobbyPolicyRef: &realtime.LocalReference{Name: "match"}, Timeout: realtime.NewDuration(15 * time.Second)},
		Limits:  realtime.QueueLimits{TicketsPerUser: 1, MaxTickets: 1_000_000},
	}}}
	log := slog.New(slog.DiscardHandler)
	a := &App{settings: &Settings{config: testConfig(d.redis.Addr())}, log: log, pod: "bench", rules: newPolicies(set, "", nil, &claimNames{}, log)}
	d.core = &core{client: client}
	a.addServices(d.core)
	events := duelEvents{d, d.queues.Events}
	if alone {
		d.queues.Handoffs, events.next = answering{}, nil
	}
	d.queues.Events = events
	ctx, stop := context.WithCancel(b.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = d.matcher.Run(ctx) })
	running.Go(func() { d.whereabouts.run(ctx) })
	b.Cleanup(func() {
		stop()
		running.Wait()
	})
	return d
}

func (d *duels) note(users []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, user := range users {
		if _, told := d.matched[user]; !told {
			d.matched[user] = time.Now()
			d.all.Add(1)
		}
	}
}

// come connects users.
func (d *duels) come(b *testing.B, n int) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				if err := d.users.SessionOpened(b.Context(), duelist(int(i))); err != nil {
					b.Error(err)
				}
			}
		})
	}
	all.Wait()
}

func duelist(i int) request.Caller {
	user := fmt.Sprint("u", i)
	return request.Caller{User: request.User{ID: user, Name: user}, SessionID: user}
}

// enqueue queues the i-th user. Those of a pair suit each other and nobody else.
func (d *duels) enqueue(b *testing.B, i int) {
	_, err := d.queues.Enqueue(b.Context(), request.Call{Caller: duelist(i)}, &wire.MMEnqueue{Queue: "duel", Attributes: map[string]any{"skill": float64(i / 2 * 1000)}})
	if err != nil {
		b.Error(err)
	}
}

// wait waits until this many players have received their match.
func (d *duels) wait(b *testing.B, n int) {
	for until := time.Now().Add(2 * time.Minute); d.all.Load() < int64(n); time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			b.Fatalf("%d of %d tickets were matched", d.all.Load(), n)
		}
	}
}

// BenchmarkTickets is how many tickets a second go from mm:enqueue to mm:matched when
// more wait than can be served: matchmaking alone, and with the lobbies that are made, and
// the presence of the players.
func BenchmarkTickets(b *testing.B) {
	b.Run("alone", func(b *testing.B) { benchTickets(b, true) })
	b.Run("lobbies", func(b *testing.B) { benchTickets(b, false) })
}

func benchTickets(b *testing.B, alone bool) {
	d := startDuels(b, alone)
	n := b.N + b.N%2
	if !alone {
		d.come(b, n)
	}
	var next atomic.Int64
	own, redis := ownCPU(b), d.redisCPU(b)
	b.ResetTimer()
	var asking sync.WaitGroup
	for range 256 {
		asking.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				d.enqueue(b, int(i))
			}
		})
	}
	asking.Wait()
	d.wait(b, n)
	b.StopTimer()
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "tickets/s")
	b.ReportMetric((ownCPU(b)-own)*1e6/float64(n), "own-cpu-µs/op")
	b.ReportMetric((d.redisCPU(b)-redis)*1e6/float64(n), "redis-cpu-µs/op")
}

// BenchmarkTimeToMatch measures the time from a possible match until its players receive it, at a
// rate far below the highest rate.
func BenchmarkTimeToMatch(b *testing.B) {
	const rate = 500 // tickets a second
	d := startDuels(b, false)
	n := b.N + b.N%2
	d.come(b, n)
	b.ResetTimer()
	began := time.Now()
	var asking sync.WaitGroup
	for i := 0; i < n; i += 2 {
		time.Sleep(time.Until(began.Add(time.Duration(i) * time.Second / rate)))
		asking.Go(func() {
			d.enqueue(b, i)
			d.enqueue(b, i+1)
			d.mu.Lock()
			defer d.mu.Unlock()
			d.possible[fmt.Sprint("u", i)], d.possible[fmt.Sprint("u", i+1)] = time.Now(), time.Now()
		})
	}
	asking.Wait()
	d.wait(b, n)
	b.StopTimer()
	took := make([]float64, 0, n)
	for user, at := range d.matched {
		took = append(took, max(at.Sub(d.possible[user]).Seconds(), 0)*1e3)
	}
	slices.Sort(took)
	b.ReportMetric(took[n/2], "p50-ms")
	b.ReportMetric(took[n*99/100], "p99-ms")
	b.ReportMetric(float64(benchInterval.Milliseconds()), "interval-ms")
}

// ownCPU and redisCPU are seconds of processor time.
func ownCPU(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

func (d *duels) redisCPU(b *testing.B) float64 {
	var sum float64
	for line := range strings.Lines(d.redis.MustDo("INFO", "cpu")) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		if name == "used_cpu_user" || name == "used_cpu_sys" {
			seconds, err := strconv.ParseFloat(value, 64)
			if err != nil {
				b.Fatal(err)
			}
			sum += seconds
		}
	}
	return sum
}
