package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	// minBackoff and maxBackoff bound the pause before an exited server is restarted; the
	// pause doubles with each failure and resets after steadyAfter.
	minBackoff  = 500 * time.Millisecond
	maxBackoff  = 10 * time.Second
	steadyAfter = 10 * time.Second
	// readyTimeout bounds the start of a replacement until it is ready.
	readyTimeout = 30 * time.Second
)

// slot keeps a server running under a name: it restarts an exited server, and replaces
// the server on request.
type slot struct {
	name  string
	fleet *fleet
	// requests carries replacements to keep, one at a time.
	requests chan replacement
	// quit ends keep; it carries the grace period of the last instance.
	quit chan time.Duration
	// gone is closed when keep has ended and no instance runs.
	gone chan struct{}

	mu         sync.Mutex
	generation int
	current    *instance
}

// replacement requests a new instance; the result is sent to done.
type replacement struct {
	// cancelled is closed when the requester no longer waits for the result.
	cancelled <-chan struct{}
	grace     time.Duration
	done      chan error
}

func newSlot(f *fleet, name string) *slot {
	return &slot{
		name: name, fleet: f,
		requests: make(chan replacement), quit: make(chan time.Duration), gone: make(chan struct{}),
	}
}

// instance returns the serving instance; nil before the first start.
func (s *slot) instance() *instance {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current
}

// keep runs the slot until end is called.
func (s *slot) keep(ctx context.Context) {
	defer close(s.gone)
	backoff := minBackoff
	for {
		began := time.Now()
		grace, ended := s.serve(ctx)
		if ended {
			s.leave(grace)
			return
		}
		if time.Since(began) > steadyAfter {
			backoff = minBackoff
		}
		s.fleet.log.say("%s; restarting in %s", s.lastWords(), backoff)
		if s.pause(backoff) {
			return
		}
		backoff = min(2*backoff, maxBackoff)
	}
}

// serve starts an instance and returns when it has exited by itself, or, with true, when
// the slot must end.
func (s *slot) serve(ctx context.Context) (grace time.Duration, ended bool) {
	if err := s.start(ctx); err != nil {
		s.fleet.log.say("%v", err)
		return 0, false
	}
	for {
		select {
		case <-s.instance().child.done:
			return 0, false
		case r := <-s.requests:
			r.done <- s.swap(ctx, r)
		case grace := <-s.quit:
			return grace, true
		}
	}
}

// start starts a new instance and makes it current.
func (s *slot) start(ctx context.Context) error {
	s.mu.Lock()
	s.generation++
	id := fmt.Sprintf("%s.%d", s.name, s.generation)
	s.mu.Unlock()
	i, err := s.fleet.startInstance(ctx, s.name, id, s.fleet.current())
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.current = i
	s.mu.Unlock()
	go i.probe(ctx, s.fleet.changed)
	s.fleet.changed()
	return nil
}

// swap starts a new instance next to the current one, and drains the current one once the
// new one is ready. If the new one does not become ready, the current one stays.
func (s *slot) swap(ctx context.Context, r replacement) error {
	old := s.instance()
	if err := s.start(ctx); err != nil {
		return err
	}
	next := s.instance()
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-r.cancelled:
			cancel()
		case <-waiting.Done():
		}
	}()
	if err := next.waitReady(waiting, readyTimeout); err != nil {
		next.child.kill()
		s.mu.Lock()
		s.current = old
		s.mu.Unlock()
		s.fleet.changed()
		return err
	}
	s.fleet.leaving.Go(func() { s.drain(old, r.grace) })
	return nil
}

// drain ends an instance and prints a line when it had to be killed.
func (s *slot) drain(i *instance, grace time.Duration) {
	if !i.retire(grace, urgency{cut: s.fleet.cut, kill: s.fleet.kill}) {
		s.fleet.log.say("%s did not drain in time and was killed", i.id)
	}
}

// pause waits before the next start, or until a replacement, which starts at once with
// the new configuration. It returns true when the slot must end.
func (s *slot) pause(backoff time.Duration) (ended bool) {
	timer := time.NewTimer(backoff)
	defer timer.Stop()
	select {
	case <-timer.C:
	case r := <-s.requests:
		r.done <- nil
	case <-s.quit:
		return true
	}
	return false
}

func (s *slot) leave(grace time.Duration) {
	if i := s.instance(); i != nil {
		s.drain(i, grace)
	}
}

func (s *slot) lastWords() string {
	i := s.instance()
	if i == nil || i.child.alive() {
		return s.name + " does not start"
	}
	return fmt.Sprintf("%s exited (%s)", s.name, i.child.how())
}

// replace requests a new instance and waits until it is ready.
func (s *slot) replace(ctx context.Context, grace time.Duration) error {
	r := replacement{cancelled: ctx.Done(), grace: grace, done: make(chan error, 1)}
	select {
	case s.requests <- r:
	case <-s.gone:
		return errors.New("the server is being stopped")
	case <-ctx.Done():
		return ctx.Err()
	}
	return <-r.done
}

// end stops the slot: its server drains for at most grace.
func (s *slot) end(grace time.Duration) {
	select {
	case s.quit <- grace:
	case <-s.gone:
	}
	<-s.gone
}
