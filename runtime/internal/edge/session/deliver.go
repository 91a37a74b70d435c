package session

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

const (
	// heldDeliveries bounds the records of one stream that wait while a snapshot is
	// made; beyond it the session is closed with insufficient_state, and the client
	// resumes on a new one.
	heldDeliveries = 256
	// snapshotTimeout bounds the making of one snapshot.
	snapshotTimeout = 5 * time.Second
)

// subscription is one stream that a session follows. It is the Hub's Sink for it.
//
// When records cannot be had (Reset), the client is brought to the state of now
// by the snapshot event of the stream's kind, and the records after that subscription.
// For a stream without a document nothing is pushed in between: its next record
// has the new epoch, or a seq beyond the gap, and tells the client by itself.
type subscription struct {
	s    *Session
	id   stream.ID
	from stream.Position

	mu   sync.Mutex
	at   *stream.Attachment
	done bool
	// answered says that the catch-up has reached the client in another way.
	answered bool
	// resets counts the Resets; snapping is true while a snapshot is made for the
	// last of them, and held has the records that came meanwhile, at most heldDeliveries.
	resets   int
	now      stream.Snapshot
	snapping bool
	held     []*stream.Delivery
	// behind: what comes is left out until the connection has caught up.
	behind bool
	// doubts counts the doubts since the stream was last trusted; while there are any, held
	// has the records that came, and waits says that the subscription is to be started after.
	doubts int
	waits  bool
	// again says that the subscription is in place of one whose snapshot was refused.
	again bool
	// patched is the place of the last patch or snapshot that was pushed.
	patched stream.Position
}

// attached keeps what the Hub gave; false when the subscription is over already.
func (f *subscription) attached(at *stream.Attachment) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.done {
		return false
	}
	f.at = at
	return true
}

// silence stops the delivery of the subscription. A Sink may call it; another goroutine must pass
// its result to the Hub.
func (f *subscription) silence() (detach func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := f.at
	f.done, f.at, f.held = true, nil, nil
	if at == nil {
		return func() {}
	}
	return at.Detach
}

// start pushes what was missed and lets the stream flow.
func (f *subscription) start() {
	f.mu.Lock()
	at := f.at
	if f.done || at == nil || f.doubts > 0 {
		f.waits = f.doubts > 0
		f.mu.Unlock()
		return
	}
	missed := at.Catchup
	switch {
	case f.answered:
	case missed.Recovered:
		for _, r := range missed.Records {
			f.s.conn.Emit(r.Name, withMeta(r.Data, f.id, r.Position, r.TS))
			f.note(r.Name, r.Position)
		}
	default:
		f.resetLocked(missed.Now)
	}
	f.mu.Unlock()
	at.Start()
	f.forget()
}

// Deliver implements stream.Sink.
func (f *subscription) Deliver(d *stream.Delivery) {
	f.mu.Lock()
	over := f.deliverLocked(d)
	f.mu.Unlock()
	if over {
		f.s.Terminate(wire.CloseInsufficientState, "the state of "+string(f.id)+" could not be had in time")
	}
	if !d.Control.Empty() {
		f.s.applyControl(d.Control)
	}
}

func (f *subscription) deliverLocked(d *stream.Delivery) (over bool) {
	switch {
	case f.done:
	case f.leaveOut(d):
	case !f.snapping && f.doubts == 0:
		f.push(d)
	case len(f.held) < heldDeliveries:
		f.held = append(f.held, d)
	default:
		f.held = nil
		return true
	}
	return false
}

// note keeps the place of a patch that is pushed; f is locked.
func (f *subscription) note(event string, at stream.Position) {
	if kind, of, _ := strings.Cut(event, ":"); of == "patch" && kind == f.id.Kind() {
		f.patched = at
	}
}

// push sends a record, encoded once for all that subscription the stream.
func (f *subscription) push(d *stream.Delivery) {
	f.note(d.Name, d.Position)
	f.s.conn.Push(d.Encoded(func(d *stream.Delivery) any {
		if d.Seq == 0 {
			return f.s.m.Encoder.Encode(d.Name, d.Data)
		}
		return f.s.m.Encoder.Encode(d.Name, withMeta(d.Data, d.Stream, d.Position, d.TS))
	}))
}

// Reset implements stream.Sink.
func (f *subscription) Reset(_ stream.ID, now stream.Snapshot) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.done {
		f.resetLocked(now)
	}
}

func (f *subscription) resetLocked(now stream.Snapshot) {
	f.resets++
	f.now, f.held = now, nil
	if !f.snapping {
		f.snapping = true
		go f.bringUp()
	}
}

// bringUp pushes the snapshot of the last Reset, and then the later events.
func (f *subscription) bringUp() {
	for {
		f.mu.Lock()
		resets, now := f.resets, f.now
		f.mu.Unlock()
		event, payload, err := f.s.snapshot(f.s.m.ctx, f.id, now)
		if err == nil && f.release(resets, event, payload) {
			return
		}
		if err != nil {
			f.fail(event, payload, err)
			return
		}
	}
}

// release pushes the snapshot and the held records, unless another Reset came.
func (f *subscription) release(resets int, event string, payload json.RawMessage) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.done:
		return true
	case f.resets != resets:
		return false
	}
	if event != "" {
		f.s.conn.Emit(event, withMeta(payload, f.id, f.now.Position, f.now.TS))
		f.patched = f.now.Position
	}
	f.snapping = false
	if f.doubts == 0 {
		f.pushHeld()
	}
	return true
}

// fail ends a subscription whose snapshot cannot be had: with a word of its kind when
// the user may not have the stream any more, otherwise with the session, which the
// client then resumes elsewhere.
func (f *subscription) fail(event string, payload json.RawMessage, err error) {
	var refused *wire.Error
	if errors.As(err, &refused) && Certain(refused.Code) {
		err = f.s.refused(f, event, payload)
	}
	if err == nil {
		return
	}
	f.s.m.Log.Warn("a snapshot could not be made", "stream", f.id, "error", err)
	f.s.Terminate(wire.CloseInsufficientState, "the state of "+string(f.id)+" cannot be had right now")
}

// refused ends a subscription whose snapshot is not for the user, and tells the client so with
// the event, if there is one. A user who has come back since the snapshot keeps the stream,
// from the state of now; that is tried once.
func (s *Session) refused(f *subscription, event string, payload json.RawMessage) error {
	f.doubt()
	ctx, cancel := context.WithTimeout(s.m.ctx, subscribeTimeout)
	defer cancel()
	lost := false
	dropped := func() {
		if lost = true; event != "" {
			s.conn.Emit(event, payload)
		}
	}
	err := s.ask(ctx, f, dropped)
	switch {
	case err != nil || lost:
		return err
	case !f.again:
		s.renew(f, true)
	case s.removeSubscription(f):
		f.silence()()
		dropped()
	}
	return nil
}

// drop ends a subscription. It does nothing for a subscription that has ended already.
func (s *Session) drop(f *subscription) {
	if s.removeSubscription(f) {
		f.silence()()
	}
}

// snapshot asks the stream's kind for its snapshot event.
func (s *Session) snapshot(
	ctx context.Context, id stream.ID, now stream.Snapshot,
) (event string, payload json.RawMessage, err error) {
	ctx, cancel := context.WithTimeout(ctx, snapshotTimeout)
	defer cancel()
	if err := s.m.acquireSnapshot(ctx); err != nil {
		return "", nil, err
	}
	defer s.m.releaseSnapshot()
	if id == UserStream(s.Caller().ID) {
		if err := s.reauthorize(ctx); err != nil {
			return "", nil, err
		}
		return "", nil, s.subscribeDefaultsAgain(ctx)
	}
	kind, ok := s.m.Snapshotters[id.Kind()]
	if !ok {
		return "", nil, nil
	}
	return kind.Snapshot(ctx, s.Caller(), id, now)
}
