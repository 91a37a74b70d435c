package streamtest

import (
	"context"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// barred is a bar with the word of its By.
type barred struct {
	until time.Time
	by    string
}

// Barred implements stream.Bars.
func (m *Memory) Barred(_ context.Context, id stream.ID, key string) (stream.Barred, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.bars[[2]string{string(id), key}]
	left := b.until.Sub(m.now())
	if left <= 0 {
		return stream.Barred{}, nil
	}
	return stream.Barred{For: left, By: b.by}, nil
}
