package stream

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// job is a catch-up of a whole subscription, or of a single follower when only is set.
type job struct {
	subscription *subscription
	only         *Attachment
}

// queue holds jobs in FIFO order, each at most once.
type queue struct {
	mu     sync.Mutex
	ready  *sync.Cond
	jobs   []job
	closed bool
}

func (q *queue) put(j job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.jobs = append(q.jobs, j)
	q.ready.Signal()
}

// take waits for a job; it returns false after close.
func (q *queue) take() (job, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.jobs) == 0 && !q.closed {
		q.ready.Wait()
	}
	if q.closed {
		return job{}, false
	}
	j := q.jobs[0]
	q.jobs[0] = job{}
	q.jobs = q.jobs[1:]
	return j, true
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.ready.Broadcast()
}

func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.jobs)
}

// A worker's pause while the Store fails, before jitter; it doubles from minPause to
// maxPause.
const (
	minPause = 50 * time.Millisecond
	maxPause = 2 * time.Second
)

// work runs catch-up jobs until the queue is closed. A failed job returns to the end of the
// queue and its worker pauses. The number of workers thus bounds the rate of retries,
// whatever the number of streams.
func (h *Hub) work(ctx context.Context) {
	limit := minPause
	for {
		j, ok := h.jobs.take()
		if !ok || ctx.Err() != nil {
			return
		}
		if err := h.catchUp(ctx, j); err == nil {
			limit = minPause
			continue
		}
		h.jobs.put(j)
		select {
		case <-time.After(limit/2 + rand.N(limit)):
		case <-ctx.Done():
		}
		limit = min(2*limit, maxPause)
	}
}

// catchUp reads the missing records of one job and delivers them.
func (h *Hub) catchUp(ctx context.Context, j job) error {
	ctx, cancel := context.WithTimeout(ctx, catchUpFor)
	defer cancel()
	begin, end := j.subscription.startCatchUp, j.subscription.finishCatchUp
	if j.only != nil {
		begin = func() (Position, bool) { return j.subscription.startCatchUpOf(j.only) }
		end = func(c Catchup) { j.subscription.finishCatchUpOf(j.only, c) }
	}
	from, needed := begin()
	if !needed {
		return nil
	}
	c, err := h.store.CatchUp(ctx, j.subscription.id, from)
	if err != nil {
		return err
	}
	end(c)
	return nil
}
