package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/anteroom/anteroom/runtime/internal/command"
	"github.com/anteroom/anteroom/runtime/internal/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// maxMarks is how many users' read marks a channel keeps. Beyond that, the mark that
// is furthest behind is forgotten: its user has read nothing then.
const maxMarks = 256

// Marks are how far the users of a channel have read. They are kept beside its log,
// which they would fill, as the document of a stream of their own.
type Marks struct {
	// Epoch is that of the channel's stream; marks of another are worth nothing.
	Epoch  string            `json:"epoch"`
	ReadTo map[string]uint64 `json:"readTo"`
}

// Read moves a user's mark forward; false when it is there already.
func (m Marks) Read(userID string, at stream.Position) (Marks, bool) {
	if m.Epoch != at.Epoch {
		m = Marks{Epoch: at.Epoch}
	}
	if m.ReadTo[userID] >= at.Seq {
		return m, false
	}
	next := maps.Clone(m.ReadTo)
	if next == nil {
		next = map[string]uint64{}
	}
	next[userID] = at.Seq
	if len(next) > maxMarks {
		delete(next, furthestBehind(next, userID))
	}
	return Marks{Epoch: m.Epoch, ReadTo: next}, true
}

func furthestBehind(marks map[string]uint64, besides string) string {
	var last string
	for id, seq := range marks {
		if id != besides && (last == "" || seq < marks[last] || seq == marks[last] && id < last) {
			last = id
		}
	}
	return last
}

// marksID is the stream that holds the marks of a channel. Clients do not get it.
func marksID(channel string) stream.ID { return stream.ID("chatread:" + channel) }

// marks reads the marks of a channel whose stream is in an epoch.
func (s *Service) marks(ctx context.Context, channel, epoch string) (Marks, uint64, error) {
	none := Marks{Epoch: epoch}
	now, err := s.store.Load(ctx, marksID(channel))
	if errors.Is(err, stream.ErrNotFound) {
		return none, 0, nil
	}
	if err != nil {
		return none, 0, err
	}
	var m Marks
	if err := json.Unmarshal(now.Doc, &m); err != nil {
		return none, 0, fmt.Errorf("decode the read marks of %s: %w", channel, err)
	}
	if m.Epoch != epoch {
		m = none
	}
	return m, now.Seq, nil
}

// unread tells how far a user has read a channel, and gives all marks.
func (s *Service) unread(ctx context.Context, userID, channel string) (wire.ChatUnread, Marks, error) {
	at, err := s.Position(ctx, channel)
	if err != nil || at.Seq == 0 {
		return wire.ChatUnread{}, Marks{}, err
	}
	marks, _, err := s.marks(ctx, channel, at.Epoch)
	if err != nil {
		return wire.ChatUnread{}, marks, err
	}
	out := wire.ChatUnread{ReadTo: marks.ReadTo[userID]}
	if out.ReadTo < at.Seq {
		out.Unread, out.MoreUnread, err = s.countUnread(ctx, channel, userID, out.ReadTo)
	}
	return out, marks, err
}

// Read moves the caller's mark to a seq, tells those who listen, and gives the mark
// that is in force.
func (s *Service) Read(ctx context.Context, c command.Call, req *wire.ChatRead) (uint64, error) {
	policy, err := s.policy(ctx, c, req.Channel)
	if err != nil {
		return 0, err
	}
	now, err := s.Position(ctx, req.Channel)
	if err != nil {
		return 0, err
	}
	if req.Seq > now.Seq {
		return 0, wire.Invalid("seq", "nothing has this seq yet")
	}
	to := stream.Position{Epoch: now.Epoch, Seq: req.Seq}
	for try := range tries {
		if err := wait(ctx, try); err != nil {
			return 0, err
		}
		mark, err := s.mark(ctx, c.ID, req.Channel, to, policy)
		if !errors.Is(err, stream.ErrConflict) {
			return mark, err
		}
	}
	return 0, fmt.Errorf("mark %s as read: %w", req.Channel, stream.ErrConflict)
}

// mark is one try of Read.
func (s *Service) mark(ctx context.Context, userID, channel string, to stream.Position, p Policy) (uint64, error) {
	marks, at, err := s.marks(ctx, channel, to.Epoch)
	if err != nil {
		return 0, err
	}
	next, moved := marks.Read(userID, to)
	if !moved {
		return marks.ReadTo[userID], nil
	}
	doc, err := json.Marshal(next)
	if err != nil {
		return 0, fmt.Errorf("encode read marks: %w", err)
	}
	told, err := event(wire.EventChatRead, wire.ChatReadMark{Channel: channel, UserID: userID, ReadTo: to.Seq})
	if err != nil {
		return 0, err
	}
	retain := s.retain(p)
	retain.LogSize = 1
	_, err = s.store.Commit(ctx, stream.Commit{
		Stream: marksID(channel), Expect: &at, Doc: doc, Events: []stream.Event{told}, Retain: retain,
	})
	if err == nil {
		// A mark that is not told is stored all the same, and the next one is told.
		_ = s.caster.Cast(ctx, StreamID(channel), told)
	}
	return to.Seq, err
}

// event encodes an event.
func event(name string, payload any) (stream.Event, error) {
	data, err := json.Marshal(payload)
	if err != nil {
		return stream.Event{}, fmt.Errorf("encode %s: %w", name, err)
	}
	return stream.Event{Name: name, Data: data}, nil
}
