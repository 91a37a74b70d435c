package audit

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/runtime/wire"
	"github.com/anteroom/anteroom/test/audit/check"
	"github.com/anteroom/anteroom/test/audit/follow"
	"github.com/anteroom/anteroom/test/audit/plan"
	"github.com/anteroom/anteroom/test/audit/proxy"
	"github.com/anteroom/anteroom/test/audit/trace"
	"github.com/anteroom/anteroom/test/fleet"
	"github.com/anteroom/anteroom/test/redistest"
)

const (
	// connectWithin bounds the time until all devices have sessions.
	connectWithin = 30 * time.Second
	// lateBy is how far behind its plan a user may be before it skips steps.
	lateBy = 10 * time.Second
)

// Options are the options of a run.
type Options struct {
	// Dir is the folder for the trace.
	Dir string
	// Race builds the servers with the race detector.
	Race bool
}

// run is a run of the audit.
type run struct {
	t     testing.TB
	o     Options
	plan  plan.Plan
	trace *trace.Trace
	fleet *fleet.Fleet
	redis *redistest.Server
	ways  []*proxy.Proxy
	// stocks has the stock clients.
	stocks *host
	users  []*user
	board  *board
	api    *backend

	calls, tries, faults atomic.Int64
}

// Report is the result of a run.
type Report struct {
	Seed       int64
	Users      int
	Devices    int
	Servers    int
	Operations int64 // calls; Tries counts each sending
	Tries      int64
	Faults     int64
	Deliveries int // judged pushes
	Took       time.Duration
	Violations []check.Violation
	// TraceFile has every record, a JSON object per line.
	TraceFile string
	Records   []trace.Record
}

// String returns the report on one line.
func (r Report) String() string {
	return fmt.Sprintf("seed %d: %d servers, %d users, %d devices, %d operations in %d tries, %d faults, %d deliveries checked, %d violations, %v",
		r.Seed, r.Servers, r.Users, r.Devices, r.Operations, r.Tries, r.Faults, r.Deliveries, len(r.Violations), r.Took.Round(time.Second))
}

// Run runs the plan of a seed and judges its history.
func Run(t testing.TB, seed int64, o Options) Report {
	t.Helper()
	began := time.Now()
	file := filepath.Join(o.Dir, fmt.Sprintf("seed-%d.jsonl", seed))
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	r := &run{t: t, o: o, plan: plan.New(seed), trace: trace.New(out), board: newBoard()}
	r.api = &backend{run: r}
	r.start()
	r.connect()
	r.live()
	r.settle()
	r.judge()
	records := r.trace.Records()
	report := Report{
		Seed: seed, Users: len(r.users), Servers: r.plan.Servers, Operations: r.calls.Load(), Tries: r.tries.Load(),
		Faults: r.faults.Load(), TraceFile: file, Records: records, Violations: check.All(records), Took: time.Since(began),
	}
	for _, u := range r.users {
		report.Devices += len(u.devices)
	}
	for _, record := range records {
		if record.Kind == trace.Push {
			report.Deliveries++
		}
	}
	return report
}

// start starts Redis, a proxy to Redis for each server, and the servers.
func (r *run) start() {
	r.t.Helper()
	r.redis = redistest.Start(r.t, redistest.AppendOnly())
	for range r.plan.Servers {
		way, err := proxy.Listen(r.redis.Addr())
		if err != nil {
			r.t.Fatal(err)
		}
		r.ways = append(r.ways, way)
	}
	r.t.Cleanup(func() { // after the servers
		for _, way := range r.ways {
			way.Close()
		}
	})
	r.fleet = fleet.Start(r.t, fleet.Options{
		Manifest: filepath.Join("testdata", "cluster.yaml"), Servers: r.plan.Servers, Race: r.o.Race,
		Redis: func(i int) configv1.Redis {
			return configv1.Redis{Topology: configv1.RedisStandalone, Addresses: []string{r.ways[i].Addr()}}
		},
	})
}

// connect connects all devices.
func (r *run) connect() {
	r.t.Helper()
	r.stocks = startHost(r.t)
	for _, p := range r.plan.Users {
		u := &user{
			run: r, plan: p, name: p.Name, token: fleet.Token(r.t, p.Name, "chat:topic:*"),
			lobbies: make(map[string]lobbyView), tickets: make(map[string]wire.MMTicket), proposals: make(map[string]bool),
		}
		for _, pd := range p.Devices {
			u.devices = append(u.devices, r.device(u, pd))
		}
		r.users = append(r.users, u)
	}
	for _, u := range r.users {
		for _, d := range u.devices {
			go d.keep()
		}
	}
	r.t.Cleanup(func() { r.leave(func(*user) bool { return true }) })
	r.awaitSessions()
}

// dialer returns the dialer of a device of the plan.
func (r *run) dialer(p plan.Device) dialer {
	if p.Stock {
		return r.stocks.dial(p.Transport)
	}
	return dialRaw(p.Transport)
}

func (r *run) device(u *user, p plan.Device) *device {
	d := &device{
		user: u, name: p.Name, dial: r.dialer(p), track: follow.New(), run: r, server: p.Server,
		leaves: make(chan struct{}), done: make(chan struct{}), changed: make(chan struct{}), watched: make(map[string]wire.Presence),
	}
	return d
}

// awaitSessions waits until every device that has not left has a session.
func (r *run) awaitSessions() {
	r.t.Helper()
	deadline := time.Now().Add(connectWithin)
	for _, u := range r.users {
		for _, d := range u.staying() {
			if d.await(time.Until(deadline)) == nil {
				r.trace.Add(trace.Record{Kind: trace.Broken, User: u.name, Device: d.name, Text: fmt.Sprintf("no session within %v of the last fault", connectWithin)})
			}
		}
	}
}

// staying returns the user's devices that have not left.
func (u *user) staying() []*device {
	var all []*device
	for _, d := range u.devices {
		select {
		case <-d.leaves:
		default:
			all = append(all, d)
		}
	}
	return all
}

// leave closes all devices of the users.
func (r *run) leave(who func(*user) bool) {
	var leaving sync.WaitGroup
	for _, u := range r.users {
		if !who(u) {
			continue
		}
		for _, d := range u.devices {
			leaving.Go(d.leave)
		}
	}
	leaving.Wait()
}

// live performs the steps and the faults of the plan.
func (r *run) live() {
	r.trace.Note(trace.Phase, "live")
	began := time.Now()
	lanes := make(map[int]map[plan.Lane][]plan.Step)
	for _, s := range r.plan.Steps {
		if lanes[s.User] == nil {
			lanes[s.User] = make(map[plan.Lane][]plan.Step)
		}
		lanes[s.User][s.Lane()] = append(lanes[s.User][s.Lane()], s)
	}
	var acting sync.WaitGroup
	for u, of := range lanes {
		for _, steps := range of {
			acting.Go(func() {
				for _, s := range steps {
					time.Sleep(time.Until(began.Add(s.At))) // the plan's own time
					if time.Since(began) > r.plan.Length+lateBy {
						return
					}
					r.users[u].act(s)
				}
			})
		}
	}
	faults, stop := context.WithCancel(context.Background())
	acting.Go(func() { r.fail(faults, began) })
	acting.Wait()
	stop()
}
