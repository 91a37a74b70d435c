package chat

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/document"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// TalksKind is the kind of the streams that hold the lists of users' direct channels.
// Clients cannot follow them.
const TalksKind = "talks"

const (
	// maxTalks is how many direct channels the list of a user holds: see wire.ChatChannel.
	maxTalks = 200
	// talkEvery is how exactly the list knows when a channel had its last message. Within it
	// further messages change no list, so that a message costs no more writes.
	talkEvery = time.Minute
	// maxNoted is how many channels a server knows to be in the lists. When there are more,
	// all are forgotten, and each costs one look at its lists again.
	maxNoted = 20_000
)

// talk is a direct channel in the list of a user.
type talk struct {
	Channel string `json:"channel"`
	// At is when it had its last message, in milliseconds since the epoch.
	At int64 `json:"at"`
	// Own says that the user wrote in it.
	Own bool `json:"own,omitempty"`
}

// talks is the list of a user, the latest first.
type talks struct {
	List []talk `json:"list"`
	// KeepMs is how long the list is kept after its last change.
	KeepMs int64 `json:"keepMs"`
}

// note puts a channel on top; false when it had a message a moment ago.
func (t talks) note(channel string, own bool, now time.Time, keep time.Duration) (talks, bool) {
	at := slices.IndexFunc(t.List, func(k talk) bool { return k.Channel == channel })
	next := talk{Channel: channel, At: now.UnixMilli(), Own: own}
	if at >= 0 {
		if was := t.List[at]; next.At-was.At < talkEvery.Milliseconds() && (was.Own || !own) {
			return t, false
		}
		next.At, next.Own = max(next.At, t.List[at].At), own || t.List[at].Own
	}
	list := slices.DeleteFunc(slices.Clone(t.List), func(k talk) bool { return k.Channel == channel })
	list = append(list, next)
	slices.SortStableFunc(list, func(a, b talk) int { return cmp.Or(cmp.Compare(b.At, a.At), cmp.Compare(a.Channel, b.Channel)) })
	if len(list) > maxTalks {
		list = slices.Delete(list, last(list), last(list)+1)
	}
	return talks{List: list, KeepMs: max(t.KeepMs, keep.Milliseconds())}, true
}

// last is the talk that goes first: the one longest without a message in which the user
// never wrote, or else the one longest without a message.
func last(list []talk) int {
	for i, k := range slices.Backward(list) {
		if !k.Own {
			return i
		}
	}
	return len(list) - 1
}

func (s *Service) newTalks() *document.Keeper[talks] {
	return document.New(document.Kind[talks]{
		Name:     TalksKind,
		At:       func(t talks, _ stream.Snapshot) talks { return t },
		NextLook: func(talks, time.Time) (time.Time, bool) { return time.Time{}, false },
		Retain: func(t talks) stream.Retention {
			keep := max(stream.Lasting, s.HistoryTTL, time.Duration(t.KeepMs)*time.Millisecond)
			return stream.Retention{LogSize: 1, LogTTL: s.HistoryTTL, TTL: keep}
		},
	}, s.store, s.Deadlines, s.Now)
}

// noteTalk puts a direct channel into the lists of its two users. It comes before a message
// is acknowledged, as its notices do.
func (s *Service) noteTalk(ctx context.Context, p Policy, sender, channel string) error {
	if p.Peer == "" {
		return nil
	}
	for _, of := range []struct {
		user string
		own  bool
	}{{sender, true}, {p.Peer, false}} {
		seat := seat{of.user, channel}
		if s.noted.lately(seat, of.own, s.Now()) {
			continue
		}
		_, err := s.talks.Upsert(ctx, of.user, nil, talks{}, func(t talks) (talks, []stream.Event, error) {
			next, changed := t.note(channel, of.own, s.Now(), s.retain(p).TTL)
			if !changed {
				return t, nil, nil
			}
			return next, []stream.Event{{Name: "talks:changed", Data: json.RawMessage("{}")}}, nil
		})
		if err != nil {
			return fmt.Errorf("list a direct channel: %w", err)
		}
		s.noted.put(seat, of.own, s.Now())
	}
	return nil
}

// listed gives the direct channels of a user.
func (s *Service) listed(ctx context.Context, userID string) ([]talk, error) {
	t, err := s.talks.Load(ctx, userID)
	if errors.Is(err, stream.ErrNotFound) {
		return nil, nil
	}
	return t.List, err
}

// noted knows which channels are in which lists since a moment ago. No right is in it.
type noted struct {
	mu    sync.Mutex
	known map[seat]mention
}

// mention is when a list was last seen to hold a channel, and whether as one in which the
// user wrote.
type mention struct {
	at  time.Time
	own bool
}

func (n *noted) lately(of seat, own bool, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	m, ok := n.known[of]
	return ok && now.Sub(m.at) < talkEvery && (m.own || !own)
}

func (n *noted) put(of seat, own bool, now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.known) >= maxNoted {
		clear(n.known)
	}
	n.known[of] = mention{at: now, own: own || n.known[of].own}
}
