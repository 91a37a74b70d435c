//go:build linux

package main

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/anteroom/anteroom/test/load/drive"
)

// session is the work for one start of a target.
type session struct {
	target  target
	clients int
	room    int
	// connects names the metrics of connecting and of idle clients ("" omits them).
	connects string
	works    []job
	// size is the size of texts in bytes; 0 means drive.TextSize.
	size int
	// rest delays the works until the servers have finished the work after the connects.
	rest bool
	// takes is the approximate duration.
	takes time.Duration
}

// job is a work with the prefix of its metrics.
type job struct {
	name         string
	window, rate int
	setMember    bool
	// stall is the number of clients that stop reading before the work.
	stall int
	// lasts is the duration of the measurement; 0 means the default.
	lasts time.Duration
}

// The least share of one core that counts as saturated.
const saturated = 0.9

// run runs a session, and notes missing measurements.
func (b *bench) run(s session) {
	if time.Now().Add(s.takes).After(b.deadline) {
		b.miss(s, fmt.Sprintf("no time was left in the %v of this run", b.limit))
		return
	}
	began := time.Now()
	err := b.attempt(s)
	if err != nil {
		b.failed = append(b.failed, fmt.Sprintf("%s, %d clients in rooms of %d: %v", s.target.name, s.clients, s.room, err))
		b.miss(s, err.Error())
	}
	b.say("%-12s %6d clients, rooms of %-4d  %4.1f s  %s", s.target.key, s.clients, s.room, time.Since(began).Seconds(), b.line)
	if err != nil {
		b.say("  FAILED: %v", err)
	}
	b.line = ""
}

func (b *bench) miss(s session, why string) {
	if s.connects != "" {
		b.results.Miss(s.connects+".rss", s.target.key, why)
	}
	for _, j := range s.works {
		b.results.Miss(j.name+".dps", s.target.key, why)
		b.results.Miss(j.name+".p50", s.target.key, why)
	}
}

func (b *bench) attempt(s session) error {
	r, err := b.launch(s.target)
	if err != nil {
		return err
	}
	defer r.stop()
	l, err := drive.New(s.target.dialect(b), r.addrs, s.clients, s.room)
	if err != nil {
		return err
	}
	defer l.Close()
	if s.size > 0 {
		l.TextSize = s.size
	}
	if err := b.connect(s, r, l); err != nil {
		return r.failure(fmt.Errorf("connect: %w", err))
	}
	lobby, isLobby := l.Dialect.(*drive.Lobby)
	if isLobby && len(s.works) > 0 {
		if err := errors.Join(lobby.Gather(l), l.Idle(b.times.settle)); err != nil {
			return r.failure(fmt.Errorf("make lobbies: %w", err))
		}
	}
	if s.rest {
		if err := b.rest(s, r, l); err != nil {
			return r.failure(err)
		}
	}
	for _, j := range s.works {
		if isLobby {
			lobby.SetMember = j.setMember
		}
		if err := b.work(s, j, r, l); err != nil {
			return r.failure(fmt.Errorf("%s: %w", j.name, err))
		}
	}
	return nil
}

// connect connects all clients and lets them idle.
func (b *bench) connect(s session, r *running, l *drive.Load) error {
	empty, before := r.rss(), r.usage()
	if err := l.Connect(); err != nil {
		return err
	}
	took, used := time.Since(before.at), r.usage().since(before)
	idle := b.times.settle
	if s.connects != "" {
		idle = b.times.idle
	}
	if err := l.Idle(idle); err != nil {
		return err
	}
	if s.connects == "" {
		return nil
	}
	n := float64(s.clients)
	b.add(s, s.connects+".rss", (r.rss()-empty)/n)
	b.add(s, s.connects+".rate", n/took.Seconds())
	cpu := float64(used.server.Microseconds()) / 1e3 / n
	b.add(s, s.connects+".cpu", cpu)
	b.add(s, s.connects+".unsigned", cpu-float64(b.verifying.Microseconds())/1e3)
	b.limited(s, s.connects+".rate", used, took)
	b.note("%.1f KB, %.2f ms/connect", (r.rss()-empty)/n, cpu)
	return nil
}

// A server is at rest when it uses less than this share of a core for a second.
const (
	resting    = 0.1
	restWithin = 60 * time.Second
)

// rest waits until the servers are at rest, and notes their work until then.
func (b *bench) rest(s session, r *running, l *drive.Load) error {
	began := r.usage()
	for before := began; ; before = r.usage() {
		if err := l.Idle(time.Second); err != nil {
			return err
		}
		if r.usage().since(before).server.Seconds() < resting {
			break
		}
		if time.Since(began.at) > restWithin {
			return fmt.Errorf("the servers are not at rest %v after the connects", restWithin)
		}
	}
	after := float64(r.usage().since(began).server.Microseconds()) / 1e3 / float64(s.clients)
	b.add(s, "after.cpu", after)
	b.note("at rest %.1f s after the connects, %.2f ms each", time.Since(began.at).Seconds(), after)
	return nil
}

func (b *bench) work(s session, j job, r *running, l *drive.Load) error {
	var before, used usage
	if err := l.Stall(j.stall); err != nil {
		return err
	}
	empty := r.rss()
	seen, err := l.Run(drive.Work{
		Window: j.window, Rate: j.rate, Warmup: b.times.warmup, Measure: cmp.Or(j.lasts, b.times.measure),
		Begin: func() { before = r.usage() },
		End:   func() { used = r.usage().since(before) },
	})
	if err != nil {
		return err
	}
	if seen.Deliveries == 0 {
		return errors.New("nothing was delivered")
	}
	if j.stall > 0 {
		b.add(s, j.name+".rss", max(0, r.rss()-empty)/1024)
		b.add(s, j.name+".cut", float64(l.Cut()))
	}
	b.disturbed += used.others()
	b.measured += seen.Elapsed
	seconds, n := seen.Elapsed.Seconds(), float64(seen.Deliveries)
	b.add(s, j.name+".dps", n/seconds)
	b.add(s, j.name+".cpu", used.server.Seconds()/n*1e6)
	b.add(s, j.name+".busy", used.server.Seconds()/seconds*100)
	if r.redis != nil {
		b.add(s, j.name+".redis", used.redis.Seconds()/n*1e6)
		b.add(s, j.name+".bus", used.redisSent/n)
	}
	if seen.Commits > 0 {
		commits := float64(seen.Commits)
		b.add(s, j.name+".commits", commits/seconds)
		b.add(s, j.name+".commitcpu", used.server.Seconds()/commits*1e3)
		b.add(s, j.name+".ack50", ms(seen.Acked.Quantile(0.5)))
		b.add(s, j.name+".ack99", ms(seen.Acked.Quantile(0.99)))
	}
	if j.rate > 0 {
		b.add(s, j.name+".p50", ms(seen.Latency.Quantile(0.5)))
		b.add(s, j.name+".p99", ms(seen.Latency.Quantile(0.99)))
	}
	b.limited(s, j.name+".dps", used, seen.Elapsed)
	b.limited(s, j.name+".commits", used, seen.Elapsed)
	b.note("%s %.0f/s (server %.0f %%, load %.0f %%)", j.name, n/seconds, used.server.Seconds()/seconds*100, used.load.Seconds()/seconds*100)
	return nil
}

// limited marks a metric when the core of the load, with Redis if it shares the core, was
// saturated and the server's core was not.
func (b *bench) limited(s session, metric string, used usage, elapsed time.Duration) {
	load := used.load
	if b.redisCore == b.loadCore {
		load += used.redis
	}
	if load.Seconds() > saturated*elapsed.Seconds() && used.server.Seconds() < saturated*elapsed.Seconds() {
		b.results.Limited(metric, s.target.key)
	}
}

func (b *bench) add(s session, metric string, value float64) {
	b.results.Add(metric, s.target.key, value)
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1e3 }
