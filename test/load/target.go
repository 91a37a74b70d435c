//go:build linux

package main

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/anteroom/anteroom/test/load/drive"
)

// target is a measured server.
type target struct {
	key, name string
	// processes is the number of processes, which share a core.
	processes int
	redis     bool
	start     func(b *bench, redis string) (*process, string, error)
	dialect   func(b *bench) drive.Dialect
}

func raw(*bench) drive.Dialect        { return drive.Raw{} }
func socketIO(*bench) drive.Dialect   { return drive.SocketIO{} }
func engineIO(*bench) drive.Dialect   { return drive.EngineIO{} }
func centrifuge(*bench) drive.Dialect { return drive.Centrifuge{} }

// ours requires dense seqs, which Anteroom promises even over several processes.
func ours(b *bench) drive.Dialect { return &drive.Lobby{Tokens: b.keys.tokens, Dense: true} }

// theirs does not require dense seqs, because the Node handler's pushes may overtake each
// other.
func theirs(b *bench) drive.Dialect { return &drive.Lobby{Tokens: b.keys.tokens} }

// The targets. A target with a lobby dialect does the whole work of a product.
var (
	bare       = target{key: "bare", name: "bare write(2) loop", start: peer("bare"), dialect: raw}
	gws        = target{key: "gws", name: "gws 1.8.9 Broadcaster, raw WebSocket", start: peer("gws"), dialect: raw}
	centri     = target{key: "centrifuge", name: "centrifuge 0.40.1", start: peer("centrifuge"), dialect: centrifuge}
	node       = target{key: "node", name: "Node, socket.io 4.8", start: nodeServer("broadcast.mjs"), dialect: socketIO}
	nodeLobby  = target{key: "node-lobby", name: "Node, the same handler by hand", redis: true, start: nodeServer("lobby.mjs"), dialect: theirs}
	engine     = target{key: "engine", name: "Anteroom's engine alone (Engine.IO)", start: engineServer, dialect: engineIO}
	anteroom   = target{key: "anteroom", name: "**Anteroom**, chat in lobbies", redis: true, start: anteroomServer, dialect: ours}
	node2      = target{key: "node2", name: "Node, socket.io 4.8 + redis-adapter", processes: 2, redis: true, start: nodeServer("broadcast.mjs"), dialect: socketIO}
	streams2   = target{key: "node2-streams", name: "Node, socket.io 4.8 + redis-streams-adapter", processes: 2, redis: true, start: nodeServer("broadcast.mjs", "STREAMS=1"), dialect: socketIO}
	nodeLobby2 = target{key: "node-lobby2", name: nodeLobby.name, processes: 2, redis: true, start: nodeLobby.start, dialect: theirs}
	anteroom2  = target{key: "anteroom2", name: anteroom.name, processes: 2, redis: true, start: anteroomServer, dialect: ours}
)

// at returns the same target with a separate row, for a measurement at one size.
func (t target) at(key, name string) target {
	t.key, t.name = t.key+"-"+key, name
	return t
}

// peer starts a program of peers/.
func peer(name string) func(*bench, string) (*process, string, error) {
	return func(b *bench, _ string) (*process, string, error) {
		return announced(start(b.serverCore, nil, filepath.Join(b.bin, "peer-"+name)))
	}
}

// nodeServer starts a script of peers/node, with settings in its environment.
func nodeServer(script string, with ...string) func(*bench, string) (*process, string, error) {
	return func(b *bench, redis string) (*process, string, error) {
		env := append([]string{"NODE_ENV=production", "PUBLIC_KEY=" + b.keys.pem}, with...)
		if redis != "" {
			env = append(env, "REDIS="+redis)
		}
		return announced(start(b.serverCore, env, "node", filepath.Join(b.nodeDir, script)))
	}
}

// engineServer starts the test binary of runtime/internal/edge/engineio, which serves in
// its own benchmarks.
func engineServer(b *bench, _ string) (*process, string, error) {
	return announced(start(b.serverCore, []string{"ENGINEIO_BENCH_ROLE=engineio"}, filepath.Join(b.bin, "engineio.test")))
}

func anteroomServer(b *bench, redis string) (*process, string, error) {
	return b.cluster.startServer(b.serverCore, filepath.Join(b.bin, "server"), b.dir, redis)
}

// announced waits for the address in a process's output.
func announced(p *process, err error) (*process, string, error) {
	if err != nil {
		return nil, "", err
	}
	addr, err := p.firstLine()
	if err != nil {
		p.kill()
		return nil, "", err
	}
	return p, addr, nil
}

// running is a target that has started.
type running struct {
	servers []*process
	addrs   []string
	redis   *redisServer
}

func (b *bench) launch(t target) (*running, error) {
	r := &running{}
	redis := ""
	if t.redis {
		var err error
		if r.redis, err = startRedis(b.redisCore, b.dir); err != nil {
			return nil, err
		}
		redis = r.redis.addr
	}
	for range max(t.processes, 1) {
		p, addr, err := t.start(b, redis)
		if err != nil {
			r.stop()
			return nil, fmt.Errorf("start %s: %w", t.name, err)
		}
		r.servers, r.addrs = append(r.servers, p), append(r.addrs, addr)
	}
	return r, nil
}

func (r *running) stop() {
	for _, p := range r.servers {
		p.kill()
	}
	if r.redis != nil {
		r.redis.stop()
	}
}

// failure adds a server's error output to an error.
func (r *running) failure(err error) error {
	for _, p := range r.servers {
		if text := p.log.String(); text != "" {
			err = fmt.Errorf("%w; the server's output: %s", err, text)
		}
	}
	return err
}

// usage is the target's resource use so far.
type usage struct {
	at                           time.Time
	server, redis, load, machine time.Duration
	redisSent                    float64
}

func (r *running) usage() usage {
	u := usage{at: time.Now(), load: ownCPU(), machine: machineCPU()}
	for _, p := range r.servers {
		u.server += p.cpu()
	}
	if r.redis != nil {
		u.redis, u.redisSent = r.redis.cpu(), r.redis.sent()
	}
	return u
}

func (u usage) since(v usage) usage {
	return usage{
		server: u.server - v.server, redis: u.redis - v.redis, load: u.load - v.load,
		machine: u.machine - v.machine, redisSent: u.redisSent - v.redisSent,
	}
}

// others returns the use of unrelated programs.
func (u usage) others() time.Duration { return max(0, u.machine-u.server-u.redis-u.load) }

// rss returns the resident memory of all servers in KB.
func (r *running) rss() float64 {
	sum := 0.0
	for _, p := range r.servers {
		sum += p.rss()
	}
	return sum
}
