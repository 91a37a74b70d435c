package chat

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// The bounds of a page of channels. For each channel of a page the newest listChunk events
// are read, parallelReads channels concurrently.
const (
	defaultChannels = 20
	listChunk       = 50
	parallelReads   = 8
)

// Channels returns a page of the caller's channels.
func (s *Service) Channels(ctx context.Context, caller request.Caller, req *wire.ChatChannels) (wire.ChatChannelPage, error) {
	after, err := readCursor(req.Cursor)
	if err != nil {
		return wire.ChatChannelPage{}, err
	}
	all, err := s.listChannels(ctx, caller)
	if err != nil {
		return wire.ChatChannelPage{}, err
	}
	all = slices.DeleteFunc(all, func(e channelEntry) bool { return e.compare(after) <= 0 })
	limit := req.Limit
	if limit == 0 {
		limit = defaultChannels
	}
	page := wire.ChatChannelPage{Channels: []wire.ChatChannel{}}
	if len(all) > limit {
		all = all[:limit]
		page.Cursor = all[limit-1].cursor()
	}
	found := make([]*wire.ChatChannel, len(all))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallelReads)
	for i, e := range all {
		group.Go(func() (err error) {
			found[i], err = s.channel(ctx, caller, e.channel)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return wire.ChatChannelPage{}, err
	}
	for _, c := range found {
		if c != nil {
			page.Channels = append(page.Channels, *c)
		}
	}
	return page, nil
}

// channelEntry is a channel in the list of a caller: first the channels that are not direct, by
// name, then the direct channels, the latest first.
type channelEntry struct {
	direct  bool
	at      int64
	channel string
}

// compare is negative when e comes before another entry.
func (e channelEntry) compare(o channelEntry) int {
	switch {
	case e.direct != o.direct && o.direct:
		return -1
	case e.direct != o.direct:
		return 1
	case e.at > o.at:
		return -1
	case e.at < o.at:
		return 1
	}
	return strings.Compare(e.channel, o.channel)
}

// listChannels lists the caller's channels.
func (s *Service) listChannels(ctx context.Context, caller request.Caller) ([]channelEntry, error) {
	var all []channelEntry
	if s.MemberChannels != nil {
		names, err := s.MemberChannels(ctx, caller)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			all = append(all, channelEntry{channel: name})
		}
	}
	direct, err := s.directEntries(ctx, caller.ID)
	if err != nil {
		return nil, err
	}
	for _, t := range direct {
		all = append(all, channelEntry{direct: true, at: t.At, channel: t.Channel})
	}
	slices.SortFunc(all, channelEntry.compare)
	return all, nil
}

// channel reads a channel for the list; nil when the caller may not use it.
func (s *Service) channel(ctx context.Context, caller request.Caller, name string) (*wire.ChatChannel, error) {
	policy, err := s.access.Channel(ctx, caller, name)
	if isRefusal(err) || err == nil && !policy.Enabled {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	marks, _, _, err := s.marks(ctx, name)
	if err != nil {
		return nil, err
	}
	page, err := s.store.Page(ctx, StreamID(name), stream.PageQuery{Limit: listChunk})
	if err != nil && !errors.Is(err, stream.ErrNotFound) {
		return nil, err
	}
	out := &wire.ChatChannel{Channel: name, Peer: policy.Peer, Last: lastMessage(page.Records)}
	out.ReadTo = marks.ReadTo[caller.ID]
	out.Unread, out.MoreUnread = unreadIn(page, caller.ID, out.ReadTo)
	return out, nil
}

// lastMessage returns the last message of some records; nil for none.
func lastMessage(records []stream.Record) *wire.ChatLast {
	effectsBySeq := foldEffects(records)
	for _, r := range slices.Backward(records) {
		if r.Name != wire.EventChatMessage {
			continue
		}
		m, err := decodeMessage(r)
		if err != nil {
			return nil
		}
		m = effectsBySeq[r.Seq].applyTo(m)
		return &wire.ChatLast{Seq: r.Seq, TS: r.TS, ID: m.ID, UserID: m.UserID, Text: excerpt(m.Text)}
	}
	return nil
}

// cursor encodes an entry for clients.
func (e channelEntry) cursor() string {
	return fmt.Sprintf("%t %d %s", e.direct, e.at, e.channel)
}

// readCursor decodes the entry of a cursor; for "" an entry before all others.
func readCursor(cursor string) (channelEntry, error) {
	if cursor == "" {
		return channelEntry{}, nil
	}
	parts := strings.SplitN(cursor, " ", 3)
	if len(parts) != 3 {
		return channelEntry{}, wire.Invalid("cursor", "this is not a cursor")
	}
	direct, err1 := strconv.ParseBool(parts[0])
	at, err2 := strconv.ParseInt(parts[1], 10, 64)
	if err1 != nil || err2 != nil {
		return channelEntry{}, wire.Invalid("cursor", "this is not a cursor")
	}
	return channelEntry{direct: direct, at: at, channel: parts[2]}, nil
}
