package stream

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// job is a stream that has to catch up, or only one of its followers.
type job struct {
	line *line
	only *Attachment
}

// queue holds jobs, each at most once, in the order in which they came.
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

// take waits for a job; false after close.
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

// The pauses of a worker while the Store fails.
const (
	minPause = 50 * time.Millisecond
	maxPause = 2 * time.Second
)

// work catches up until the queue is closed. A job that fails goes to the end of the
// queue, and its worker pauses: so the rate is bounded by the number of workers,
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

// catchUp does one job.
func (h *Hub) catchUp(ctx context.Context, j job) error {
	ctx, cancel := context.WithTimeout(ctx, catchUpFor)
	defer cancel()
	begin, end := j.line.begin, j.line.end
	if j.only != nil {
		begin = func() (Position, bool) { return j.line.beginFor(j.only) }
		end = func(c Catchup) { j.line.endFor(j.only, c) }
	}
	from, needed := begin()
	if !needed {
		return nil
	}
	c, err := h.store.CatchUp(ctx, j.line.id, from)
	if err != nil {
		return err
	}
	end(c)
	return nil
}
