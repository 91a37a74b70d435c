package audit

import (
	"context"
	"sync"
	"time"

	"github.com/anteroom/anteroom/test/audit/plan"
	"github.com/anteroom/anteroom/test/audit/trace"
)

// readyWithinFault bounds the time of the servers until they are ready after the last
// fault.
const readyWithinFault = 45 * time.Second

// fail performs the faults of the plan, and returns after all of them have ended.
func (r *run) fail(ctx context.Context, began time.Time) {
	var under sync.WaitGroup
	busy := make([]sync.Mutex, r.plan.Servers+1) // the last is for Redis
	for _, f := range r.plan.Faults {
		select {
		case <-ctx.Done():
		case <-time.After(time.Until(began.Add(f.At))):
		}
		under.Go(func() {
			switch f.Kind {
			case plan.CutDevice, plan.VanishHalf, plan.SlowReader:
				r.failDevice(f)
			case plan.KillRedis, plan.KillClients:
				r.exclusive(&busy[r.plan.Servers], f, r.failRedis)
			default:
				r.exclusive(&busy[f.Server], f, r.failServer)
			}
		})
	}
	under.Wait()
}

// exclusive performs a fault unless another fault is active; then it omits the fault.
func (r *run) exclusive(mu *sync.Mutex, f plan.Fault, do func(plan.Fault)) {
	if !mu.TryLock() {
		return
	}
	defer mu.Unlock()
	r.begun(f)
	do(f)
	r.trace.Note(trace.Fault, "over: %v", f)
}

func (r *run) begun(f plan.Fault) {
	r.faults.Add(1)
	r.trace.Note(trace.Fault, "%v", f)
}

func (r *run) failServer(f plan.Fault) {
	server, way := r.fleet.Servers[f.Server], r.ways[f.Server]
	switch f.Kind {
	case plan.KillServer:
		server.Kill()
		time.Sleep(f.For) // how long the server is down
		server.Start()
	case plan.StopServer:
		server.Stop()
		time.Sleep(f.For) // how long the server is paused
		server.Continue()
	case plan.DrainServer:
		server.Drain()
		server.Start()
	case plan.CutWay:
		way.Cut()
	case plan.StallWay:
		way.Stall()
		time.Sleep(f.For) // how long the network is stalled
		way.Heal()
	case plan.SlowWay:
		way.Slow(time.Duration(20+280*f.Pick) * time.Millisecond)
		time.Sleep(f.For) // how long the network is slow
		way.Heal()
	case plan.LoseAnswers:
		way.LoseAnswers(1 + int(10*f.Pick))
		time.Sleep(f.For) // how long answers may be lost
		way.Heal()
	}
}

func (r *run) failRedis(f plan.Fault) {
	if f.Kind == plan.KillRedis {
		r.redis.Kill()
		time.Sleep(f.For / 2) // how long Redis is down
		r.redis.Restart()
		return
	}
	kind := "normal"
	if f.Pick < 0.5 {
		kind = "pubsub"
	}
	_, _ = r.redis.Do("CLIENT", "KILL", "TYPE", kind) // a stopped Redis has no clients to kill
}

func (r *run) failDevice(f plan.Fault) {
	d := r.users[f.User].devices[f.Device]
	d.act(func(s *session) {
		r.begun(f)
		s.note(trace.Record{Kind: trace.Fault, Text: string(f.Kind)})
		switch f.Kind {
		case plan.CutDevice:
			s.client.Cut()
		case plan.VanishHalf:
			s.client.Vanish()
			time.Sleep(f.For / 2) // until the client notices the fault
			s.client.Cut()
		case plan.SlowReader:
			d.track.Slow()
			s.client.Pause()
			time.Sleep(f.For) // how long the client reads nothing
			s.client.Unpause()
		}
	})
}
