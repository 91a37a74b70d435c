package streamtest

import (
	"context"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// tries is the state of a Backoff.
type tries struct {
	count       int
	until, ends time.Time
}

// Spend implements stream.Budgets.
func (m *Memory) Spend(ctx context.Context, owner string, buckets ...stream.Bucket) (stream.Spent, error) {
	if err := m.lock(ctx); err != nil {
		return stream.Spent{}, err
	}
	defer m.mu.Unlock()
	now, spent := m.now(), stream.Spent{Refused: -1}
	whole := make([]time.Time, len(buckets))
	for i, b := range buckets {
		if whole[i] = m.buckets[[2]string{owner, b.Key}]; whole[i].Before(now) {
			whole[i] = now
		}
		whole[i] = whole[i].Add(b.Per / time.Duration(b.Events))
		if wait := whole[i].Add(-b.Per).Sub(now); wait > 0 && spent.Refused < 0 {
			spent.Refused, spent.RetryAfter = i, wait
		}
		spent.Used = append(spent.Used, min(1, float64(whole[i].Sub(now))/float64(b.Per)))
	}
	for i, b := range buckets {
		if spent.Refused < 0 {
			m.buckets[[2]string{owner, b.Key}] = whole[i]
		}
	}
	return spent, nil
}

// Return implements stream.Budgets.
func (m *Memory) Return(ctx context.Context, owner string, buckets ...stream.Bucket) error {
	if err := m.lock(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	for _, b := range buckets {
		key := [2]string{owner, b.Key}
		m.buckets[key] = m.buckets[key].Add(-b.Per / time.Duration(b.Events))
	}
	return nil
}

// Try implements stream.Budgets.
func (m *Memory) Try(ctx context.Context, owner, key string, b stream.Backoff) (stream.Try, error) {
	if err := m.lock(ctx); err != nil {
		return stream.Try{}, err
	}
	defer m.mu.Unlock()
	now, at := m.now(), [2]string{owner, key}
	t := m.tries[at]
	if !now.Before(t.ends) {
		t = tries{}
	}
	if wait := t.until.Sub(now); wait > 0 {
		return stream.Try{Count: t.count, RetryAfter: wait}, nil
	}
	t.count++
	if over := t.count - b.Free; over >= 0 {
		t.until = now.Add(min(b.Most, b.Base<<min(over, 20)))
	}
	t.ends = now.Add(b.Forget + b.Most)
	m.tries[at] = t
	return stream.Try{Count: t.count}, nil
}

// Untry implements stream.Budgets.
func (m *Memory) Untry(ctx context.Context, owner, key string, all bool) error {
	if err := m.lock(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	at := [2]string{owner, key}
	t := m.tries[at]
	if t.count--; all || t.count <= 0 {
		delete(m.tries, at)
		return nil
	}
	t.until = time.Time{}
	m.tries[at] = t
	return nil
}
