// Package plan makes all choices of an audit from a seed: users and their devices, the
// acts of each with their times, and the faults. The same seed gives the same plan; the
// interleaving of the users' steps is real and may differ.
package plan

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Plan is a run.
type Plan struct {
	Seed    int64
	Servers int
	// Length is how long the users act; the final checks follow.
	Length time.Duration
	Users  []User
	Steps  []Step // by time
	Faults []Fault
}

// User is a user with its devices.
type User struct {
	Name    string
	Devices []Device
	// Leaves reports that the user closes all connections at the end of the acts, and
	// stays offline.
	Leaves bool
}

// Device is a client.
type Device struct {
	Name string
	// Stock devices use the stock JavaScript client, other devices the raw client.
	Stock bool
	// Transport is websocket, polling or upgrade.
	Transport string
	// Server is the first server of the device.
	Server int
}

// Repeat is the way in which a request is sent more than once.
type Repeat string

// The ways to repeat a request. Without one, a request is repeated after a timeout or a
// cut.
const (
	// Parallel sends the same key on another device at once.
	Parallel Repeat = "parallel"
	// Later sends the same key again after the answer.
	Later Repeat = "later"
	// CutFirst cuts the connection right after the first try.
	CutFirst Repeat = "cut first"
)

// Step is an act of a user. Its target depends on the state at that moment, from which
// Pick chooses.
type Step struct {
	N      int
	At     time.Duration
	User   int
	Device int
	Op     string
	Pick   [4]float64
	Repeat Repeat
}

// Lane returns the lane of the act: a user performs the acts of a lane sequentially, and
// its lanes in parallel.
func (s Step) Lane() Lane { return laneOf[s.Op] }

// FaultKind is a kind of fault.
type FaultKind string

// The kinds of faults: of servers, of Redis, of the network between them, and of clients.
const (
	KillServer  FaultKind = "kill server"
	StopServer  FaultKind = "stop server"
	DrainServer FaultKind = "drain server"
	KillRedis   FaultKind = "kill redis"
	KillClients FaultKind = "client kill"
	StallWay    FaultKind = "stall way to redis"
	SlowWay     FaultKind = "slow way to redis"
	LoseAnswers FaultKind = "lose answers of redis"
	CutWay      FaultKind = "cut way to redis"
	CutDevice   FaultKind = "cut device"
	VanishHalf  FaultKind = "half-open device"
	SlowReader  FaultKind = "slow reader"
)

// Fault is a fault of Server, or of User and Device.
type Fault struct {
	At, For      time.Duration
	Kind         FaultKind
	Server       int
	User, Device int
	Pick         float64
}

// String returns the fault on one line.
func (f Fault) String() string {
	return fmt.Sprintf("%s server %d user %d for %v", f.Kind, f.Server, f.User, f.For.Round(time.Millisecond))
}

const (
	minUsers, maxUsers = 14, 40
	// stepsEvery is the mean time between two acts of a user.
	stepsEvery = 450 * time.Millisecond
	// settleIn is how long the users act before the first fault.
	settleIn = 2 * time.Second
)

// New returns the plan of a seed.
func New(seed int64) Plan {
	r := rand.New(rand.NewPCG(uint64(seed), 0x5eed))
	p := Plan{Seed: seed, Servers: 2 + r.IntN(2), Length: time.Duration(12+r.IntN(9)) * time.Second}
	for u := range minUsers + r.IntN(maxUsers-minUsers+1) {
		p.Users = append(p.Users, user(r, u, p.Servers))
	}
	for u := range p.Users {
		p.steps(r, u)
	}
	slices.SortStableFunc(p.Steps, func(a, b Step) int { return int(a.At - b.At) })
	for i := range p.Steps {
		p.Steps[i].N = i
	}
	p.faults(r)
	return p
}

// upTo returns a random time below d.
func upTo(r *rand.Rand, d time.Duration) time.Duration { return time.Duration(r.Int64N(int64(d))) }

func user(r *rand.Rand, n, servers int) User {
	u := User{Name: fmt.Sprintf("u%02d", n), Leaves: r.IntN(6) == 0}
	for d := range 1 + r.IntN(2) {
		u.Devices = append(u.Devices, Device{
			Name:      fmt.Sprintf("d%d", d),
			Stock:     (n+d)%3 == 0,
			Transport: []string{"websocket", "websocket", "upgrade", "polling"}[r.IntN(4)],
			Server:    spare(r).IntN(servers),
		})
	}
	return u
}

// spare draws an unused number, so that known seeds keep their plans.
func spare(r *rand.Rand) *rand.Rand {
	r.IntN(5)
	return r
}

func (p *Plan) steps(r *rand.Rand, u int) {
	first := []string{"lobby:enter", "chat:join", "party:enter"}
	for at := upTo(r, stepsEvery); at < p.Length; at += upTo(r, 2*stepsEvery) {
		s := Step{At: at, User: u, Device: r.IntN(len(p.Users[u].Devices)), Op: choose(r)}
		if len(first) > 0 {
			s.Op, first = first[0], first[1:]
		}
		for i := range s.Pick {
			s.Pick[i] = r.Float64()
		}
		switch r.IntN(12) {
		case 0, 1:
			s.Repeat = Parallel
		case 2:
			s.Repeat = Later
		case 3:
			s.Repeat = CutFirst
		}
		p.Steps = append(p.Steps, s)
	}
}

// faults plans the faults of servers and Redis sequentially, and those of clients in
// parallel.
func (p *Plan) faults(r *rand.Rand) {
	kinds := []FaultKind{
		KillServer, KillServer, StopServer, StopServer, DrainServer, KillRedis, KillClients,
		StallWay, StallWay, SlowWay, SlowWay, LoseAnswers, LoseAnswers, CutWay,
	}
	redisKilled := false
	for at := settleIn; at < p.Length-time.Second; {
		f := Fault{At: at, Kind: kinds[r.IntN(len(kinds))], Server: r.IntN(p.Servers), Pick: r.Float64()}
		f.For = 200*time.Millisecond + upTo(r, 2800*time.Millisecond)
		if f.Kind == KillRedis && redisKilled {
			f.Kind = KillClients
		}
		redisKilled = redisKilled || f.Kind == KillRedis
		p.Faults = append(p.Faults, f)
		at += f.For/2 + upTo(r, 2500*time.Millisecond)
	}
	for at := settleIn; at < p.Length; at += upTo(r, 1200*time.Millisecond) {
		u := r.IntN(len(p.Users))
		p.Faults = append(p.Faults, Fault{
			At: at, For: 500*time.Millisecond + upTo(r, 3*time.Second), User: u, Device: r.IntN(len(p.Users[u].Devices)),
			Kind: []FaultKind{CutDevice, CutDevice, CutDevice, VanishHalf, SlowReader}[r.IntN(5)],
		})
	}
	slices.SortStableFunc(p.Faults, func(a, b Fault) int { return int(a.At - b.At) })
}
