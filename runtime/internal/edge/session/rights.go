package session

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// A subscription is allowed by the rights of the session's newest token, by memberships and
// by the policies in force. When one of these changes, each stream that the session follows
// is asked for again, whatever its kind: a kind cannot forget to take part.

// recheckers is how many sessions ask at once after a change of policies. One asks for its
// streams one after the other, so this bounds the reads that a change of policies causes.
const recheckers = 16

// followed are the follows that the session has, without that of the user's own stream.
func (s *Session) followed() []*subscription {
	s.mu.Lock()
	defer s.mu.Unlock()
	own := UserStream(s.caller.ID)
	return slices.DeleteFunc(slices.Collect(maps.Values(s.follows)), func(f *subscription) bool { return f.id == own })
}

// reauthorize asks again for every stream that the session follows: its own stream has
// lost records, and with them perhaps a control, or its token has other rights. All are
// held back before the first is asked for. Error: that of the store; streams that were not
// asked for stay held back, so the session must end.
func (s *Session) reauthorize(ctx context.Context) error {
	var doubted []*subscription
	for _, f := range s.followed() {
		if f.doubt() { // otherwise whoever doubted it first asks again
			doubted = append(doubted, f)
		}
	}
	for _, f := range doubted {
		if err := s.ask(ctx, f, func() { s.tellLost(ctx, f.id) }); err != nil {
			return err
		}
	}
	return nil
}

// recheck asks for every stream that the session follows, while their records are pushed
// on. A stream that is refused is held back and asked for once more, then dropped.
func (s *Session) recheck(ctx context.Context) error {
	for _, f := range s.followed() {
		err := s.authorize(ctx, f.id)
		switch {
		case err == nil:
		case !Certain(Refusal(err).Code):
			return err
		case f.doubt():
			err := s.ask(ctx, f, func() { s.tellLost(ctx, f.id) })
			if err != nil {
				s.Terminate(wire.CloseInsufficientState, "the stream "+string(f.id)+" cannot be had right now")
			}
		}
	}
	return nil
}

// Recheck asks for every stream that every session follows, after a change of policies.
// What is followed by a request that began before is asked for once more. Error: the first
// of the store; then some streams were not asked for, and Recheck is to be called again.
func (m *Manager) Recheck(ctx context.Context) error {
	m.rules.Add(1)
	var (
		asking sync.WaitGroup
		places = make(chan struct{}, recheckers)
		mu     sync.Mutex
		errs   []error
	)
	for _, s := range m.all() {
		places <- struct{}{}
		asking.Go(func() {
			defer func() { <-places }()
			if err := s.recheck(ctx); err != nil {
				mu.Lock()
				errs = append(errs, err)
				mu.Unlock()
			}
		})
	}
	asking.Wait()
	if len(errs) > 0 {
		return errs[0]
	}
	return nil
}

// tellLost pushes the event for a lost stream: the user may not have the stream any more.
// Kinds without a word of their own for it share sync:lost.
func (s *Session) tellLost(ctx context.Context, id stream.ID) {
	kind, ok := s.m.Snapshotters[id.Kind()]
	if !ok {
		return
	}
	event, payload, err := kind.Snapshot(ctx, s.Caller(), id, stream.Snapshot{})
	if err != nil && event != "" {
		s.conn.Emit(event, payload)
		return
	}
	s.emit(wire.EventSyncLost, wire.SyncLost{Streams: []string{string(id)}})
}

// barred refuses the requests of a session whose user lost the right to make any: it was
// revoked or banned, or its token has expired. They may come until the transport is closed.
func (s *Session) barred() *wire.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch s.reason {
	case wire.CloseBanned:
		return wire.Refuse(wire.CodeBanned, "you are banned")
	case wire.CloseUnauthenticated:
		return wire.Refuse(wire.CodeUnauthenticated, "the token was revoked; get a new one")
	case wire.CloseTokenExpired:
		return wire.Refuse(wire.CodeTokenExpired, "the token has expired")
	}
	return nil
}

// applyRights gives the session the streams that its new token allows, and takes the others
// from it, before the refresh is acknowledged.
func (s *Session) applyRights(ctx context.Context) error {
	err := s.reauthorize(ctx)
	if err != nil {
		s.m.Log.Warn("subscriptions not confirmed after a refresh; closing the session", "session", s.conn.ID(), "error", err)
		s.Terminate(wire.CloseInsufficientState, "the rights of the new token cannot be applied right now")
		return errors.Join(stream.ErrUnavailable, err)
	}
	return nil
}
