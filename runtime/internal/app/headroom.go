package app

import (
	"context"

	"github.com/anteroom/anteroom/runtime/internal/edge/headroom"
	"github.com/anteroom/anteroom/runtime/internal/infra/redisstore"
)

const (
	// reportStep and reportFrom, in percent, keep the report of Redis' memory from
	// changing with each reading.
	reportStep, reportFrom = 5, 60
)

// memoryOf reads the memory of Redis for a watch.
func memoryOf(client *redisstore.Client) func(context.Context) (headroom.Memory, error) {
	return func(ctx context.Context) (headroom.Memory, error) {
		m, err := client.Memory(ctx)
		return headroom.Memory(m), err
	}
}

// memoryReport rounds a share of Redis' memory for the server's report.
func memoryReport(percent int) int32 {
	if percent < reportFrom {
		return 0
	}
	return int32(min(percent, 100) / reportStep * reportStep) //nolint:gosec // at most 100
}
