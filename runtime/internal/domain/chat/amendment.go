package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// The log is read in chunks from its end, where most requested messages are; the later chunks
// are larger.
const (
	firstChunk = 200
	nextChunk  = 1000
)

// readBack reads a channel's log backwards from its end until enough returns true or the log
// begins. The records are in ascending seq.
func (s *Service) readBack(ctx context.Context, channel string, enough func([]stream.Record) bool) ([]stream.Record, error) {
	var all []stream.Record
	for q := (stream.PageQuery{Limit: firstChunk}); ; q.Limit = nextChunk {
		page, err := s.store.Page(ctx, StreamID(channel), q)
		if err != nil {
			return nil, err
		}
		all = slices.Concat(page.Records, all)
		if !page.More || len(page.Records) == 0 || enough(all) {
			return all, nil
		}
		q.Before = all[0].Seq
	}
}

// reachesBackTo returns a condition for readBack: the records reach back to a seq.
func reachesBackTo(seq uint64) func([]stream.Record) bool {
	return func(read []stream.Record) bool { return read[0].Seq <= seq }
}

// decodeMessage decodes a message.
func decodeMessage(r stream.Record) (wire.ChatMessage, error) {
	var m wire.ChatMessage
	if err := json.Unmarshal(r.Data, &m); err != nil {
		return m, fmt.Errorf("decode message %d: %w", r.Seq, err)
	}
	return m, nil
}

// message returns a message in its current state, and the seq of that state. Error: not_found
// for a message that the log no longer has.
func (s *Service) message(ctx context.Context, t wire.ChatTarget) (Message, uint64, error) {
	records, err := s.readBack(ctx, t.Channel, reachesBackTo(t.Seq))
	if err != nil {
		return Message{}, 0, err
	}
	i := slices.IndexFunc(records, func(r stream.Record) bool { return r.Seq == t.Seq })
	if i < 0 || records[i].Name != wire.EventChatMessage {
		return Message{}, 0, messageNotFound()
	}
	m, err := decodeMessage(records[i])
	if err != nil {
		return Message{}, 0, err
	}
	if t.ID != "" && t.ID != m.ID {
		return Message{}, 0, messageNotFound()
	}
	mentioned := m.Mentions
	m = foldEffects(records[i:])[t.Seq].applyTo(m)
	return Message{ChatMessage: m, Seq: t.Seq, Mentioned: mentioned}, records[len(records)-1].Seq, nil
}

// commitAttempts bounds the attempts of a change after conflicts. The backoff before the
// second attempt is at most firstBackoff, and doubles with each further attempt.
const (
	commitAttempts = 10
	firstBackoff   = 2 * time.Millisecond
)

// amendment is the event that changes a message; Event "" means no change.
type amendment struct {
	Event   string
	Payload any
}

// amend commits the amendment that a rule makes of the current message.
func (s *Service) amend(
	ctx context.Context, c request.Call, p Policy, t wire.ChatTarget, rule func(Message) (amendment, error),
) (Message, stream.Result, error) {
	for try := range commitAttempts {
		if err := backoff(ctx, try); err != nil {
			return Message{}, stream.Result{}, err
		}
		m, at, err := s.message(ctx, t)
		if err != nil {
			return Message{}, stream.Result{}, err
		}
		a, err := rule(m)
		if err != nil || a.Event == "" {
			result, err := s.recallRepeated(ctx, c, t.Channel, err)
			return m, result, err
		}
		result, err := s.commit(ctx, c, p, stream.Commit{Expect: &at, Rate: actionRate(c.ID)}, t.Channel, a)
		if !errors.Is(err, stream.ErrConflict) {
			return m, result, err
		}
	}
	return Message{}, stream.Result{}, fmt.Errorf("amend a message of %s: %w", t.Channel, stream.ErrConflict)
}

// recallRepeated returns the result of an earlier request with the same key. Without one it
// returns cause.
func (s *Service) recallRepeated(ctx context.Context, c request.Call, channel string, cause error) (stream.Result, error) {
	result, known, err := stream.Recall(ctx, s.store, StreamID(channel), s.once(c, ""))
	if err != nil || known {
		return result, err
	}
	return stream.Result{}, cause
}

// backoff waits before an attempt that is not the first.
func backoff(ctx context.Context, try int) error {
	if try == 0 {
		return nil
	}
	timer := time.NewTimer(rand.N(firstBackoff << min(try-1, 6)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// commit appends an event to a channel's stream, unless the user is muted. base has the other
// parts of the commit.
func (s *Service) commit(
	ctx context.Context, c request.Call, p Policy, base stream.Commit, channel string, a amendment,
) (stream.Result, error) {
	base.Unless = c.ID
	return s.append(ctx, c, p, base, channel, a)
}

// append appends an event to a channel's stream.
func (s *Service) append(
	ctx context.Context, c request.Call, p Policy, base stream.Commit, channel string, a amendment,
) (stream.Result, error) {
	data, err := json.Marshal(a.Payload)
	if err != nil {
		return stream.Result{}, fmt.Errorf("encode %s: %w", a.Event, err)
	}
	base.Stream = StreamID(channel)
	base.Events = []stream.Event{{Name: a.Event, Data: data}}
	base.Retain = s.retention(p)
	if base.Once == nil {
		base.Once = s.once(c, "")
	}
	result, err := s.store.Commit(ctx, base)
	return result, toWireError(err)
}

// toWireError converts the refusals of a commit to errors for the client.
func toWireError(err error) error {
	var (
		spent  *stream.RateError
		barred *stream.BarredError
	)
	switch {
	case errors.As(err, &spent):
		return withRetryAfter(wire.Refuse(wire.CodeRateLimited, "too many messages in this channel"), spent.RetryAfter)
	case errors.As(err, &barred):
		return withRetryAfter(wire.Refuse(wire.CodeMuted, "you are muted in this channel"), barred.For)
	}
	return err
}

// withRetryAfter sets the retry time of a refusal, rounded up, so that a client that waits for
// it is not early.
func withRetryAfter(refusal *wire.Error, d time.Duration) error {
	refusal.RetryAfterMs = (d + time.Millisecond - 1).Milliseconds()
	return refusal
}
