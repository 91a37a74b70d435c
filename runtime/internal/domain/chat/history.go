package chat

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// History reads a page of messages in their current state.
func (s *Service) History(ctx context.Context, caller request.Caller, req *wire.ChatHistory) (wire.ChatPage, error) {
	limit, err := pageLimit(req.Limit)
	if err != nil {
		return wire.ChatPage{}, err
	}
	if req.Before > 0 && req.After != nil {
		return wire.ChatPage{}, wire.Invalid("after", "give either before or after")
	}
	policy, err := s.Authorize(ctx, caller, req.Channel)
	if err != nil || policy.HistorySize <= 0 {
		return wire.ChatPage{Messages: []json.RawMessage{}}, err
	}
	records, err := s.readBack(ctx, req.Channel, enoughFor(req, limit))
	if err != nil {
		return wire.ChatPage{}, err
	}
	out, err := page(req, limit, records)
	if err != nil {
		return wire.ChatPage{}, err
	}
	out.ChatUnread, _, err = s.unread(ctx, caller.ID, req.Channel)
	return out, err
}

// enoughFor returns a condition for readBack: the records reach the cursor, or have one message
// more than the limit.
func enoughFor(req *wire.ChatHistory, limit int) func([]stream.Record) bool {
	if req.After != nil {
		return reachesBackTo(*req.After + 1)
	}
	return func(records []stream.Record) bool { return len(messages(req, records)) > limit }
}

// messages returns the messages on the requested side of the cursor.
func messages(req *wire.ChatHistory, records []stream.Record) []stream.Record {
	var out []stream.Record
	var after uint64
	if req.After != nil {
		after = *req.After
	}
	for _, r := range records {
		if r.Name == wire.EventChatMessage && r.Seq > after && (req.Before == 0 || r.Seq < req.Before) {
			out = append(out, r)
		}
	}
	return out
}

// page makes a page of the end of a log.
func page(req *wire.ChatHistory, limit int, records []stream.Record) (wire.ChatPage, error) {
	found := messages(req, records)
	out := wire.ChatPage{HasMore: len(found) > limit, Messages: make([]json.RawMessage, 0, min(len(found), limit))}
	switch {
	case !out.HasMore:
	case req.After != nil:
		found = found[:limit]
	default:
		found = found[len(found)-limit:]
	}
	effectsBySeq := foldEffects(records)
	for _, r := range found {
		m, err := currentMessage(req.Channel, r, effectsBySeq[r.Seq])
		if err != nil {
			return wire.ChatPage{}, err
		}
		out.Messages = append(out.Messages, m)
	}
	return out, nil
}

// countUnread counts the messages of others after a mark; more reports that the count is a
// lower bound.
func (s *Service) countUnread(ctx context.Context, channel, userID string, mark uint64) (int, bool, error) {
	page, err := s.store.Page(ctx, StreamID(channel), stream.PageQuery{Limit: firstChunk})
	if err != nil {
		return 0, false, err
	}
	count, more := unreadIn(page, userID, mark)
	return count, more, nil
}

// unreadIn counts the messages of others after a mark in the end of a log; more reports that
// there may be more before that end.
func unreadIn(page stream.Page, userID string, mark uint64) (count int, more bool) {
	effectsBySeq := foldEffects(page.Records)
	for _, r := range page.Records {
		if r.Seq <= mark || r.Name != wire.EventChatMessage || effectsBySeq[r.Seq] != nil && effectsBySeq[r.Seq].deleted {
			continue
		}
		if m, err := decodeMessage(r); err == nil && m.UserID != userID {
			count++
		}
	}
	first := slices.IndexFunc(page.Records, func(r stream.Record) bool { return r.Seq <= mark+1 })
	return count, page.More && first < 0
}
