package session

import (
	"context"
	"errors"
	"slices"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// applyControl does what a control says. It is called from a Sink and must not block.
func (s *Session) applyControl(c stream.Control) {
	s.unsubscribeByControl(c.Unfollow, c.Over)
	for _, place := range c.Follow {
		go s.enter(place)
	}
	if end := c.End; end != nil && (len(end.Sessions) == 0 || slices.Contains(end.Sessions, s.conn.ID())) {
		s.Terminate(wire.CloseReason(end.Reason), end.Message)
	}
}

// enter subscribes to a stream by a control. The rights are checked after the subscription
// exists, so that a later control that ends the subscription finds it. If the subscription fails,
// the session ends, and the client subscribes in its next session.
func (s *Session) enter(place stream.Place) {
	if s.Follows(place.Stream) {
		return
	}
	ctx, cancel := context.WithTimeout(s.m.ctx, subscribeTimeout)
	defer cancel()
	f, err := s.attach(ctx, place.Stream, place.Position)
	if err == nil {
		if err = s.authorize(ctx, place.Stream); err == nil {
			f.start()
			return
		}
		s.drop(f)
	}
	if Certain(Refusal(err).Code) || errors.Is(err, context.Canceled) {
		return
	}
	s.m.Log.Warn("a stream could not be followed", "stream", place.Stream, "session", s.conn.ID(), "error", err)
	s.Terminate(wire.CloseInsufficientState, "the stream "+string(place.Stream)+" cannot be had right now")
}

// subscribeDefaults attaches to those streams that stand and are not followed yet.
func (s *Session) subscribeDefaults(ctx context.Context) ([]*subscription, error) {
	places, err := s.standing(ctx)
	if err != nil {
		return nil, err
	}
	var fresh []*subscription
	for _, place := range places {
		if s.Follows(place.Stream) {
			continue
		}
		f, err := s.attach(ctx, place.Stream, place.Position)
		if err != nil {
			return fresh, err
		}
		fresh = append(fresh, f)
	}
	return fresh, nil
}

func (s *Session) standing(ctx context.Context) ([]stream.Place, error) {
	if s.m.Standing == nil {
		return nil, nil
	}
	return s.m.Standing(ctx, s.Caller())
}

// subscribeDefaultsAgain makes good for controls that may have been lost with the records of the
// own stream: streams to follow, and the end of the session.
func (s *Session) subscribeDefaultsAgain(ctx context.Context) error {
	fresh, err := s.subscribeDefaults(ctx)
	for _, f := range fresh {
		f.start() //nolint:contextcheck // what a subscription does outlives the context
	}
	var refused *wire.Error
	if errors.As(err, &refused) && Certain(refused.Code) {
		s.Terminate(closeReason(refused.Code), refused.Message)
		return nil
	}
	return err
}

// closeReason is how a live session ends whose user is refused.
func closeReason(code wire.Code) wire.CloseReason {
	if code == wire.CodeBanned {
		return wire.CloseBanned
	}
	return wire.CloseUnauthenticated
}
