package matchmaking

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

const (
	// handoversAtOnce bounds the concurrent hand-offs of a queue.
	handoversAtOnce = 64
	// handPatience is how long an interval waits for the hand-offs of its matches. Slower
	// hand-offs continue during the next intervals.
	handPatience = 200 * time.Millisecond
)

// handovers are the running hand-offs of a queue.
type handovers struct {
	slots chan struct{}

	mu sync.Mutex
	// going are the rounds with a running hand-off, and errs the errors of finished ones.
	// ended has an element when a hand-off has finished.
	going map[string]bool
	errs  []error
	ended chan struct{}
}

func newHandovers() *handovers {
	return &handovers{slots: make(chan struct{}, handoversAtOnce), going: map[string]bool{}, ended: make(chan struct{}, 1)}
}

// begin registers a round's hand-off; false when it is already running.
func (h *handovers) begin(id string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.going[id] {
		return false
	}
	h.going[id] = true
	return true
}

func (h *handovers) end(id string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.going, id)
	if err != nil && len(h.errs) < handoversAtOnce {
		h.errs = append(h.errs, err)
	}
	select {
	case h.ended <- struct{}{}:
	default:
	}
}

// now returns the rounds with a running hand-off.
func (h *handovers) now() map[string]bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.going)
}

// through takes the errors so far, and reports whether the hand-offs of some rounds have
// finished.
func (h *handovers) through(some []opened) (all bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	err, h.errs = errors.Join(h.errs...), nil
	all = !slices.ContainsFunc(some, func(r opened) bool { return h.going[r.ID] })
	return all, err
}

// handOver starts the hand-offs of rounds and waits for them up to m.patience. It returns
// the errors of all finished hand-offs, including earlier ones. The others continue until
// ctx ends or the queue's timeout.
func (m *Matcher) handOver(ctx context.Context, w *watch, q Queue, ready []opened) error {
	patience := time.NewTimer(m.patience)
	defer patience.Stop()
	for _, r := range ready {
		if w.handing.begin(r.ID) {
			h := handover{m: m, w: w, q: q, r: r, fence: w.fence}
			m.beside.Go(func() { w.handing.end(r.ID, h.inTurn(ctx)) })
		}
	}
	var errs []error
	for {
		all, err := w.handing.through(ready)
		errs = append(errs, err)
		if all {
			return errors.Join(errs...)
		}
		select {
		case <-w.handing.ended:
		case <-patience.C:
			return errors.Join(errs...)
		}
	}
}

// handover is the hand-off of one round, under the lease with which it began.
type handover struct {
	m     *Matcher
	w     *watch
	q     Queue
	r     opened
	fence *records.Fence
}

// inTurn waits for a slot and then calls run.
func (h handover) inTurn(ctx context.Context) error {
	select {
	case h.w.handing.slots <- struct{}{}:
	case <-ctx.Done():
		return nil
	}
	defer func() { <-h.w.handing.slots }()
	ctx, cancel := context.WithTimeout(ctx, max(h.q.Handoff.Timeout, leaseTTL))
	defer cancel()
	return h.run(ctx)
}

// run makes the place and assigns the tickets to it. When the place cannot be made in time,
// the tickets search again. For a backfill they do so at once when the lobby refuses them.
func (h handover) run(ctx context.Context) error {
	s := h.m.s
	place, err := s.Places.Make(ctx, h.q, h.r.Round)
	var refusal *wire.Error
	var unplaced *UnplacedError
	if errors.As(err, &unplaced) {
		return settled(s.dissolve(ctx, h.q.Name, h.r.ID, records.Step{Fence: h.fence}, func(Round) ([]string, string, error) {
			return unplaced.Users, reasonInLobby, nil
		}))
	}
	gone := h.r.Backfill != "" && errors.As(err, &refusal)
	if err != nil && !gone && h.r.Deadline > ms(s.Now()) {
		s.Log.WarnContext(ctx, "place of a match not made; will retry", "queue", h.q.Name, "match", h.r.ID, "error", err)
		return nil
	}
	// A place that was made at the last moment is still pushed to the players.
	ctx, cancel := context.WithTimeout(stream.Detached(ctx), leaseTTL)
	defer cancel()
	if err != nil {
		failed := s.dissolve(ctx, h.q.Name, h.r.ID, records.Step{Fence: h.fence}, func(Round) ([]string, string, error) {
			return nil, reasonHandoffFailed, nil
		})
		if gone {
			return failed
		}
		return errors.Join(err, failed)
	}
	return h.assign(ctx, place)
}

// assign ends the round's tickets and pushes the place to their players.
func (h handover) assign(ctx context.Context, place Place) error {
	var done []Ticket
	are := h.r.tickets
	var over Round
	err := h.m.s.retryThen(ctx, func() (step records.Step, letters []posted, err error) {
		if are == nil {
			if are, err = h.m.s.inRound(ctx, h.r.Round); err != nil {
				return step, nil, err
			}
		}
		over = h.r.assigned(are, h.m.s.Now())
		value, err := json.Marshal(over)
		if err != nil {
			return step, nil, fmt.Errorf("encode a round: %w", err)
		}
		step = records.Step{Fence: h.fence, Changes: []records.Change{{Table: rounds, Key: h.r.ID, Was: h.r.raw, Value: value}}}
		letters, done, err = h.m.assign(ctx, &step, h.r.Round, are, place)
		are = nil // a retry reads the tickets again
		return step, letters, err
	}, h.q.Name, func() []records.Change { return h.m.s.settleThen(ctx, over) })
	if err != nil {
		return err
	}
	h.m.mu.Lock()
	defer h.m.mu.Unlock()
	h.w.waits.matched(ms(h.m.s.Now()), done)
	return nil
}

// assigned returns the round's record after its players were matched.
func (r Round) assigned(are map[string]waiter, now time.Time) Round {
	e := ending{At: ms(now), Assigned: true}
	for _, id := range r.tickets() {
		if t, there := are[id]; there {
			e.note(t.Ticket, true)
		}
	}
	return r.ended(e)
}
