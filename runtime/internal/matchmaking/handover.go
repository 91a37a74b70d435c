package matchmaking

import (
	"context"
	"errors"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/ledger"
	"github.com/anteroom/anteroom/runtime/wire"
)

const (
	// handoversAtOnce bounds the rounds of a queue that are handed over at a time.
	handoversAtOnce = 64
	// handPatience is how long an interval waits for the places of its matches. Those that
	// take longer are made beside the next ones.
	handPatience = 200 * time.Millisecond
)

// handOver begins to hand rounds over, waits for them a while, and gives what went wrong
// with those that are through, whenever they were begun. The others go on until ctx ends,
// or the queue's timeout.
func (m *Matcher) handOver(ctx context.Context, w *watch, q Queue, ready []opened) error {
	patience := time.NewTimer(handPatience)
	defer patience.Stop()
	var errs []error
	begun := map[string]bool{}
	for {
		for len(ready) > 0 && len(w.handing) < handoversAtOnce {
			if r := ready[0]; !w.handing[r.ID] {
				begun[r.ID] = true
				m.begin(ctx, w, q, r)
			}
			ready = ready[1:]
		}
		if len(begun) == 0 && len(ready) == 0 && len(w.handed) == 0 {
			return errors.Join(errs...)
		}
		select {
		case h := <-w.handed:
			delete(w.handing, h.id)
			delete(begun, h.id)
			errs = append(errs, h.err)
		case <-patience.C:
			return errors.Join(errs...) // what is not begun is begun next time
		}
	}
}

// begin hands a round over beside all else.
func (m *Matcher) begin(ctx context.Context, w *watch, q Queue, r opened) {
	w.handing[r.ID] = true
	h := handover{m: m, w: w, q: q, r: r, fence: w.fence}
	m.handovers.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, max(q.Handoff.Timeout, leaseTTL))
		defer cancel()
		w.handed <- handed{r.ID, h.run(ctx)}
	})
}

// handed is what came of a handover.
type handed struct {
	id  string
	err error
}

// handover is the handing over of one round, under the lease that it was begun with.
type handover struct {
	m     *Matcher
	w     *watch
	q     Queue
	r     opened
	fence *ledger.Fence
}

// run has the place made and tells the players. When that cannot be had in time, the
// tickets search on; at once when they cannot come to a match that runs.
func (h handover) run(ctx context.Context) error {
	s := h.m.s
	place, err := s.Places.Make(ctx, h.q, h.r.Round)
	var refusal *wire.Error
	gone := h.r.Backfill != "" && errors.As(err, &refusal)
	if err != nil && !gone && h.r.Deadline > ms(s.Now()) {
		s.Log.WarnContext(ctx, "a match's place is not there yet", "queue", h.q.Name, "match", h.r.ID, "error", err)
		return nil
	}
	// What was made in the last moment is still told.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseTTL)
	defer cancel()
	if err != nil {
		failed := s.dissolve(ctx, h.q.Name, h.r.ID, h.fence, func(Round) ([]string, string, error) {
			return nil, reasonHandoffFailed, nil
		})
		if gone {
			return failed
		}
		return errors.Join(err, failed)
	}
	return h.assign(ctx, place)
}

// assign ends the round's tickets and tells their players where to play.
func (h handover) assign(ctx context.Context, place Place) error {
	var done []Ticket
	err := h.m.s.retry(ctx, func() (step ledger.Step, letters []string, err error) {
		step = ledger.Step{Fence: h.fence, Changes: []ledger.Change{{Table: rounds, Key: h.r.ID, Was: h.r.raw}}}
		letters, done, err = h.m.assign(ctx, &step, h.r.Round, place)
		return step, letters, err
	}, h.q.Name)
	if err != nil {
		return err
	}
	h.m.mu.Lock()
	defer h.m.mu.Unlock()
	h.w.waits.matched(ms(h.m.s.Now()), done)
	return nil
}
