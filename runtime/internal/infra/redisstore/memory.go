package redisstore

import (
	"context"
	"strconv"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// Memory is the memory use of a primary, in bytes.
type Memory struct {
	Used uint64
	// Limit is maxmemory; 0 without a limit, or with a policy that evicts keys.
	Limit uint64
}

// Memory reads the memory use of the primary that uses the largest part of its limit, with
// INFO.
func (c *Client) Memory(ctx context.Context) (Memory, error) {
	cluster, ok := c.rdb.(*redis.ClusterClient)
	if !ok {
		return memoryOf(ctx, c.rdb)
	}
	var mu sync.Mutex
	var fullest Memory
	share := func(m Memory) float64 { return float64(m.Used) / float64(max(m.Limit, 1)) }
	err := cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		m, err := memoryOf(ctx, node)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		if fullest.Limit == 0 || m.Limit > 0 && share(m) > share(fullest) {
			fullest = m
		}
		return nil
	})
	return fullest, unavailable("read the memory", err)
}

func memoryOf(ctx context.Context, node redis.Cmdable) (Memory, error) {
	info, err := node.Info(ctx, "memory").Result()
	if err != nil {
		return Memory{}, unavailable("read the memory", err)
	}
	return parseMemory(info), nil
}

// parseMemory parses the section "memory" of INFO.
func parseMemory(info string) Memory {
	var m Memory
	evicts := false
	for line := range strings.Lines(info) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch name {
		case "used_memory":
			m.Used, _ = strconv.ParseUint(value, 10, 64) // 0 if it is not a number
		case "maxmemory":
			m.Limit, _ = strconv.ParseUint(value, 10, 64)
		case "maxmemory_policy":
			evicts = value != "noeviction"
		}
	}
	if evicts {
		m.Limit = 0
	}
	return m
}
