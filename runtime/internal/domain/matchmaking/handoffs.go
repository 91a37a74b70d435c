package matchmaking

import (
	"errors"
	"maps"
	"slices"
	"sync"
)

// handoffs are the running hand-offs of a queue.
type handoffs struct {
	slots chan struct{}

	mu sync.Mutex
	// running are the proposals with a running hand-off, and errs the errors of finished ones.
	// finished has an element when a hand-off has finished.
	running  map[string]bool
	errs     []error
	finished chan struct{}
}

func newHandoffs() *handoffs {
	return &handoffs{slots: make(chan struct{}, parallelHandoffs), running: map[string]bool{}, finished: make(chan struct{}, 1)}
}

// start registers a proposal's hand-off; false when it is already running.
func (h *handoffs) start(id string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.running[id] {
		return false
	}
	h.running[id] = true
	return true
}

func (h *handoffs) finish(id string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.running, id)
	if err != nil && len(h.errs) < parallelHandoffs {
		h.errs = append(h.errs, err)
	}
	select {
	case h.finished <- struct{}{}:
	default:
	}
}

// runningIDs returns the proposals with a running hand-off.
func (h *handoffs) runningIDs() map[string]bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.running)
}

// allFinished takes the errors so far, and reports whether the hand-offs of some proposals have
// finished.
func (h *handoffs) allFinished(some []storedProposal) (all bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	err, h.errs = errors.Join(h.errs...), nil
	all = !slices.ContainsFunc(some, func(r storedProposal) bool { return h.running[r.ID] })
	return all, err
}
