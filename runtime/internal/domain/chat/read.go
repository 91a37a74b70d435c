package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/userstream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// MarksKind is the kind of the streams that hold the read marks of channels. Clients cannot
// subscribe to them.
const MarksKind = "chatread"

// announceAfter is the delay of an announcement, which pushes a moved mark again in case the
// pod died between the commit and the push. Marks that move within that time share one
// announcement, which costs one commit.
const announceAfter = 5 * time.Second

// marksID returns the stream of a channel's marks.
func marksID(channel string) stream.ID { return stream.ID(MarksKind + ":" + channel) }

// marks reads the marks of a channel, the position of the channel's stream, and the position of
// the marks' stream. The marks are read first, so that the channel's stream knows their epoch.
func (s *Service) marks(ctx context.Context, channel string) (m Marks, now, at stream.Snapshot, err error) {
	at, err = s.store.Load(ctx, marksID(channel))
	if err != nil && !errors.Is(err, stream.ErrNotFound) {
		return m, now, at, err
	}
	if at.Doc != nil {
		if err := json.Unmarshal(at.Doc, &m); err != nil {
			return m, now, at, fmt.Errorf("decode the read marks of %s: %w", channel, err)
		}
	}
	now, err = s.Position(ctx, channel)
	return m.InEpoch(now), now, at, err
}

// unread returns the caller's unread messages of a channel, and all marks.
func (s *Service) unread(ctx context.Context, userID, channel string) (wire.ChatUnread, Marks, error) {
	marks, now, _, err := s.marks(ctx, channel)
	if err != nil || now.Seq == 0 {
		return wire.ChatUnread{}, Marks{}, err
	}
	out := wire.ChatUnread{ReadTo: marks.ReadTo[userID]}
	if out.ReadTo < now.Seq {
		out.Unread, out.MoreUnread, err = s.countUnread(ctx, channel, userID, out.ReadTo)
	}
	return out, marks, err
}

// Read moves the caller's mark to a seq and pushes the mark to the channel, or for an invisible
// user to its own devices alone. It returns the resulting mark.
func (s *Service) Read(ctx context.Context, c request.Call, req *wire.ChatRead) (uint64, error) {
	policy, err := s.policy(ctx, c, req.Channel)
	if err != nil {
		return 0, err
	}
	hidden, err := s.hidden(ctx, c.ID)
	if err != nil {
		return 0, err
	}
	for try := range commitAttempts {
		if err := backoff(ctx, try); err != nil {
			return 0, err
		}
		mark, err := s.tryRead(ctx, c.ID, req, policy, hidden)
		if err == nil {
			return mark, s.withdrawFromInbox(ctx, c.ID, req.Channel, "", mark)
		}
		if !errors.Is(err, stream.ErrConflict) {
			return mark, err
		}
	}
	return 0, fmt.Errorf("mark %s as read: %w", req.Channel, stream.ErrConflict)
}

// tryRead is one attempt of Read. It schedules the announcement between the load and the
// commit. Every announcement commits, so an announcement before this commit causes a conflict.
func (s *Service) tryRead(ctx context.Context, userID string, req *wire.ChatRead, p Policy, hidden bool) (uint64, error) {
	marks, now, at, err := s.marks(ctx, req.Channel)
	if err != nil {
		return 0, err
	}
	if req.Seq > now.Seq {
		return 0, wire.Invalid("seq", "nothing has this seq yet")
	}
	next, moved := marks.Read(userID, req.Seq, hidden)
	if !moved {
		return marks.ReadTo[userID], nil
	}
	id := marksID(req.Channel)
	if err := s.Deadlines.Schedule(ctx, id, s.Now().Add(announceAfter)); err != nil {
		return 0, fmt.Errorf("schedule the announcement of %s: %w", id, err)
	}
	next.KeepMs = s.retention(p).TTL.Milliseconds()
	mark := next.ReadTo[userID]
	push, err := markEvent(req.Channel, userID, mark)
	if err != nil {
		return 0, err
	}
	if err := s.commitMarks(ctx, id, at, next, push); err != nil {
		return 0, err
	}
	if hidden {
		_, err := s.users.Publish(ctx, userID, userstream.Message{
			Cause: userstream.ByServer, // its own
			Event: wire.EventChatRead, Payload: wire.ChatReadMark{Channel: req.Channel, UserID: userID, ReadTo: mark},
		})
		return mark, err
	}
	// The announcement repeats a push that fails.
	_ = s.caster.Cast(ctx, StreamID(req.Channel), push)
	return mark, nil
}

// hidden reports whether others must not see that a user types or reads.
func (s *Service) hidden(ctx context.Context, userID string) (bool, error) {
	if s.Hidden == nil {
		return false, nil
	}
	return s.Hidden(ctx, userID)
}

// commitMarks commits marks on a version of their stream.
func (s *Service) commitMarks(ctx context.Context, id stream.ID, at stream.Snapshot, m Marks, e stream.Event) error {
	doc, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode read marks: %w", err)
	}
	keep := max(time.Duration(m.KeepMs)*time.Millisecond, s.HistoryTTL)
	_, err = s.store.Commit(ctx, stream.Commit{
		Stream: id, Expect: &at.Seq, Epoch: at.Epoch, Doc: doc, Events: []stream.Event{e},
		Retain: stream.Retention{LogSize: 1, LogTTL: s.HistoryTTL, TTL: keep},
	})
	return err
}

// AnnounceMarks pushes the marks of a channel that moved since the last announcement. It is the
// handler of a deadline on any pod, so a mark is pushed although the pod that committed it
// died. It returns the time of the next announcement; zero for none.
func (s *Service) AnnounceMarks(ctx context.Context, id stream.ID) (time.Time, error) {
	channel := id.Name()
	marks, _, at, err := s.marks(ctx, channel)
	if err != nil || at.Doc == nil {
		return time.Time{}, err
	}
	seen := marks.VisibleTo("")
	for _, userID := range marks.Pending {
		push, err := markEvent(channel, userID, seen[userID])
		if err != nil {
			return time.Time{}, err
		}
		if err := s.caster.Cast(ctx, StreamID(channel), push); err != nil {
			return time.Time{}, fmt.Errorf("announce the read marks of %s: %w", channel, err)
		}
	}
	marks.Pending = nil
	err = s.commitMarks(ctx, id, at, marks, stream.Event{Name: "chat:announced", Data: json.RawMessage("{}")})
	if errors.Is(err, stream.ErrConflict) {
		return s.Now().Add(announceAfter), nil
	}
	return time.Time{}, err
}

func markEvent(channel, userID string, readTo uint64) (stream.Event, error) {
	return newEvent(wire.EventChatRead, wire.ChatReadMark{Channel: channel, UserID: userID, ReadTo: readTo})
}

// newEvent encodes an event.
func newEvent(name string, payload any) (stream.Event, error) {
	data, err := json.Marshal(payload)
	if err != nil {
		return stream.Event{}, fmt.Errorf("encode %s: %w", name, err)
	}
	return stream.Event{Name: name, Data: data}, nil
}
