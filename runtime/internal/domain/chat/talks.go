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
const DirectListKind = "talks"

const (
	// maxDirectEntries is how many direct channels the list of a user holds: see wire.ChatChannel.
	maxDirectEntries = 200
	// listPrecision is how exactly the list knows when a channel had its last message. Within it
	// further messages change no list, so that a message costs no more writes.
	listPrecision = time.Minute
	// maxRecentlyListed is how many channels a server knows to be in the lists. When there are more,
	// all are forgotten, and each costs one look at its lists again.
	maxRecentlyListed = 20_000
)

// directEntry is a direct channel in the list of a user.
type directEntry struct {
	Channel string `json:"channel"`
	// At is when it had its last message, in milliseconds since the epoch.
	At int64 `json:"at"`
	// Own says that the user wrote in it.
	Own bool `json:"own,omitempty"`
}

// directList is the list of a user, the latest first.
type directList struct {
	List []directEntry `json:"list"`
	// KeepMs is how long the list is kept after its last change.
	KeepMs int64 `json:"keepMs"`
}

// add puts a channel on top; false when it had a message a moment ago.
func (t directList) add(channel string, own bool, now time.Time, keep time.Duration) (directList, bool) {
	at := slices.IndexFunc(t.List, func(k directEntry) bool { return k.Channel == channel })
	next := directEntry{Channel: channel, At: now.UnixMilli(), Own: own}
	if at >= 0 {
		if was := t.List[at]; next.At-was.At < listPrecision.Milliseconds() && (was.Own || !own) {
			return t, false
		}
		next.At, next.Own = max(next.At, t.List[at].At), own || t.List[at].Own
	}
	list := slices.DeleteFunc(slices.Clone(t.List), func(k directEntry) bool { return k.Channel == channel })
	list = append(list, next)
	slices.SortStableFunc(list, func(a, b directEntry) int { return cmp.Or(cmp.Compare(b.At, a.At), cmp.Compare(a.Channel, b.Channel)) })
	if len(list) > maxDirectEntries {
		list = slices.Delete(list, evicted(list), evicted(list)+1)
	}
	return directList{List: list, KeepMs: max(t.KeepMs, keep.Milliseconds())}, true
}

// evicted is the talk that goes first: the one longest without a message in which the user
// never wrote, or else the one longest without a message.
func evicted(list []directEntry) int {
	for i, k := range slices.Backward(list) {
		if !k.Own {
			return i
		}
	}
	return len(list) - 1
}

func (s *Service) newDirectLists() *document.Keeper[directList] {
	return document.New(document.Kind[directList]{
		Name:     DirectListKind,
		At:       func(t directList, _ stream.Snapshot) directList { return t },
		NextLook: func(directList, time.Time) (time.Time, bool) { return time.Time{}, false },
		Retain: func(t directList) stream.Retention {
			keep := max(stream.Lasting, s.HistoryTTL, time.Duration(t.KeepMs)*time.Millisecond)
			return stream.Retention{LogSize: 1, LogTTL: s.HistoryTTL, TTL: keep}
		},
	}, s.store, s.Deadlines, s.Now)
}

// addToDirectLists puts a direct channel into the lists of its two users. It comes before a message
// is acknowledged, as its notices do.
func (s *Service) addToDirectLists(ctx context.Context, p Policy, sender, channel string) error {
	if p.Peer == "" {
		return nil
	}
	for _, of := range []struct {
		user string
		own  bool
	}{{sender, true}, {p.Peer, false}} {
		seat := channelUser{of.user, channel}
		if s.recentlyListed.contains(seat, of.own, s.Now()) {
			continue
		}
		_, err := s.directLists.Upsert(ctx, of.user, nil, directList{}, func(t directList) (directList, []stream.Event, error) {
			next, changed := t.add(channel, of.own, s.Now(), s.retention(p).TTL)
			if !changed {
				return t, nil, nil
			}
			return next, []stream.Event{{Name: "talks:changed", Data: json.RawMessage("{}")}}, nil
		})
		if err != nil {
			return fmt.Errorf("list a direct channel: %w", err)
		}
		s.recentlyListed.put(seat, of.own, s.Now())
	}
	return nil
}

// directEntries gives the direct channels of a user.
func (s *Service) directEntries(ctx context.Context, userID string) ([]directEntry, error) {
	t, err := s.directLists.Load(ctx, userID)
	if errors.Is(err, stream.ErrNotFound) {
		return nil, nil
	}
	return t.List, err
}

// recentlyListed knows which channels are in which lists since a moment ago. No right is in it.
type recentlyListed struct {
	mu    sync.Mutex
	known map[channelUser]listedAt
}

// listedAt is when a list was last seen to hold a channel, and whether as one in which the
// user wrote.
type listedAt struct {
	at  time.Time
	own bool
}

func (n *recentlyListed) contains(of channelUser, own bool, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	m, ok := n.known[of]
	return ok && now.Sub(m.at) < listPrecision && (m.own || !own)
}

func (n *recentlyListed) put(of channelUser, own bool, now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.known) >= maxRecentlyListed {
		clear(n.known)
	}
	n.known[of] = listedAt{at: now, own: own || n.known[of].own}
}
