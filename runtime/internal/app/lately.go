package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// goodFor is how old a place may be that lately gives.
const goodFor = time.Second

// lately caches the recent position of a stream, so that not every connect reads it from Redis. A
// subscriber from that position receives the later events.
type lately struct {
	id    stream.ID
	store stream.Store

	mu    sync.Mutex
	at    stream.Position
	asked time.Time
}

// place is where the stream is, or was within the last second.
func (l *lately) place(ctx context.Context) (stream.Place, error) {
	l.mu.Lock()
	at, fresh := l.at, time.Since(l.asked) < goodFor
	l.mu.Unlock()
	if fresh {
		return stream.Place{Stream: l.id, Position: at}, nil
	}
	asked := time.Now()
	now, err := l.store.Load(ctx, l.id)
	if err != nil && !errors.Is(err, stream.ErrNotFound) {
		return stream.Place{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at, l.asked = now.Position, asked
	return stream.Place{Stream: l.id, Position: now.Position}, nil
}
