package session

import (
	"context"
	"errors"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// authorize reports whether the session's user may have a stream it names: its own
// user stream, or one of a kind that has a Snapshotter and does not refuse.
func (s *Session) authorize(ctx context.Context, id stream.ID) error {
	caller := s.Caller()
	if id == UserStream(caller.ID) {
		return nil
	}
	if id.Kind() == userKind {
		return wire.Refuse(wire.CodePermissionDenied, "a user's stream is for that user alone")
	}
	kind, ok := s.m.Snapshotters[id.Kind()]
	if !ok {
		return wire.Refuse(wire.CodeNotFound, "there is no such stream")
	}
	return kind.Authorize(ctx, caller, id)
}

// resumeAll resumes streams, and gives the results in the order asked. What it
// attaches is appended to fresh, to be started once the results are sent. The own
// user stream goes first: a control that takes one of the others away then cannot
// be missed. What has no room in the budget is not read, and is to be asked for again.
func (s *Session) resumeAll(ctx context.Context, asked []wire.StreamPosition, fresh *[]*subscription, room *budget) []wire.StreamResumed {
	results := make([]wire.StreamResumed, len(asked))
	seen := make(map[string]bool, len(asked))
	own := string(UserStream(s.Caller().ID))
	for _, ownTurn := range []bool{true, false} {
		for i, at := range asked {
			if (at.Stream == own) != ownTurn {
				continue
			}
			if seen[at.Stream] {
				results[i] = notResumed(at, wire.Invalid("streams", "a stream is named twice"))
				continue
			}
			seen[at.Stream] = true
			results[i] = s.resume(ctx, at, fresh, room)
		}
	}
	return results
}

// resume brings a stream from the client's position to the current position. An existing
// subscription is replaced by a new one from the client's position.
func (s *Session) resume(ctx context.Context, at wire.StreamPosition, fresh *[]*subscription, room *budget) wire.StreamResumed {
	if room.full() {
		s.m.Metrics.left.Inc()
		return noRoom(at)
	}
	id, rules := stream.ID(at.Stream), s.m.rules.Load()
	if err := id.Validate(); err != nil {
		return notResumed(at, wire.Invalid("stream", "this is not the name of a stream"))
	}
	if err := s.authorize(ctx, id); err != nil {
		return notResumed(at, Refusal(err))
	}
	f, err := s.attach(stream.Within(ctx, room.left), id, stream.Position{Epoch: at.Epoch, Seq: at.Seq})
	if err != nil {
		return notResumed(at, Refusal(err))
	}
	f.answer()
	result, err := s.outcome(ctx, f, s.m.rules.Load() != rules, room.left)
	if err == nil && !room.take(result.size) {
		s.m.Metrics.left.Inc()
		result.StreamResumed, err = noRoom(at), errNoRoom
	} else if err != nil {
		result.StreamResumed = notResumed(at, Refusal(err))
	}
	if err != nil {
		s.removeSubscription(f)
		f.silence()()
		return result.StreamResumed
	}
	if id != UserStream(s.Caller().ID) {
		f.forget() // the controls of the own stream are still looked for
	}
	*fresh = append(*fresh, f)
	return result.StreamResumed
}

var errNoRoom = errors.New("the answer has no room for a snapshot")

// outcome is a result, and how many bytes of an answer it takes.
type outcome struct {
	wire.StreamResumed
	size int
}

// outcome is the result for a stream that was attached. A control that took it away
// before it was, or a change of policies, found nothing to take: then it is asked again
// whether the user may. Its events are as many as have room, the first in any case.
func (s *Session) outcome(ctx context.Context, f *subscription, again bool, most int) (outcome, error) {
	if again || s.revokedRecently(f.id) {
		if err := s.authorize(ctx, f.id); err != nil {
			return outcome{}, err
		}
	}
	missed := f.cut(most)
	if missed.Recovered {
		if missed.More {
			s.m.Metrics.left.Inc()
		}
		return recovered(f.id, f.from, missed), nil
	}
	_, payload, err := s.snapshot(ctx, f.id, missed.Now)
	if err != nil {
		return outcome{}, err
	}
	return outcome{wire.StreamResumed{
		Stream: string(f.id), Epoch: missed.Now.Epoch, Seq: missed.Now.Seq, Snapshot: payload,
	}, len(payload)}, nil
}

// recovered is the result where nothing is lost. A stream that went on in another
// epoch says so even if nothing was missed, so that the next push is no surprise.
func recovered(id stream.ID, from stream.Position, missed stream.Catchup) (result outcome) {
	now := missed.Now.Position
	if now == (stream.Position{}) {
		now = from
	}
	if missed.More {
		now = missed.Records[len(missed.Records)-1].Position
	}
	result.StreamResumed = wire.StreamResumed{
		Stream: string(id), Recovered: true, Epoch: now.Epoch, Seq: now.Seq, More: missed.More,
		Events: make([]wire.ResumedEvent, 0, len(missed.Records)),
	}
	for _, r := range missed.Records {
		result.size += r.Size()
		result.Events = append(result.Events, wire.ResumedEvent{
			Event: r.Name, Data: withMeta(r.Data, id, r.Position, r.TS),
		})
	}
	return result
}

func notResumed(at wire.StreamPosition, refused *wire.Error) wire.StreamResumed {
	return wire.StreamResumed{Stream: at.Stream, Error: refused}
}

// answer says that the catch-up reaches the client in an acknowledgement.
func (f *subscription) answer() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answered = true
}

func (f *subscription) catchup() stream.Catchup {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.at == nil {
		return stream.Catchup{Recovered: true}
	}
	return f.at.Catchup
}

// syncResume is the request sync:resume.
func syncResume(ctx context.Context, s *Session, c request.Call, req *wire.SyncResume) (request.Reply, error) {
	f, room := c.Streams.(*subscriber), s.m.answerBudget()
	leave, err := s.m.enter(ctx, room)
	if err != nil {
		return request.Reply{}, err
	}
	f.leave = leave
	since := s.subscribedSince(UserStream(s.Caller().ID))
	var fresh []*subscription
	results := s.resumeAll(ctx, req.Streams, &fresh, room)
	s.resumedOwn(ctx, since, fresh)
	for _, added := range fresh {
		f.add(added) //nolint:contextcheck // what a subscription does after the request outlives its context
	}
	return request.Reply{Data: wire.SyncResumed{Streams: results}}, nil
}

// resumedOwn sees to it that a live session misses no control by what was resumed. It
// ends without its own stream; the client comes back with another one.
func (s *Session) resumedOwn(ctx context.Context, since stream.Position, fresh []*subscription) {
	own := UserStream(s.Caller().ID)
	for _, f := range fresh {
		if f.id != own {
			continue
		}
		if err := s.applyMissedControls(ctx, since, f); err != nil {
			s.m.Log.Warn("missed controls were not made good for", "session", s.conn.ID(), "error", err)
			s.removeSubscription(f)
			f.silence()()
		}
	}
	if !s.Follows(own) {
		s.Terminate(wire.CloseInsufficientState, "the state of "+string(own)+" cannot be had right now")
	}
}

// applyMissedControls does what the controls in the catch-up of the own stream are for: the subscription
// before may not have come to them. What the user may have is asked, as some of it may
// have changed since; an end holds if it came after since, where that subscription began.
func (s *Session) applyMissedControls(ctx context.Context, since stream.Position, f *subscription) error {
	var (
		some bool
		ends []*stream.End
	)
	missed := f.catchup()
	for _, r := range missed.Records {
		some = some || !r.Control.Empty()
		if r.Control.End != nil {
			ends = append(ends, r.Control.End)
		}
		if r.Position == since {
			ends = nil
		}
	}
	for _, end := range ends {
		s.applyControl(stream.Control{End: end}) //nolint:contextcheck // an end follows no stream
	}
	if !some {
		return nil
	}
	_, _, err := s.snapshot(ctx, f.id, missed.Now)
	return err
}
