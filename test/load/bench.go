//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/anteroom/anteroom/test/load/report"
)

// bench is a run of all sessions.
type bench struct {
	options
	dir      string // for temporary files
	keys     *credentials
	cluster  *cluster
	results  *report.Results
	deadline time.Time
	began    time.Time
	times    times
	failed   []string
	line     string

	// disturbed is the processor time that other programs used during the measurements.
	disturbed, measured time.Duration

	cores, serverCore, loadCore, redisCore int
	// verifying is the time to check a token.
	verifying time.Duration
}

// times are the durations and repetitions of a run.
type times struct {
	rounds                        int
	warmup, measure, settle, idle time.Duration
}

// The lengths of a run.
var (
	fullTimes  = times{rounds: 3, warmup: 300 * time.Millisecond, measure: 1500 * time.Millisecond, settle: 200 * time.Millisecond, idle: 1500 * time.Millisecond}
	quickTimes = times{rounds: 1, warmup: 200 * time.Millisecond, measure: 800 * time.Millisecond, settle: 200 * time.Millisecond, idle: time.Second}
)

const (
	many  = 2000   // clients of most sessions
	crowd = 10_000 // clients of the sessions that measure memory
	fixed = 20_000 // deliveries a second where latency is measured
)

func (b *bench) prepare() error {
	var err error
	if b.keys, err = newCredentials(b.dir, crowd); err != nil {
		return err
	}
	b.verifying = b.keys.verifying()
	b.cluster, err = render(filepath.Join(b.bin, "manager"), b.manifest, b.keys)
	return err
}

// broadcasts returns sessions in which all targets broadcast in rooms of 100.
func (b *bench) broadcasts() []session {
	var all []session
	for _, t := range []target{bare, gws, centri, node, engine, nodeLobby, anteroom} {
		all = append(all, session{
			target: t, clients: many, room: 100, connects: "idle2k", takes: 15 * time.Second,
			works: []job{{name: "r100w4", window: 4}, {name: "r100w16", window: 16}, {name: "fixed", rate: fixed}},
		})
	}
	return all
}

// large returns the same in a room of 1,000.
func (b *bench) large() []session {
	var all []session
	for _, t := range []target{bare, gws, centri, node, engine} {
		all = append(all, session{target: t, clients: 1000, room: 1000, takes: 10 * time.Second, works: largeWorks})
	}
	return all
}

var largeWorks = []job{{name: "r1000w4", window: 4}, {name: "r1000w16", window: 16}}

// largeLobbies returns the same in lobbies. Filling such a lobby takes long, because each
// join is pushed to all members, so all rounds share a lobby.
func (b *bench) largeLobbies() []session {
	var all []session
	for _, t := range []target{nodeLobby, anteroom} {
		works := slices.Concat(largeWorks, largeWorks, largeWorks)
		all = append(all, session{target: t, clients: 1000, room: 1000, takes: 40 * time.Second, works: works})
	}
	return all
}

// product returns sessions with chat in small lobbies, and with commits that hardly any
// client receives.
func (b *bench) product() []session {
	var all []session
	for _, t := range []target{nodeLobby, anteroom} {
		all = append(all,
			session{target: t, clients: 800, room: 8, takes: 10 * time.Second, works: []job{{name: "r8w4", window: 4}}},
			session{target: t, clients: 256, room: 2, takes: 10 * time.Second, works: []job{
				{name: "chat", window: 1}, {name: "member", window: 1, setMember: true},
			}})
	}
	return all
}

// pairs returns sessions of two processes that share a core, and Redis.
func (b *bench) pairs() []session {
	var all []session
	for _, t := range []target{node2, streams2, nodeLobby2, anteroom2} {
		all = append(all, session{target: t, clients: many, room: 100, takes: 15 * time.Second, works: []job{
			{name: "pair", window: 4}, {name: "pairfixed", rate: fixed},
		}})
	}
	return all
}

// crowds returns sessions of many idle clients.
func (b *bench) crowds() []session {
	var all []session
	for _, t := range []target{bare, gws, centri, node, engine, nodeLobby, anteroom} {
		all = append(all, session{target: t, clients: crowd, room: 100, connects: "idle10k", takes: 12 * time.Second})
	}
	return all
}

// The rows of constant costs: the same rate with few and with many clients. The bare loop
// shows the kernel's part.
var (
	bareFewSockets  = bare.at("1k", "bare write(2) loop, 1,000 sockets in rooms of 100")
	bareManySockets = bare.at("10k", "bare write(2) loop, 10,000 sockets in rooms of 100")
	bareFewRooms    = bare.at("few", "bare write(2) loop, 50 rooms of 2")
	bareManyRooms   = bare.at("many", "bare write(2) loop, 5,000 rooms of 2")

	fewSockets  = engine.at("1k", "engine, 1,000 sockets in rooms of 100")
	manySockets = engine.at("10k", "engine, 10,000 sockets in rooms of 100")
	fewRooms    = engine.at("few", "engine, 50 rooms of 2")
	manyRooms   = engine.at("many", "engine, 5,000 rooms of 2")
	fewLobbies  = anteroom.at("few", "**Anteroom**, 50 lobbies of 2")
	manyLobbies = anteroom.at("many", "**Anteroom**, 5,000 lobbies of 2")

	withStalled = anteroom.at("stalled", anteroom.name)
)

// growth returns sessions with the same rate over few and over many sockets, rooms and
// streams.
func (b *bench) growth() []session {
	const commits = 1000 // a second; each is two deliveries
	grow := func(t target, clients, room, rate int) session {
		return session{
			target: t, clients: clients, room: room, rest: true, takes: 15 * time.Second,
			works: []job{{name: "grow", rate: rate}, {name: "grow", rate: rate}},
		}
	}
	return []session{
		grow(bareFewSockets, 1000, 100, fixed), grow(bareManySockets, crowd, 100, fixed),
		grow(bareFewRooms, 100, 2, fixed), grow(bareManyRooms, crowd, 2, fixed),
		grow(fewSockets, 1000, 100, fixed), grow(manySockets, crowd, 100, fixed),
		grow(fewRooms, 100, 2, fixed), grow(manyRooms, crowd, 2, fixed),
		grow(fewLobbies, 100, 2, 2*commits), grow(manyLobbies, crowd, 2, 2*commits),
	}
}

// stalled returns sessions in which a quarter of the clients stop reading long messages.
func (b *bench) stalled() []session {
	const eachReceives = 20 // messages a second
	return []session{{
		target: withStalled, clients: many, room: 100, size: 10_000, takes: 60 * time.Second, works: []job{
			{name: "reading", rate: eachReceives * many, lasts: 3 * time.Second},
			{name: "stalled", rate: eachReceives * many * 3 / 4, stall: many / 4, lasts: 30 * time.Second},
		},
	}}
}

// all runs every session for all targets, and reverses the order in every other round.
// Single measurements come after the first round, so that a short run has fewer rounds,
// not fewer rows.
func (b *bench) all() {
	for round := range b.times.rounds {
		sessions := slices.Concat(b.broadcasts(), b.product(), b.pairs(), b.large())
		if round%2 == 1 {
			slices.Reverse(sessions)
		}
		b.say("round %d of %d", round+1, b.times.rounds)
		b.each(sessions)
		if round == 0 && (!b.quick || b.only != nil) && b.wants(matchingKey) {
			b.say("matchmaking")
			b.matchmaking()
		}
		if round == 0 && (!b.quick || b.only != nil) && b.wants(searchKey) {
			b.say("search")
			b.search()
		}
		if round == 0 && !b.quick {
			b.say("10,000 clients, large lobbies, growth and clients that do not read")
			b.commitBenchmark()
			b.each(slices.Concat(b.crowds(), b.growth(), b.largeLobbies(), b.stalled()))
		}
	}
}

func (b *bench) each(sessions []session) {
	for _, s := range sessions {
		if b.wanted(s) {
			b.run(s)
		}
	}
}

// wanted reports whether a session is selected (-only).
func (b *bench) wanted(s session) bool { return b.wants(s.target.key) }

func (b *bench) wants(key string) bool { return b.only == nil || b.only.MatchString(key) }

func (b *bench) say(format string, args ...any) {
	_, _ = fmt.Fprintf(os.Stderr, "%5.0f s  %s\n", time.Since(b.began).Seconds(), fmt.Sprintf(format, args...))
}

// note appends to the line of the session.
func (b *bench) note(format string, args ...any) {
	if b.line != "" {
		b.line += "; "
	}
	b.line += fmt.Sprintf(format, args...)
}
