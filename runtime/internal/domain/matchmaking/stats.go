package matchmaking

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
)

// Stats returns a queue's figures, and the pod that is its matcher; "" for none.
func (s *Service) Stats(ctx context.Context, queue string) (Stats, string, error) {
	var now Stats
	found, err := s.Records.Get(ctx, partition(queue), stats, statsKey)
	if err != nil {
		return now, "", err
	}
	if err := decode(found[statsKey], &now); err != nil {
		return now, "", err
	}
	holder, err := s.Records.Holder(ctx, partition(queue))
	return now, holder, err
}

func (n Stats) change() (records.Change, error) {
	value, err := json.Marshal(n)
	if err != nil {
		return records.Change{}, fmt.Errorf("encode the figures of a queue: %w", err)
	}
	return records.Change{Table: stats, Key: statsKey, Any: true, Value: value}, nil
}

// writeStats stores the queue's figures when they have changed.
func (m *Matcher) writeStats(ctx context.Context, state *queueState) error {
	m.mu.Lock()
	now := state.waits.stats(state.waiting, m.s.Now())
	m.mu.Unlock()
	same := state.writtenStats
	same.At = now.At
	if now == same {
		return nil
	}
	change, err := now.change()
	if err != nil {
		return err
	}
	if err := m.s.Records.Apply(ctx, partition(state.name), records.Txn{Fence: state.fence, Changes: []records.Change{change}}); err != nil {
		return err
	}
	state.writtenStats = now
	return nil
}
