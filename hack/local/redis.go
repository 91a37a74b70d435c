package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/alicebob/miniredis/v2"
)

// The kinds of Redis.
const (
	redisServer   = "redis-server"
	redisEmbedded = "embedded"
)

// redisState is the servers' shared Redis, in the state file.
type redisState struct {
	// Kind is redis-server or embedded (miniredis, in this process).
	Kind    string `json:"kind"`
	PID     int    `json:"pid"`
	Address string `json:"address"`
}

// redis is the servers' shared Redis: redis-server or the embedded one.
type redis struct {
	kind    string
	address string
	keeper  *redisKeeper
	server  *miniredis.Miniredis
}

// startRedis starts redis-server if it is installed, otherwise the embedded Redis, and
// prints its choice. Data goes to dir; with persistent it is kept from run to run.
func startRedis(ctx context.Context, log *console, dir string, persistent bool) (*redis, error) {
	program, err := exec.LookPath(redisServer)
	if err != nil {
		return startEmbedded(log)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make a directory for Redis: %w", err)
	}
	addresses, err := freeAddresses(ctx, 1)
	if err != nil {
		return nil, err
	}
	k := newRedisKeeper(log, program, redisArgs(addresses[0], dir, persistent), addresses[0])
	if err := k.start(ctx); err != nil {
		return nil, err
	}
	log.say("Redis: %s on %s, %s", program, addresses[0], keeps(persistent))
	return &redis{kind: redisServer, address: addresses[0], keeper: k}, nil
}

func keeps(persistent bool) string {
	if persistent {
		return "with persistent data (storage type Persistent)"
	}
	return "without persistent data (storage type Ephemeral)"
}

// redisArgs returns the settings: this machine only, and an append-only file or no data
// on disk.
func redisArgs(address, dir string, persistent bool) []string {
	host, port, _ := net.SplitHostPort(address)
	appendOnly := "no"
	if persistent {
		appendOnly = "yes"
	}
	return []string{
		"--bind", host, "--port", port, "--dir", dir,
		"--pidfile", filepath.Join(dir, "redis.pid"),
		"--save", "", "--appendonly", appendOnly, "--loglevel", "warning",
	}
}

// startEmbedded runs miniredis in this process, without data on disk.
func startEmbedded(log *console) (*redis, error) {
	server := miniredis.NewMiniRedis()
	server.ClockTTL(true)
	if err := server.Start(); err != nil {
		return nil, fmt.Errorf("start the embedded Redis: %w", err)
	}
	log.say("Redis: embedded (miniredis) on %s, because redis-server is not installed; "+
		"without persistent data", server.Addr())
	return &redis{kind: redisEmbedded, address: server.Addr(), server: server}, nil
}

// state returns the entry of the state file.
func (r *redis) state() redisState {
	s := redisState{Kind: r.kind, Address: r.address, PID: os.Getpid()}
	if r.keeper != nil {
		s.PID = r.keeper.pid()
	}
	return s
}

// stop ends Redis.
func (r *redis) stop() {
	if r.keeper != nil {
		r.keeper.end()
		return
	}
	r.server.Close()
}
