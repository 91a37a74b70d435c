package document

import (
	"context"
	"fmt"
	"hash/fnv"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// A queue remembers at most recentStates states of documents of at most recentSize bytes.
// When it is full, an arbitrary state is dropped.
const (
	recentStates = 32
	recentSize   = 8 << 10
)

// queue serializes this process's changes of the documents that share it. Only the holder
// of turn may read or write states.
type lane[S any] struct {
	turn   chan struct{}
	states map[string]recent[S]
}

// recent is a state that a change has committed, and its position.
type recent[S any] struct {
	state S
	at    stream.Position
}

func newQueue[S any]() *lane[S] {
	return &lane[S]{turn: make(chan struct{}, 1), states: map[string]recent[S]{}}
}

// enter waits until this process changes no document of the same queue. That avoids most of
// the conflicts between many users who change a document at once.
func (k *Repository[S]) enter(ctx context.Context, id stream.ID) (*lane[S], error) {
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

func (q *lane[S]) leave() { <-q.turn }

func (q *lane[S]) recall(name string) (recent[S], bool) {
	r, ok := q.states[name]
	return r, ok
}

func (q *lane[S]) forget(name string) { delete(q.states, name) }

func (q *lane[S]) remember(name string, r recent[S]) {
	for other := range q.states {
		if len(q.states) < recentStates {
			break
		}
		delete(q.states, other)
	}
	q.states[name] = r
}
