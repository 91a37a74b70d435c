// Package recordstest has an in-memory store of records and the contract test of every store.
package recordstest

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// Memory is an in-memory records.Store for tests. The test supplies its clock.
type Memory struct {
	mu         sync.Mutex
	now        func() time.Time
	down       bool
	partitions map[records.Partition]*partition
}

type partition struct {
	tables map[string]map[string][]byte
	log    map[string][]string // keys by table, in the order of their changes
	fence  records.Fence
	until  time.Time
	once   map[[2]string]time.Time // the time until which a Once is known
}

// New makes a Memory.
func New(now func() time.Time) *Memory {
	return &Memory{now: now, partitions: map[records.Partition]*partition{}}
}

// SetDown makes every call fail with stream.ErrUnavailable.
func (m *Memory) SetDown(down bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down = down
}

// open locks the store and returns a partition, which it creates if needed.
func (m *Memory) open(ctx context.Context, b records.Partition) (*partition, error) {
	m.mu.Lock()
	if m.down {
		m.mu.Unlock()
		return nil, stream.ErrUnavailable
	}
	if err := ctx.Err(); err != nil {
		m.mu.Unlock()
		return nil, err
	}
	if m.partitions[b] == nil {
		m.partitions[b] = &partition{
			tables: map[string]map[string][]byte{}, log: map[string][]string{}, once: map[[2]string]time.Time{},
		}
	}
	return m.partitions[b], nil
}

// Apply implements records.Store.
func (m *Memory) Apply(ctx context.Context, name records.Partition, s records.Txn) error {
	b, err := m.open(ctx, name)
	if err != nil {
		return err
	}
	defer m.mu.Unlock()
	if s.Fence != nil && (b.fence != *s.Fence || !m.now().Before(b.until)) {
		return records.ErrFenced
	}
	if s.Once != nil && m.now().Before(b.once[[2]string{s.Once.Scope, s.Once.Key}]) {
		return records.ErrCommitted
	}
	next := map[string]map[string][]byte{}
	for _, c := range s.Changes {
		was, there := b.tables[c.Table][c.Key]
		if !c.Any && (there != (c.Was != nil) || !bytes.Equal(was, c.Was)) {
			return &records.ConflictError{Table: c.Table, Key: c.Key}
		}
		if next[c.Table] == nil {
			next[c.Table] = maps.Clone(b.tables[c.Table])
			if next[c.Table] == nil {
				next[c.Table] = map[string][]byte{}
			}
		}
		if c.Value == nil {
			delete(next[c.Table], c.Key)
		} else {
			next[c.Table][c.Key] = bytes.Clone(c.Value)
		}
	}
	for _, bound := range s.Bounds {
		if len(next[bound.Table]) > bound.Most {
			return &records.FullError{Table: bound.Table}
		}
	}
	maps.Copy(b.tables, next)
	for _, c := range s.Changes {
		b.log[c.Table] = append(b.log[c.Table], c.Key)
	}
	if s.Once != nil {
		b.once[[2]string{s.Once.Scope, s.Once.Key}] = m.now().Add(s.Once.TTL)
	}
	return nil
}

// Committed implements records.Store.
func (m *Memory) Committed(ctx context.Context, name records.Partition, scope, key string) (bool, error) {
	b, err := m.open(ctx, name)
	if err != nil {
		return false, err
	}
	defer m.mu.Unlock()
	return m.now().Before(b.once[[2]string{scope, key}]), nil
}

// Get implements records.Store.
func (m *Memory) Get(ctx context.Context, name records.Partition, table string, keys ...string) (map[string][]byte, error) {
	b, err := m.open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	found := map[string][]byte{}
	for _, key := range keys {
		if value, there := b.tables[table][key]; there {
			found[key] = bytes.Clone(value)
		}
	}
	return found, nil
}

// All implements records.Store.
func (m *Memory) All(ctx context.Context, name records.Partition, table string) ([]records.Record, error) {
	b, err := m.open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	return b.all(table), nil
}

func (b *partition) all(table string) []records.Record {
	var found []records.Record
	for _, key := range slices.Sorted(maps.Keys(b.tables[table])) {
		found = append(found, records.Record{Key: key, Value: bytes.Clone(b.tables[table][key])})
	}
	return found
}

// Count implements records.Store.
func (m *Memory) Count(ctx context.Context, name records.Partition, table string) (int, error) {
	b, err := m.open(ctx, name)
	if err != nil {
		return 0, err
	}
	defer m.mu.Unlock()
	return len(b.tables[table]), nil
}

// Changed implements records.Store.
func (m *Memory) Changed(ctx context.Context, name records.Partition, table string, mark uint64) (records.Changes, error) {
	b, err := m.open(ctx, name)
	if err != nil {
		return records.Changes{}, err
	}
	defer m.mu.Unlock()
	log := b.log[table]
	changes := records.Changes{Mark: uint64(len(log))}
	if mark == 0 || mark > uint64(len(log)) {
		changes.Records, changes.Full = b.all(table), true
		return changes, nil
	}
	keys := slices.Clone(log[mark:])
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		changes.Records = append(changes.Records, records.Record{Key: key, Value: bytes.Clone(b.tables[table][key])})
	}
	return changes, nil
}

// Acquire implements records.Store.
func (m *Memory) Acquire(ctx context.Context, name records.Partition, holder string, ttl time.Duration) (records.Fence, bool, error) {
	b, err := m.open(ctx, name)
	if err != nil {
		return records.Fence{}, false, err
	}
	defer m.mu.Unlock()
	now := m.now()
	switch {
	case now.Before(b.until) && b.fence.Holder != holder:
		return records.Fence{}, false, nil
	case !now.Before(b.until):
		b.fence = records.Fence{Holder: holder, Token: b.fence.Token + 1}
	}
	b.until = now.Add(ttl)
	return b.fence, true, nil
}

// Release implements records.Store.
func (m *Memory) Release(ctx context.Context, name records.Partition, f records.Fence) error {
	b, err := m.open(ctx, name)
	if err != nil {
		return err
	}
	defer m.mu.Unlock()
	if b.fence == f {
		b.until = time.Time{}
	}
	return nil
}

// Holder implements records.Store.
func (m *Memory) Holder(ctx context.Context, name records.Partition) (string, error) {
	b, err := m.open(ctx, name)
	if err != nil {
		return "", err
	}
	defer m.mu.Unlock()
	if !m.now().Before(b.until) {
		return "", nil
	}
	return b.fence.Holder, nil
}
