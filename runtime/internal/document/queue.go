package document

import (
	"context"
	"fmt"
	"hash/fnv"

	"github.com/anteroom/anteroom/runtime/internal/stream"
)

// Bounds of what is remembered: so many states a queue, whose documents have at most
// so many bytes. When a queue is full, one of them has to go.
const (
	recentStates = 32
	recentSize   = 8 << 10
)

// queue lets one command of this process at a time at the documents that share it.
// What it remembers is only for who holds it.
type queue[S any] struct {
	turn   chan struct{}
	states map[string]recent[S]
}

// recent is a state that a change has made, and where.
type recent[S any] struct {
	state S
	at    stream.Position
}

func newQueue[S any]() *queue[S] {
	return &queue[S]{turn: make(chan struct{}, 1), states: map[string]recent[S]{}}
}

// enter waits until no other command of this process is at the same document, or at
// one that shares its queue. That saves most of the conflicts that many users who
// come at once would otherwise make for each other.
func (k *Keeper[S]) enter(ctx context.Context, id stream.ID) (*queue[S], error) {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	q := k.queues[h.Sum32()%uint32(len(k.queues))]
	select {
	case q.turn <- struct{}{}:
		return q, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for %s: %w", id, ctx.Err())
	}
}

func (q *queue[S]) leave() { <-q.turn }

func (q *queue[S]) recall(name string) (recent[S], bool) {
	r, ok := q.states[name]
	return r, ok
}

func (q *queue[S]) forget(name string) { delete(q.states, name) }

func (q *queue[S]) remember(name string, r recent[S]) {
	for other := range q.states {
		if len(q.states) < recentStates {
			break
		}
		delete(q.states, other)
	}
	q.states[name] = r
}
