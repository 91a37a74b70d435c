package chat

import (
	"encoding/json"
	"slices"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/text"
	"github.com/anteroom/anteroom/runtime/wire"
)

// effects are the changes of a message since it was sent.
type effects struct {
	edit      *wire.ChatEdited
	editedAt  int64
	deleted   bool
	reactions []wire.ChatReactions
}

// foldEffects returns the effects of messages by seq, from the events of the log. A deleted
// message has no later effects.
func foldEffects(records []stream.Record) map[uint64]*effects {
	effectsBySeq := map[uint64]*effects{}
	of := func(seq uint64) *effects {
		if effectsBySeq[seq] == nil {
			effectsBySeq[seq] = &effects{}
		}
		return effectsBySeq[seq]
	}
	for _, r := range records {
		switch r.Name {
		case wire.EventChatEdited:
			if e, ok := decodePayload[wire.ChatEdited](r); ok && !of(e.Seq).deleted {
				f := of(e.Seq)
				f.edit, f.editedAt = &e, r.TS
			}
		case wire.EventChatDeleted:
			if d, ok := decodePayload[wire.ChatDeleted](r); ok {
				*of(d.Seq) = effects{deleted: true}
			}
		case wire.EventChatReaction:
			if e, ok := decodePayload[wire.ChatReaction](r); ok && !of(e.Seq).deleted {
				of(e.Seq).addReaction(e)
			}
		}
	}
	return effectsBySeq
}

// decodePayload decodes the payload of a record; false for an invalid payload, which is
// ignored.
func decodePayload[P any](r stream.Record) (P, bool) {
	var p P
	err := json.Unmarshal(r.Data, &p)
	return p, err == nil
}

// addReaction applies a reaction event. A reaction without users is removed.
func (f *effects) addReaction(e wire.ChatReaction) {
	i := slices.IndexFunc(f.reactions, func(r wire.ChatReactions) bool { return text.SameReaction(r.Reaction, e.Reaction) })
	switch {
	case i < 0 && !e.Removed:
		f.reactions = append(f.reactions, wire.ChatReactions{Reaction: e.Reaction, UserIDs: []string{e.UserID}})
	case i < 0:
	case !e.Removed:
		if !slices.Contains(f.reactions[i].UserIDs, e.UserID) {
			f.reactions[i].UserIDs = append(f.reactions[i].UserIDs, e.UserID)
		}
	default:
		users := slices.DeleteFunc(f.reactions[i].UserIDs, func(id string) bool { return id == e.UserID })
		if f.reactions[i].UserIDs = users; len(users) == 0 {
			f.reactions = slices.Delete(f.reactions, i, i+1)
		}
	}
}

// currentMessage encodes a message in its current state, with the meta of its record.
func currentMessage(channel string, r stream.Record, f *effects) (json.RawMessage, error) {
	if f == nil {
		return withMeta(channel, r)
	}
	m, err := decodeMessage(r)
	if err != nil {
		return nil, err
	}
	m = f.applyTo(m)
	m.Meta = meta(channel, r.Position, r.TS)
	return json.Marshal(m)
}

// applyTo returns a message with the effects.
func (f *effects) applyTo(m wire.ChatMessage) wire.ChatMessage {
	switch {
	case f == nil:
	case f.deleted:
		m.Text, m.Data, m.Mentions, m.Deleted = "", nil, nil, true
	default:
		if f.edit != nil {
			m.Text, m.Data, m.EditedAt = f.edit.Text, f.edit.Data, f.editedAt
		}
		m.Reactions = f.reactions
	}
	return m
}
