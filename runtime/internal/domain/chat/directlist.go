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

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/anteroom/anteroom/runtime/internal/core/document"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// DirectListKind is the kind of the streams that hold the lists of users' direct channels.
// Clients cannot subscribe to them.
const DirectListKind = "talks"

const (
	// maxDirectEntries bounds the direct channels in the list of a user: see wire.ChatChannel.
	maxDirectEntries = 200
	// listPrecision is the precision of a channel's time in a list. Within it, further messages
	// of the channel write no list.
	listPrecision = time.Minute
	// maxRecentlyListed bounds the entries that a server remembers to be in lists. Beyond it
	// the least recently used entry is evicted, and its next message reads the list again.
	maxRecentlyListed = 20_000
)

// directEntry is a direct channel in the list of a user.
type directEntry struct {
	Channel string `json:"channel"`
	// At is the time of its last message, in milliseconds since the epoch.
	At int64 `json:"at"`
	// Own reports whether the user wrote in the channel.
	Own bool `json:"own,omitempty"`
}

// directList is the list of a user, the latest channel first.
type directList struct {
	List []directEntry `json:"list"`
	// KeepMs is how long the list is kept after its last change.
	KeepMs int64 `json:"keepMs"`
}

// add moves a channel to the top; false when its time is up to date within listPrecision.
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

// evicted returns the index of the entry to evict: the oldest entry in which the user never
// wrote, or else the oldest entry.
func evicted(list []directEntry) int {
	for i, k := range slices.Backward(list) {
		if !k.Own {
			return i
		}
	}
	return len(list) - 1
}

func (s *Service) newDirectLists() *document.Repository[directList] {
	return document.New(document.Type[directList]{
		Name:         DirectListKind,
		At:           func(t directList, _ stream.Snapshot) directList { return t },
		NextDeadline: func(directList, time.Time) (time.Time, bool) { return time.Time{}, false },
		Retain: func(t directList) stream.Retention {
			keep := max(stream.Lasting, s.HistoryTTL, time.Duration(t.KeepMs)*time.Millisecond)
			return stream.Retention{LogSize: 1, LogTTL: s.HistoryTTL, TTL: keep}
		},
	}, s.store, s.Deadlines, s.Now)
}

// addToDirectLists adds a direct channel to the lists of its two users, before the message is
// acknowledged.
func (s *Service) addToDirectLists(ctx context.Context, p Policy, sender, channel string) error {
	if p.Peer == "" {
		return nil
	}
	for _, of := range []struct {
		user string
		own  bool
	}{{sender, true}, {p.Peer, false}} {
		key := channelUser{of.user, channel}
		if s.recentlyListed.contains(key, of.own, s.Now()) {
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
			return fmt.Errorf("add a channel to a direct list: %w", err)
		}
		s.recentlyListed.put(key, of.own, s.Now())
	}
	return nil
}

// directEntries returns the direct channels of a user.
func (s *Service) directEntries(ctx context.Context, userID string) ([]directEntry, error) {
	t, err := s.directLists.Load(ctx, userID)
	if errors.Is(err, stream.ErrNotFound) {
		return nil, nil
	}
	return t.List, err
}

// recentlyListed remembers which channels were added to which lists within listPrecision. It
// holds no rights.
type recentlyListed struct {
	mu     sync.Mutex
	recent *simplelru.LRU[channelUser, listedAt]
}

// listedAt is the time at which a list had a channel. own reports whether the entry says that
// the user wrote in the channel.
type listedAt struct {
	at  time.Time
	own bool
}

func newRecentlyListed() *recentlyListed {
	return &recentlyListed{recent: newLRU[channelUser, listedAt](maxRecentlyListed)}
}

func (r *recentlyListed) contains(key channelUser, own bool, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	l, ok := r.recent.Get(key)
	return ok && now.Sub(l.at) < listPrecision && (l.own || !own)
}

func (r *recentlyListed) put(key channelUser, own bool, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	was, _ := r.recent.Peek(key)
	r.recent.Add(key, listedAt{at: now, own: own || was.own})
}
